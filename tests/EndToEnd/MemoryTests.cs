using System.Globalization;
using System.Security.Cryptography;
using System.Text.RegularExpressions;
using Xunit;

namespace EdgeLearn.Tests;

/// <summary>
/// What the agent takes as a process, beside what it plans. What <c>plan</c> says fits, fits: a model of any size is trained, saved,
/// checkpointed, resumed, evaluated, exported and imported, and goes through a round.
/// </summary>
public sealed partial class MemoryTests(ITestOutputHelper output) : IDisposable
{
    readonly string _folder = Directory.CreateTempSubdirectory("edgelearn-memory-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void Training_on_a_file_takes_4_megabytes_of_its_own_and_19_in_all_beyond_the_plan()
    {
        var (planned, memory) = Train("--data", "digits", "--epochs", "2");
        Assert.InRange(memory.AnonymousBytes, 1, Agent.AtMost(planned + 4_000_000));
        Assert.InRange(memory.ResidentBytes, 1, Agent.AtMost(planned + 19_000_000));
    }

    [Fact]
    public void A_model_of_16_megabytes_goes_every_way() => GoEveryWay(2000);

    [Fact]
    [Trait("speed", "slow")]
    public void A_model_of_64_megabytes_goes_every_way() => GoEveryWay(4000);

    void GoEveryWay(int units)
    {
        File.WriteAllLines(PathOf("train.csv"), [
            "a,b,c,d,class", .. Enumerable.Range(0, 24).Select(i => $"{i % 3},{i % 5},{i % 7},{i % 2},{i % 3}"),
        ]);
        string network = $"4-{units}-{units}-3";
        string[] training = ["--data", "train.csv", "--network", network, "--rule", "frozen", "--update", "sgd", "--steps", "2"];
        var (planned, memory) = Train([.. training, "--save", "a", "--checkpoint", "run"]);
        long limit = Agent.AtMost(planned + 21_000_000);
        Assert.InRange(memory.ResidentBytes, 1, limit);
        Assert.InRange(new FileInfo(PathOf("a")).Length, 4L * units * units, 5L * units * units);
        string[][] ways =
        [
            ["train", .. training, "--save", "b", "--checkpoint", "run", "--resume"],
            ["evaluate", "--data", "train.csv", "--model", "a"],
            ["model", "export", "a", "--output", "state"],
            ["model", "import", "state", "--network", network, "--output", "c"],
            ["model", "export", "c", "--output", "again"],
        ];
        foreach (string[] way in ways) Assert.InRange(Watch(way).Memory.ResidentBytes, 1, limit);
        Assert.Equal(Digest("a"), Digest("b"));
        Assert.Equal(Digest("state"), Digest("again"));
    }

    [Fact]
    public void A_model_of_16_megabytes_goes_through_a_round() => GoThroughARound(2000);

    [Fact]
    [Trait("speed", "slow")]
    public void A_model_of_64_megabytes_goes_through_a_round() => GoThroughARound(4000);

    void GoThroughARound(int units)
    {
        string network = $"64-{units}-{units}-10";
        string[] round = ["--rule", "frozen", "--update", "sgd", "--steps", "2"];
        var (planned, _) = Train(["--data", "digits", "--network", network, .. round, "--save", "first"]);
        using var fleet = new FleetOfProcesses();
        var board = fleet.StartBoard("board-1", "--token", fleet.Token(), "--rounds", "1");
        board.WaitForError("enrolled");
        using var push = fleet.StartCli("push", PathOf("first"));
        Assert.Equal(0, push.WaitForExit().ExitCode);
        using var operate = fleet.StartCli(["round", "run", "--rounds", "1", .. round, "--json"]);
        var (run, memory) = board.Watch();
        Say("run", planned, memory);
        Assert.True(run.ExitCode == 0, run.Error);
        Assert.Contains("the update counts", run.Error, StringComparison.Ordinal);
        Assert.Contains("\"committed\"", operate.WaitForExit().Output, StringComparison.Ordinal);
        Assert.InRange(memory.ResidentBytes, 1, Agent.AtMost(planned + 21_000_000));
    }

    (long Planned, PeakMemory Memory) Train(params string[] arguments)
    {
        var (run, memory) = Watch(["train", .. arguments]);
        long planned = long.Parse(Planned().Match(run.Error).Groups[1].Value, NumberStyles.AllowThousands, CultureInfo.InvariantCulture);
        Say("train", planned, memory);
        return (planned, memory);
    }

    (Run Run, PeakMemory Memory) Watch(params string[] arguments)
    {
        var (run, memory) = Agent.Watch(_folder, arguments);
        Assert.True(run.ExitCode == 0, $"{string.Join(' ', arguments)}: {run.Error}");
        return (run, memory);
    }

    void Say(string what, long planned, PeakMemory memory)
        => output.WriteLine($"{what}: planned {planned:N0}, anonymous {memory.AnonymousBytes:N0}, resident {memory.ResidentBytes:N0}");

    string PathOf(string name) => Path.Combine(_folder, name);

    string Digest(string name)
    {
        using var file = File.OpenRead(PathOf(name));
        return Convert.ToHexString(SHA256.HashData(file));
    }

    [GeneratedRegex(@"^memory planned: ([\d,]+) bytes", RegexOptions.Multiline)]
    private static partial Regex Planned();
}
