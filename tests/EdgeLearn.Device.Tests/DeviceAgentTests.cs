using EdgeLearn.Device;
using EdgeLearn.Protocol;
using Xunit;

namespace EdgeLearn.Tests;

public sealed class DeviceAgentTests
{
    static readonly byte[] s_model = ScriptedLearner.Model(0.80);

    static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_round_is_trained_signed_and_counted_with_its_telemetry()
    {
        await using var hub = await FakeHub.StartAsync();
        using var temporary = new TemporaryFolder();
        var manifest = hub.Script.Push(s_model, 1);
        var task = hub.Script.OpenRound(hub.Script.Offer!, round: 17);
        using var log = new StringWriter();
        var run = await AgentRun.UntilDoneAsync(temporary["agent"], hub.NewToken(), new ScriptedLearner(), log);
        var (_, header, content, telemetry) = hub.Script.Counted[task.Attempt];
        Assert.Equal((1, 0, 1UL), (run.RoundsAccepted, run.RoundsRefused, run.ModelVersion));
        Assert.Equal((17UL, 321UL, manifest.Digest), (header.Round, header.ExampleCount, header.Base));
        Assert.Equal(run.DeviceId, header.Device.ToString("x16", System.Globalization.CultureInfo.InvariantCulture));
        Assert.Equal(5000, content.Length);
        Assert.Equal((17UL, 0.5, 0.75, 2.0, 321UL),
            (telemetry.Round, telemetry.Loss, telemetry.Accuracy, telemetry.StepMs, telemetry.Examples));
        Assert.True(telemetry.RssBytes > 1 << 20);
        Assert.True(telemetry.BytesDown > (ulong)s_model.Length);
        Assert.True(telemetry.BytesUp > 0);
        Assert.All(log.ToString().TrimEnd('\n').Split('\n'), line => Assert.NotEqual("", line.Trim()));
    }

    [Fact]
    public async Task An_update_whose_answer_was_lost_is_sent_again_and_counted_once()
    {
        await using var hub = await FakeHub.StartAsync();
        using var temporary = new TemporaryFolder();
        hub.Script.Push(s_model, 1);
        hub.Script.OpenRound(hub.Script.Offer!);
        hub.Script.LostReportAnswers = 2;
        var learner = new ScriptedLearner();
        var run = await AgentRun.UntilDoneAsync(temporary["agent"], hub.NewToken(), learner);
        Assert.Equal(1, run.RoundsAccepted);
        Assert.Equal(1, learner.TrainCalls);
        Assert.Single(hub.Script.Counted);
    }

    [Fact]
    public async Task A_large_update_goes_in_pieces_and_resumes_where_the_hub_is()
    {
        await using var hub = await FakeHub.StartAsync();
        using var temporary = new TemporaryFolder();
        hub.Script.Push(s_model, 1);
        var task = hub.Script.OpenRound(hub.Script.Offer!);
        int reports = 0;
        hub.Script.OnCall = name =>
        {
            if (name == "Report" && ++reports == 3) throw HubScript.Fail(Grpc.Core.StatusCode.Unavailable, "cut");
        };
        const int Length = (3 * FleetLink.PieceBytes) + 1234;
        await AgentRun.UntilDoneAsync(temporary["agent"], hub.NewToken(), new ScriptedLearner { ContentBytes = Length });
        Assert.Equal(Length, hub.Script.Counted[task.Attempt].Content.Length);
        // Two pieces, one that was cut, the question, two pieces.
        Assert.Equal(6, reports);
    }

    [Fact]
    public async Task An_interrupted_fetch_goes_on_where_it_stopped()
    {
        await using var hub = await FakeHub.StartAsync();
        using var temporary = new TemporaryFolder();
        var manifest = hub.Script.Push(s_model, 1);
        hub.Script.CutFetchAfterBytes = 3000;
        await AgentRun.UntilDoneAsync(temporary["agent"], hub.NewToken(), new ScriptedLearner());
        Assert.Equal([0UL, 3000UL], hub.Script.FetchOffsets);
        Assert.Equal(manifest.Digest, AgentRun.StateOf(temporary["agent"]).Current!.Key);
    }

    [Fact]
    public async Task A_tail_that_a_power_cut_has_spoilt_is_fetched_from_the_start()
    {
        await using var hub = await FakeHub.StartAsync();
        using var temporary = new TemporaryFolder();
        string token = hub.NewToken();
        await AgentRun.UntilDoneAsync(temporary["agent"], token, new ScriptedLearner());
        var manifest = hub.Script.Push(s_model, 1);
        File.WriteAllBytes(Path.Combine(temporary["agent"], "models", manifest.Digest + ".part"), new byte[2000]);
        await AgentRun.UntilDoneAsync(temporary["agent"], token, new ScriptedLearner());
        Assert.Equal([2000UL, 0UL], hub.Script.FetchOffsets);
        Assert.Equal(manifest.Digest, AgentRun.StateOf(temporary["agent"]).Current!.Key);
    }

    [Fact]
    public async Task Nothing_is_fetched_twice()
    {
        await using var hub = await FakeHub.StartAsync();
        using var temporary = new TemporaryFolder();
        hub.Script.Push(s_model, 1);
        for (ulong round = 1; round <= 3; round++)
        {
            hub.Script.OpenRound(hub.Script.Offer!, round);
            await AgentRun.UntilDoneAsync(temporary["agent"], hub.NewToken(), new ScriptedLearner());
        }

        Assert.Equal(3, hub.Script.Counted.Count);
        Assert.Single(hub.Script.FetchOffsets);
    }

    [Fact]
    public async Task A_hub_that_goes_away_is_waited_for()
    {
        await using var hub = await FakeHub.StartAsync();
        using var temporary = new TemporaryFolder();
        hub.Script.Push(s_model, 1);
        hub.Script.OpenRound(hub.Script.Offer!);
        using var log = new AgentLog();
        // The hub stops while the board trains, and is back later.
        var learner = new ScriptedLearner { OnTrain = _ => hub.StopAsync().GetAwaiter().GetResult() };
        var running = AgentRun.UntilDoneAsync(temporary["agent"], hub.NewToken(), learner, log);
        await log.WaitForAsync("is away", Stop);
        await hub.RestartAsync();
        var run = await running;
        Assert.Equal(1, run.RoundsAccepted);
        Assert.Contains("is away", log.ToString(), StringComparison.Ordinal);
        Assert.Contains("the hub is back", log.ToString(), StringComparison.Ordinal);
        // Once an outage, not once a try.
        Assert.True(log.ToString().Split("waiting for it").Length <= 4, log.ToString());
    }

    [Fact]
    public async Task A_revoked_board_stops_with_one_line()
    {
        await using var hub = await FakeHub.StartAsync();
        using var temporary = new TemporaryFolder();
        await AgentRun.UntilDoneAsync(temporary["agent"], hub.NewToken(), new ScriptedLearner());
        hub.Script.RevokedReason = "it was stolen";
        var e = await Assert.ThrowsAsync<EdgeLearnException>(() =>
            AgentRun.UntilDoneAsync(temporary["agent"], null, new ScriptedLearner()));
        Assert.Equal("the hub refuses this board: revoked: it was stolen", e.Message);
    }

    [Fact]
    public async Task A_board_of_another_fleet_stops_with_one_line()
    {
        await using var ours = await FakeHub.StartAsync();
        await using var other = await FakeHub.StartAsync();
        using var temporary = new TemporaryFolder();
        await AgentRun.UntilDoneAsync(temporary["agent"], ours.NewToken(), new ScriptedLearner());
        var e = await Assert.ThrowsAsync<EdgeLearnException>(
            () => AgentRun.UntilDoneAsync(temporary["agent"], null, new ScriptedLearner(),
            change: options => options with { Hub = other.Address }));
        Assert.Contains("is not this fleet's hub", e.Message, StringComparison.Ordinal);
        Assert.Empty(other.Script.CheckIns);
    }

    [Fact]
    public async Task An_old_answer_that_is_played_again_is_not_believed()
    {
        await using var hub = await FakeHub.StartAsync();
        using var temporary = new TemporaryFolder();
        using var enough = CancellationTokenSource.CreateLinkedTokenSource(Stop);
        HubStatement? old = null;
        hub.Script.SpoilCheckIn = answer =>
        {
            if (old is null) hub.Script.Push(s_model, 1);
            answer.Statement = old ??= answer.Statement;
            if (hub.Script.CheckIns.Count == 4) enough.Cancel();
        };
        using var log = new StringWriter();
        var options = AgentRun.Options(temporary["agent"], hub.NewToken(), log) with { ExitWhenDone = false };
        await DeviceAgent.RunAsync(options, new ScriptedLearner(), enough.Token);
        Assert.Contains("plays an old answer again", log.ToString(), StringComparison.Ordinal);
        Assert.Null(AgentRun.StateOf(temporary["agent"]).Current);
        Assert.Empty(hub.Script.FetchOffsets);
    }

    [Theory]
    [InlineData(false, "the model takes 784 values, data has 64")]
    [InlineData(true, "this board has not enough memory for the task")]
    public async Task A_task_that_cannot_be_done_is_reported_as_failed(bool lacksMemory, string reason)
    {
        await using var hub = await FakeHub.StartAsync();
        using var temporary = new TemporaryFolder();
        hub.Script.Push(s_model, 1);
        hub.Script.OpenRound(hub.Script.Offer!);
        var learner = new ScriptedLearner
        {
            OnTrain = _ => throw (lacksMemory ? new InsufficientMemoryException() : new EdgeLearnException(reason))
        };
        var run = await AgentRun.UntilDoneAsync(temporary["agent"], hub.NewToken(), learner);
        Assert.Equal((0, 1), (run.RoundsAccepted, run.RoundsRefused));
        Assert.Equal([reason], hub.Script.Failures);
    }

    [Fact]
    public async Task A_refused_update_is_not_sent_again()
    {
        await using var hub = await FakeHub.StartAsync();
        using var temporary = new TemporaryFolder();
        hub.Script.Push(s_model, 1);
        hub.Script.OpenRound(hub.Script.Offer!);
        var learner = new ScriptedLearner { OnTrain = _ => hub.Script.Task = null };
        var run = await AgentRun.UntilDoneAsync(temporary["agent"], hub.NewToken(), learner);
        Assert.Equal((0, 1), (run.RoundsAccepted, run.RoundsRefused));
        Assert.False(File.Exists(Path.Combine(temporary["agent"], "report")));
    }

    [Fact]
    public async Task Training_ends_with_the_round_s_time()
    {
        await using var hub = await FakeHub.StartAsync();
        using var temporary = new TemporaryFolder();
        hub.Script.Push(s_model, 1);
        hub.Script.OpenRound(hub.Script.Offer!).RemainingMs = 50;
        var learner = new ScriptedLearner
        {
            OnTrain = stop =>
            {
                hub.Script.Task = null;
                stop.WaitHandle.WaitOne();
                stop.ThrowIfCancellationRequested();
            },
        };
        using var log = new StringWriter();
        var run = await AgentRun.UntilDoneAsync(temporary["agent"], hub.NewToken(), learner, log);
        Assert.Equal((0, 0), (run.RoundsAccepted, run.RoundsRefused));
        Assert.Contains("did not end within the round's time", log.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_stop_in_the_middle_of_training_ends_the_run_cleanly_and_the_task_is_done_next_time()
    {
        await using var hub = await FakeHub.StartAsync();
        using var temporary = new TemporaryFolder();
        hub.Script.Push(s_model, 1);
        var task = hub.Script.OpenRound(hub.Script.Offer!);
        using var signal = new CancellationTokenSource();
        var learner = new ScriptedLearner
        {
            OnTrain = stop =>
            {
                signal.Cancel();
                stop.WaitHandle.WaitOne();
                stop.ThrowIfCancellationRequested();
            },
        };
        var run = await DeviceAgent.RunAsync(AgentRun.Options(temporary["agent"], hub.NewToken()), learner, signal.Token);
        Assert.Equal((0, 0), (run.RoundsAccepted, run.RoundsRefused));
        run = await AgentRun.UntilDoneAsync(temporary["agent"], null, new ScriptedLearner());
        Assert.Equal(1, run.RoundsAccepted);
        Assert.True(hub.Script.Counted.ContainsKey(task.Attempt));
    }

    [Fact]
    public async Task A_stop_while_a_hub_is_waited_for_ends_the_run_cleanly()
    {
        await using var hub = await FakeHub.StartAsync();
        using var temporary = new TemporaryFolder();
        string token = hub.NewToken();
        await hub.StopAsync();
        using var log = new AgentLog();
        using var signal = new CancellationTokenSource();
        var running = DeviceAgent.RunAsync(AgentRun.Options(temporary["agent"], token, log), new ScriptedLearner(), signal.Token);
        await log.WaitForAsync("is away", Stop);
        await signal.CancelAsync();
        var run = await running;
        Assert.Equal("", run.DeviceId);
        Assert.Contains("is away", log.ToString(), StringComparison.Ordinal);
        Assert.EndsWith("stopped before this board was enrolled\n", log.ToString(), StringComparison.Ordinal);
    }

    // Every call of a whole run (enrolment, push, round) is a moment of a power cut: the folder as it is then is the folder that the next
    // process finds.
    [Fact]
    public async Task A_power_cut_at_any_call_counts_the_round_once_and_ends_with_the_newest_model()
    {
        await using var hub = await FakeHub.StartAsync();
        using var temporary = new TemporaryFolder();
        string token = hub.NewToken();
        var manifest = hub.Script.Push(s_model, 1);
        var task = hub.Script.OpenRound(hub.Script.Offer!);
        int cuts = 0;
        hub.Script.OnCall = _ => CopyFolder(temporary["agent"], temporary[$"cut-{cuts++}"]);
        await AgentRun.UntilDoneAsync(temporary["agent"], token, new ScriptedLearner());
        hub.Script.OnCall = null;
        byte[] content = hub.Script.Counted[task.Attempt].Content;
        Assert.InRange(cuts, 5, 20);
        for (int i = 0; i < cuts; i++)
        {
            // Once with the report counted already, once with a hub that has not got it.
            await AgentRun.UntilDoneAsync(temporary[$"cut-{i}"], token, new ScriptedLearner());
            Assert.Equal(manifest.Digest, AgentRun.StateOf(temporary[$"cut-{i}"]).Current!.Key);
            Assert.Single(hub.Script.Counted);
            hub.Script.Counted.Clear();
            hub.Script.Uploads.Clear();
            await AgentRun.UntilDoneAsync(temporary[$"cut-{i}"], token, new ScriptedLearner());
            Assert.Equal(content, Assert.Single(hub.Script.Counted).Value.Content);
        }
    }

    static void CopyFolder(string from, string to)
    {
        foreach (string path in Directory.GetFiles(from, "*", SearchOption.AllDirectories))
        {
            string copy = Path.Combine(to, Path.GetRelativePath(from, path));
            Directory.CreateDirectory(Path.GetDirectoryName(copy)!);
            if (Path.GetFileName(path) != "lock") File.Copy(path, copy);
        }
    }

    [Fact]
    public async Task Events_can_be_json_lines()
    {
        await using var hub = await FakeHub.StartAsync();
        using var temporary = new TemporaryFolder();
        hub.Script.Push(s_model, 1);
        using var log = new StringWriter();
        await AgentRun.UntilDoneAsync(temporary["agent"], hub.NewToken(), new ScriptedLearner(), log,
            options => options with { LogAsJson = true });
        var kinds = new List<string>();
        foreach (string line in log.ToString().TrimEnd('\n').Split('\n'))
        {
            using var document = System.Text.Json.JsonDocument.Parse(line);
            kinds.Add(document.RootElement.GetProperty("event").GetString()!);
            Assert.True(document.RootElement.TryGetProperty("time", out _));
        }

        Assert.Equal(["enrolled", "model"], kinds);
    }
}
