using EdgeLearn.Device;
using EdgeLearn.Hub;
using EdgeLearn.Protocol;
using Xunit;

namespace EdgeLearn.Tests;

/// <summary>Whole rounds on real data: the real hub and two agents, each with its own share of the bundled digits.</summary>
public sealed class FederatedDigitsTests
{
    static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(Codec.Float32, 4, 0.85)]
    [InlineData(Codec.SignVote, 4, 0.75)]
    [Trait("speed", "slow")]
    public async Task Rounds_of_tpsgd_learn_the_digits(Codec codec, int rounds, double expected)
    {
        var (views, weights) = await RunAsync(codec, rounds);
        Assert.InRange(views[^1].Accuracy, expected, 1);
        ulong content = codec == Codec.Float32 ? (ulong)weights * 4 : (4 * 4) + (((ulong)weights + 7) / 8);
        Assert.All(views, view => Assert.Equal(2 * content, view.UpdateBytesUp));
    }

    [Fact]
    [Trait("speed", "slow")]
    public async Task Rounds_of_zeroth_order_send_records_alone_and_lower_the_loss()
    {
        var (views, _) = await RunAsync(Codec.ZerothOrder, 3);
        Assert.True(views[2].Loss < views[0].Loss, $"{views[0].Loss} -> {views[2].Loss}");
        Assert.All(views, view => Assert.Equal(2UL * (8 + (40 * 2 * 12)), view.UpdateBytesUp));
    }

    [Fact]
    [Trait("speed", "slow")]
    public async Task The_hub_revokes_an_agent_that_runs()
    {
        using var temporary = new TemporaryFolder();
        using var digits = new Digits();
        await using var hub = await FleetHub.StartAsync(Options(temporary["hub"]), Stop);
        using var operatorClient = hub.ConnectOperator();
        var token = await operatorClient.CreateTokenAsync(cancel: Stop);
        var running = RunBoard(temporary["board"], token.Token, digits, 1, limit: 0);
        IReadOnlyList<DeviceView> devices;
        while ((devices = await operatorClient.ListDevicesAsync(cancel: Stop)).Count == 0) await Task.Delay(20, Stop);
        await operatorClient.RevokeDeviceAsync(devices[0].DeviceId, "lost", Stop);
        var e = await Assert.ThrowsAsync<EdgeLearnException>(() => running);
        Assert.Contains("was revoked: lost", e.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', e.Message);
    }

    static async Task<(List<RoundView> Rounds, int Weights)> RunAsync(Codec codec, int rounds)
    {
        using var temporary = new TemporaryFolder();
        using var digits = new Digits();
        byte[] model = digits.NewModel();
        File.WriteAllBytes(temporary["model"], model);
        await using var hub = await FleetHub.StartAsync(
            Options(temporary["hub"]) with { Evaluate = model => new ModelTest(digits.Evaluate(model), null) }, Stop);
        using var operatorClient = hub.ConnectOperator();
        await operatorClient.PushAsync(temporary["model"], cancel: Stop);
        var boards = new List<Task<DeviceRun>>();
        for (int part = 1; part <= 2; part++)
        {
            var token = await operatorClient.CreateTokenAsync(cancel: Stop);
            boards.Add(RunBoard(temporary[$"board-{part}"], token.Token, digits, part, limit: rounds));
        }

        var views = new List<RoundView>();
        for (int round = 1; round <= rounds; round++)
        {
            var request = new RunRoundRequest
            {
                Codec = codec,
                Training = Digits.Task(codec).Training,
                ExpectedDevices = 2,
                MinimumReports = 2,
                DeadlineMs = 3_600_000,
            };
            var opened = await operatorClient.RunRoundAsync(request, Stop);
            var view = await operatorClient.WaitForRoundAsync(opened.Round, Stop);
            Assert.Equal(RoundView.Types.State.Committed, view.State);
            Assert.Equal(2U, view.Accepted);
            views.Add(view);
        }

        foreach (var run in await Task.WhenAll(boards)) Assert.Equal((rounds, 0), (run.RoundsAccepted, run.RoundsRefused));
        foreach (var telemetry in await operatorClient.ListTelemetryAsync(round: views[0].Round, cancel: Stop))
        {
            Assert.True(telemetry.Telemetry is { HasLoss: true, HasAccuracy: true, HasRssBytes: true, HasStepMs: true });
            Assert.True(telemetry.Telemetry.BytesUp > 0 && telemetry.Telemetry.BytesDown > 0);
        }

        using var read = ModelFile.Load(model, "start");
        return (views, read.Network.Parameters.Length);
    }

    static HubOptions Options(string folder)
        => new() { Folder = folder, BusyInterval = TimeSpan.FromMilliseconds(20), IdleInterval = TimeSpan.FromMilliseconds(50) };

    static Task<DeviceRun> RunBoard(string folder, string token, Digits digits, int part, int limit)
    {
        var options = AgentRun.Options(folder, token) with
        {
            Data = new FixedBoardData(digits.Train),
            Share = new DataShare { Part = part, PartCount = 2, Alpha = 1, Seed = 3 },
            ExitWhenDone = false,
            RoundLimit = limit,
            PollInterval = null,
        };
        return Task.Run(() => DeviceAgent.RunAsync(options, Stop), Stop);
    }
}
