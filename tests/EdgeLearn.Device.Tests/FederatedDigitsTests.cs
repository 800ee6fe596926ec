using EdgeLearn.Device;
using EdgeLearn.Protocol;
using Xunit;

namespace EdgeLearn.Tests;

/// <summary>Whole rounds on real data over real sockets: two agents, each with its own share of the bundled digits.</summary>
public sealed class FederatedDigitsTests
{
    const int Boards = 2;

    [Theory]
    [InlineData(Codec.Float32, 4, 0.85)]
    [InlineData(Codec.SignVote, 4, 0.80)]
    [Trait("speed", "slow")]
    public async Task Rounds_of_tpsgd_learn_the_digits(Codec codec, int rounds, double expected)
    {
        var (before, after, bytesUp) = await RunAsync(codec, rounds);
        Assert.InRange(before, 0, 0.3);
        Assert.InRange(after, expected, 1);
        using var digits = new Digits();
        using var model = ModelFile.Load(digits.NewModel(), "start");
        int weights = model.Network.Parameters.Length;
        // One bit a weight in place of 32, and the rest of the report.
        Assert.InRange(bytesUp, 1, codec == Codec.Float32 ? (weights * 4) + 1000 : (weights / 8) + 1000);
    }

    [Fact]
    [Trait("speed", "slow")]
    public async Task Rounds_of_zeroth_order_send_records_alone_and_lower_the_loss()
    {
        var (before, after, bytesUp) = await RunAsync(Codec.ZerothOrder, 3);
        Assert.True(after > before, $"{before} -> {after}");
        Assert.InRange(bytesUp, 1, 8 + (40 * 2 * 12) + 1000);
    }

    /// <summary>Accuracy before and after, and the bytes of one board's largest report.</summary>
    static async Task<(double Before, double After, int ReportBytes)> RunAsync(Codec codec, int rounds)
    {
        await using var hub = await FakeHub.StartAsync();
        using var temporary = new TemporaryFolder();
        using var digits = new Digits();
        byte[] model = digits.NewModel();
        double before = digits.Accuracy(model);
        var push = hub.Script.Push(model, 1);
        string[] tokens = [.. Enumerable.Range(0, Boards).Select(_ => hub.NewToken())];
        int largest = 0;
        for (int round = 1; round <= rounds; round++)
        {
            var baseOffer = hub.Script.Offer!;
            var reports = new List<(ulong, ulong, byte[])>();
            TrainTask task = null!;
            for (int board = 0; board < Boards; board++)
            {
                hub.Script.Task = task = Digits.Task(codec, (ulong)round);
                task.Base = baseOffer;
                var share = new DataShare { Part = board + 1, PartCount = Boards, Alpha = 1, Seed = 3 };
                using var stop = new CancellationTokenSource(TimeSpan.FromMinutes(2));
                var options = AgentRun.Options(temporary[$"board-{board}"], tokens[board]) with { Data = digits.Train, Share = share };
                var run = await DeviceAgent.RunAsync(options, stop.Token);
                Assert.Equal((1, 0), (run.RoundsAccepted, run.RoundsRefused));
                var (_, header, content, _) = hub.Script.Counted[task.Attempt];
                largest = Math.Max(largest, content.Length + 300);
                reports.Add((header.Device, header.ExampleCount, content));
            }

            model = Digits.Aggregate(model, task, reports);
            var successor = hub.Fleet.Successor(model, (ulong)round + 1, push, (ulong)round);
            hub.Script.Artefacts[successor.Digest] = model;
            hub.Script.Offer = hub.Fleet.Offer(successor, push);
            hub.Script.NewestVersion = successor.Version;
        }

        return (before, digits.Accuracy(model), largest);
    }
}
