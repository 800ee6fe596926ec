using System.Net;
using System.Net.Sockets;
using EdgeLearn.Hub;
using EdgeLearn.Protocol;

namespace EdgeLearn.Tests;

public sealed class FleetHubTests
{
    static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_port_that_is_taken_is_one_line()
    {
        using TcpListener taken = new(IPAddress.Loopback, 0);
        taken.Start();
        int port = ((IPEndPoint)taken.LocalEndpoint).Port;
        string folder = TestFleet.NewFolder();
        var e =
            await Assert.ThrowsAsync<EdgeLearnException>(() =>
            FleetHub.StartAsync(new HubOptions { Folder = folder, Port = port }, Cancel));
        Assert.Contains($"port {port}", e.Message);
        Assert.DoesNotContain('\n', e.Message);
        // The folder is free again.
        await using (var hub = await FleetHub.StartAsync(new HubOptions { Folder = folder }, Cancel))
            Assert.NotEqual(0, new Uri(hub.Address).Port);
        Directory.Delete(folder, recursive: true);
    }

    [Fact]
    public async Task A_folder_has_one_hub_and_a_file_is_no_folder()
    {
        await using var fleet = await TestFleet.StartAsync();
        Assert.Contains("another hub",
            (await Assert.ThrowsAsync<EdgeLearnException>(() =>
            FleetHub.StartAsync(new HubOptions { Folder = fleet.Folder }, Cancel))).Message);
        string file = Path.Combine(fleet.Folder, "fleet.db");
        await Assert.ThrowsAsync<EdgeLearnException>(() => FleetHub.StartAsync(new HubOptions { Folder = file }, Cancel));
        await fleet.Operator.GetFleetAsync(Cancel);
    }

    [Fact]
    public async Task A_lock_file_that_cannot_be_opened_is_not_taken_for_another_hub()
    {
        string folder = TestFleet.NewFolder();
        Directory.CreateDirectory(Path.Combine(folder, "lock"));  // a folder in its place: no process holds it
        var e =
            await Assert.ThrowsAsync<EdgeLearnException>(() => FleetHub.StartAsync(new HubOptions { Folder = folder }, Cancel));
        Assert.DoesNotContain("another hub", e.Message);
        Assert.Contains("cannot be used", e.Message);
        Assert.DoesNotContain('\n', e.Message);
        Directory.Delete(folder, recursive: true);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(4096)]
    public async Task A_damaged_database_is_one_line_that_says_what_to_do(int from)
    {
        string folder;
        await using (var fleet = await TestFleet.StartAsync())
        {
            folder = fleet.Folder + "-damaged";
            fleet.Operator.Dispose();
            await fleet.Hub.StopAsync();
            Directory.Move(fleet.Folder, folder);
            Directory.CreateDirectory(fleet.Folder);
        }
        string path = Path.Combine(folder, "fleet.db");
        byte[] bytes = await File.ReadAllBytesAsync(path, Cancel);
        bytes.AsSpan(from).Fill(0x5A);
        await File.WriteAllBytesAsync(path, bytes, Cancel);
        var e =
            await Assert.ThrowsAsync<EdgeLearnException>(() => FleetHub.StartAsync(new HubOptions { Folder = folder }, Cancel));
        Assert.Contains("fleet.db", e.Message);
        Assert.Contains("new fleet in an empty folder", e.Message);
        Assert.DoesNotContain('\n', e.Message);
        Assert.Equal(bytes, await File.ReadAllBytesAsync(path, Cancel));
        Directory.Delete(folder, recursive: true);
    }

    [Fact]
    public async Task Open_rounds_go_on_before_the_first_call_can_come()
    {
        string folder = TestFleet.NewFolder();
        List<bool> reachable = [];
        int port = 0;
        await using (var fleet = await TestFleet.StartAsync(folder: folder))
        {
            await fleet.PushAsync(TestFleet.ModelBytes());
            await fleet.AddBoardAsync();
            var opened = await fleet.Operator.RunRoundAsync(TestFleet.RoundOf(), Cancel);
            port = new Uri(fleet.Hub.Address).Port;
            fleet.Operator.Dispose();
            await fleet.Hub.StopAsync();
            var options = fleet.Options with { Port = port, Log = line => Note(line, $"round {opened.Round} goes on") };
            await using var again = await FleetHub.StartAsync(options, Cancel);
            using var client = again.ConnectOperator();
            Assert.Equal(RoundView.Types.State.Open, (await client.GetRoundAsync(opened.Round, Cancel)).State);
            Assert.StartsWith(again.Address, EnrolmentToken.Parse((await client.CreateTokenAsync(cancel: Cancel)).Token).Address);
        }
        Assert.Equal([false], reachable);

        void Note(string line, string which)
        {
            if (!line.StartsWith(which, StringComparison.Ordinal))
                return;
            try
            {
                using TcpClient caller = new("127.0.0.1", port);
                reachable.Add(true);
            }
            catch (SocketException)
            {
                reachable.Add(false);
            }
        }
    }

    [Fact]
    public async Task A_hub_that_is_away_is_one_line_for_the_operator()
    {
        await using var fleet = await TestFleet.StartAsync();
        using var lost = OperatorClient.Connect(fleet.Hub.OperatorFolder, "https://127.0.0.1:1");
        var e = await Assert.ThrowsAsync<EdgeLearnException>(() => lost.GetFleetAsync(Cancel));
        Assert.Contains("does not answer", e.Message);
        Assert.DoesNotContain('\n', e.Message);
        Assert.Contains("not an operator's folder",
            Assert.Throws<EdgeLearnException>(() => OperatorClient.Connect(Path.Combine(fleet.Folder, "keys"))).Message);
    }

    [Fact]
    public async Task Keys_are_readable_by_their_owner_alone_and_the_hub_keeps_no_release_key()
    {
        await using var fleet = await TestFleet.StartAsync();
        string[] keys = Directory.GetFiles(fleet.Folder, "*.key", SearchOption.AllDirectories);
        Assert.Equal(["authority.key", "hub.key", "operator.key", "release.key", "round.key"],
            keys.Select(k => Path.GetFileName(k)!).Order(StringComparer.Ordinal));
        foreach (string key in keys)
        {
            if (!OperatingSystem.IsWindows())
                Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(key));
        }
        // The operator's folder may leave: the hub starts without it.
        string moved = fleet.Folder + "-operator";
        Directory.Move(fleet.Hub.OperatorFolder, moved);
        string address = fleet.Hub.Address;
        fleet.Operator.Dispose();
        await fleet.Hub.StopAsync();
        await using (var again = await FleetHub.StartAsync(fleet.Options with { Port = new Uri(address).Port }, Cancel))
        {
            using var client = OperatorClient.Connect(moved);
            Assert.Equal(again.Address, client.Address);
            Assert.Equal(again.Fleet, new Digest((await client.GetFleetAsync(Cancel)).Fleet.Span));
        }
        Directory.Delete(moved, recursive: true);
    }

    [Fact]
    public async Task Telemetry_is_kept_by_board_and_round()
    {
        await using var fleet = await TestFleet.StartAsync();
        await fleet.PushAsync(TestFleet.ModelBytes());
        TestBoard one = await fleet.AddBoardAsync("one"), two = await fleet.AddBoardAsync("two");
        await one.CheckInAsync(new Telemetry { Loss = 2.5, StepMs = 0.4, RssBytes = 20_000_000 },
            new Telemetry { TemperatureCelsius = 51.5, Loss = double.NaN });
        var opened = await fleet.Operator.RunRoundAsync(TestFleet.RoundOf(), Cancel);
        var task = await two.TaskAsync();
        byte[] model = await two.BaseAsync(task);
        byte[] content = new Float32Codec().Encode(new UpdateContext(TestFleet.ShapeOf(model), task.Round, two.Number, 1),
            new BoardChange { Trained = TestFleet.WeightsOf(model) });
        var report = two.Signed(two.Header(task, model, content), content);
        report.Telemetry = new Telemetry { Round = 99, Accuracy = 0.9, Examples = 500, Seconds = 1.5, BytesUp = 10, BytesDown = 20 };
        await two.ReportAsync(report);
        await two.ReportAsync(report);

        var all = await fleet.Operator.ListTelemetryAsync(cancel: Cancel);
        Assert.Equal(3, all.Count);
        Assert.Equal(("two", opened.Round, 0.9, 500ul, 10ul),
            (all[0].Name, all[0].Telemetry.Round, all[0].Telemetry.Accuracy, all[0].Telemetry.Examples, all[0].Telemetry.BytesUp));
        Assert.Equal((51.5, false), (all[1].Telemetry.TemperatureCelsius, all[1].Telemetry.HasLoss));
        Assert.Equal((2.5, 0.4, 20_000_000ul, false),
            (all[2].Telemetry.Loss, all[2].Telemetry.StepMs, all[2].Telemetry.RssBytes, all[2].Telemetry.HasTemperatureCelsius));
        Assert.Equal(2, (await fleet.Operator.ListTelemetryAsync("one", cancel: Cancel)).Count);
        Assert.Single(await fleet.Operator.ListTelemetryAsync(round: opened.Round, cancel: Cancel));
        await fleet.RestartAsync();
        Assert.Equal(3, (await fleet.Operator.ListTelemetryAsync(cancel: Cancel)).Count);
    }

    [Fact]
    public async Task Windows_are_short_while_something_goes_on_long_when_not_and_grow_with_the_fleet()
    {
        await using var fleet =
            await TestFleet.StartAsync(o =>
            o with { BusyInterval = TimeSpan.FromMilliseconds(100), IdleInterval = TimeSpan.FromSeconds(5), CheckInsPerSecond = 1000 });
        var board = await fleet.AddBoardAsync();
        var busy = (await board.CheckInAsync()).ComeBack;
        Assert.Equal((0u, 200u), (busy.MinMs, busy.MaxMs));
        PaceSteering idle = new(fleet.Options) { FleetSize = 1 };
        Assert.Equal(10_000u, idle.Next(roundOpen: false).MaxMs);
        Assert.Equal(200u, idle.Next(roundOpen: true).MaxMs);
        idle.FleetSize = 100_000;
        Assert.Equal(200_000u, idle.Next(roundOpen: true).MaxMs);  // 100,000 boards, 1,000 check-ins a second: 100 s on average
        idle.FleetSize = 1_000_000_000;
        Assert.Equal(2u * 86_400_000, idle.Next(roundOpen: false).MaxMs);
    }

    [Fact]
    public async Task Watching_a_round_shows_its_changes_and_ends_with_it()
    {
        await using var fleet = await TestFleet.StartAsync();
        await fleet.PushAsync(TestFleet.ModelBytes());
        var board = await fleet.AddBoardAsync();
        var opened = await fleet.Operator.RunRoundAsync(TestFleet.RoundOf(), Cancel);
        List<RoundView> seen = [];
        var watching = Task.Run(async () =>
        {
            await foreach (var view in fleet.Operator.WatchRoundAsync(opened.Round, Cancel))
                seen.Add(view);
        }, Cancel);
        await board.TrainAsync(w => w);
        await watching.WaitAsync(TestFleet.Patience, Cancel);
        Assert.Equal(RoundView.Types.State.Committed, seen[^1].State);
        Assert.True(seen.Select(v => v.Accepted).SequenceEqual(seen.Select(v => v.Accepted).Order()));
    }

    [Fact]
    public async Task Requests_that_no_round_can_do_are_one_line()
    {
        await using var fleet = await TestFleet.StartAsync();
        async Task<string> Refused(Action<RunRoundRequest> change)
        {
            var request = TestFleet.RoundOf();
            change(request);
            var e = await Assert.ThrowsAsync<EdgeLearnException>(() => fleet.Operator.RunRoundAsync(request, Cancel));
            Assert.DoesNotContain('\n', e.Message);
            return e.Message;
        }

        Action<RunRoundRequest> Set(string name, string value) =>
            r => r.Training.Settings.Add(new RoundTraining.Types.Setting { Name = name, Value = value });

        Assert.Contains("push one first", await Refused(_ => { }));
        await fleet.PushAsync(TestFleet.ModelBytes());
        Assert.Contains("--lr", await Refused(Set("lr", "NaN")));
        Assert.Contains("--batch", await Refused(Set("batch", "0")));
        Assert.Contains("replayed", await Refused(r => r.Codec = Codec.ZerothOrder));
        Assert.Contains("not known", await Refused(r => r.Codec = (Codec)77));
        Assert.Contains("unknown rule 'magic'", await Refused(r => r.Training.Rule = "magic"));
        Assert.Contains("version 9", await Refused(r => r.Training.Version = 9));
        Assert.Contains("deadline", await Refused(r => r.DeadlineMs = -1));
        Assert.Contains("expected", await Refused(r => r.MinimumReports = 5));
        Assert.Contains("group", await Refused(r => r.Group = "a/b"));
        Assert.Contains("no such model", await Refused(r => r.BaseDigest = Google.Protobuf.ByteString.CopyFrom(new byte[32])));
        var unknown = await Assert.ThrowsAsync<EdgeLearnException>(() => fleet.Operator.GetRoundAsync(12, Cancel));
        Assert.Contains("no round 12", unknown.Message);
    }
}
