using EdgeLearn.Hub;
using EdgeLearn.Protocol;
using Microsoft.Data.Sqlite;

namespace EdgeLearn.Tests;

/// <summary>What survives: a copy of the hub's folder, taken while it runs, is what a kill -9 at that moment leaves.</summary>
public sealed class JournalTests
{
    static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(Codec.Float32)]
    [InlineData(Codec.SignVote)]
    public async Task A_hub_killed_in_mid_round_goes_on_and_ends_with_the_same_bytes(Codec codec)
    {
        await using var fleet = await TestFleet.StartAsync();
        await fleet.PushAsync(TestFleet.ModelBytes());
        TestBoard one = await fleet.AddBoardAsync(), two = await fleet.AddBoardAsync(), three = await fleet.AddBoardAsync();
        var opened = await fleet.Operator.RunRoundAsync(TestFleet.RoundOf(codec), Cancel);
        await one.TrainAsync(w => [.. w.Select(x => x * 1.5f)], 7);
        var task = await two.TaskAsync();
        string copy = Copy(fleet.Folder);

        // The undisturbed hub.
        await two.TrainAsync(w => [.. w.Select(x => x - 0.1f)], 5);
        await three.TrainAsync(w => [.. w.Select(x => x + 0.3f)], 9);
        var undisturbed = await fleet.Operator.WaitForRoundAsync(opened.Round, Cancel);

        // The one that was killed after the first report: other boards, other order.
        await using var after = await TestFleet.StartAsync(folder: copy);
        var resumed = await after.Operator.GetRoundAsync(opened.Round, Cancel);
        Assert.Equal((RoundView.Types.State.Open, 1u, 2u), (resumed.State, resumed.Accepted, resumed.Assigned));
        using TestBoard threeAgain = Same(three, after), twoAgain = Same(two, after), oneAgain = Same(one, after);
        await threeAgain.TrainAsync(w => [.. w.Select(x => x + 0.3f)], 9);
        Assert.Equal(task.Attempt, (await twoAgain.TaskAsync()).Attempt);
        Assert.Null((await oneAgain.CheckInAsync()).Task);
        await twoAgain.TrainAsync(w => [.. w.Select(x => x - 0.1f)], 5);
        var done = await after.Operator.WaitForRoundAsync(opened.Round, Cancel);
        Assert.Equal(RoundView.Types.State.Committed, done.State);
        Assert.Equal(undisturbed.ModelDigest, done.ModelDigest);
        Assert.NotEqual(done.BaseDigest, done.ModelDigest);

        foreach (var hub in (FleetHub[])[fleet.Hub, after.Hub])
        {
            var replay = hub.ReplayRound(opened.Round);
            Assert.True(replay.IsSame);
            Assert.Equal((new Digest(done.ModelDigest.Span), 3), (replay.Replayed, replay.Updates));
        }
    }

    [Fact]
    public async Task A_hub_killed_while_it_aggregates_finishes_after_its_next_start()
    {
        using SemaphoreSlim scoring = new(0), release = new(0);
        await using var fleet = await TestFleet.StartAsync(o => o with
        {
            Evaluate = _ =>
            {
                scoring.Release();
                release.Wait();
                return new ModelTest(new Evaluation(0.5, 1, 1), null);
            },
        });
        await fleet.PushAsync(TestFleet.ModelBytes());
        var board = await fleet.AddBoardAsync();
        var opened = await fleet.Operator.RunRoundAsync(TestFleet.RoundOf(), Cancel);
        await board.TrainAsync(w => [.. w.Select(x => x + 1)]);
        await scoring.WaitAsync(Cancel);
        Assert.Equal(RoundView.Types.State.Aggregating, (await fleet.Operator.GetRoundAsync(opened.Round, Cancel)).State);
        string copy = Copy(fleet.Folder);
        release.Release();
        var undisturbed = await fleet.Operator.WaitForRoundAsync(opened.Round, Cancel);
        await using var after = await TestFleet.StartAsync(folder: copy);
        var done = await after.Operator.WaitForRoundAsync(opened.Round, Cancel);
        Assert.Equal((RoundView.Types.State.Committed, undisturbed.ModelDigest), (done.State, done.ModelDigest));
    }

    [Fact]
    public async Task A_stopped_hub_keeps_rounds_devices_and_versions()
    {
        await using var fleet = await TestFleet.StartAsync();
        await fleet.PushAsync(TestFleet.ModelBytes());
        var board = await fleet.AddBoardAsync("kept");
        var first = await fleet.Operator.RunRoundAsync(TestFleet.RoundOf(), Cancel);
        await board.TrainAsync(w => w);
        await fleet.Operator.WaitForRoundAsync(first.Round, Cancel);
        var second = await fleet.Operator.RunRoundAsync(TestFleet.RoundOf(), Cancel);
        await fleet.RestartAsync();
        var rounds = await fleet.Operator.ListRoundsAsync(cancel: Cancel);
        Assert.Equal([(second.Round, RoundView.Types.State.Open), (first.Round, RoundView.Types.State.Committed)],
            rounds.Select(r => (r.Round, r.State)));
        await board.TrainAsync(w => w);
        Assert.Equal(3ul, (await fleet.Operator.WaitForRoundAsync(second.Round, Cancel)).ModelVersion);
        Assert.Equal(2ul, (await fleet.Operator.GetDeviceAsync("kept", Cancel)).AcceptedReports);
    }

    [Fact]
    public async Task A_changed_journal_and_a_changed_update_are_noticed_by_the_replay()
    {
        await using var fleet = await TestFleet.StartAsync();
        await fleet.PushAsync(TestFleet.ModelBytes());
        var board = await fleet.AddBoardAsync();
        var opened = await fleet.Operator.RunRoundAsync(TestFleet.RoundOf(), Cancel);
        await board.TrainAsync(w => [.. w.Select(x => x + 1)]);
        await fleet.Operator.WaitForRoundAsync(opened.Round, Cancel);
        Assert.True(fleet.Hub.ReplayRound(opened.Round).IsSame);

        string update = Directory.GetFiles(Path.Combine(fleet.Folder, "updates"), "*", SearchOption.AllDirectories).Single();
        byte[] content = await File.ReadAllBytesAsync(update, Cancel);
        content[3] ^= 1;
        await File.WriteAllBytesAsync(update, content, Cancel);
        Assert.Contains("damaged", Assert.Throws<EdgeLearnException>(() => fleet.Hub.ReplayRound(opened.Round)).Message);
        content[3] ^= 1;
        await File.WriteAllBytesAsync(update, content, Cancel);
        Assert.True(fleet.Hub.ReplayRound(opened.Round).IsSame);

        using (SqliteConnection db = new($"Data Source={Path.Combine(fleet.Folder, "fleet.db")};Pooling=False"))
        {
            db.Open();
            using var command = db.CreateCommand();
            command.CommandText = "UPDATE journal SET entry = substr(entry, 1, length(entry) - 1) || x'01' WHERE seq = 2";
            command.ExecuteNonQuery();
        }
        Assert.Contains("chain", Assert.Throws<EdgeLearnException>(() => fleet.Hub.ReplayRound(opened.Round)).Message);
    }

    [Fact]
    [Trait("speed", "slow")]
    public async Task A_report_that_the_disk_did_not_take_is_not_acknowledged_and_counts_once_when_it_comes_again()
    {
        await using var fleet = await TestFleet.StartAsync();
        await fleet.PushAsync(TestFleet.ModelBytes());
        var board = await fleet.AddBoardAsync();
        var opened = await fleet.Operator.RunRoundAsync(TestFleet.RoundOf(), Cancel);
        await board.TaskAsync();
        using (SqliteConnection db = new($"Data Source={Path.Combine(fleet.Folder, "fleet.db")};Pooling=False"))
        {
            db.Open();
            using var command = db.CreateCommand();
            command.CommandText = "BEGIN IMMEDIATE";  // nobody else can write now: a disk that does not answer
            command.ExecuteNonQuery();
            var e =
                await Assert.ThrowsAsync<Grpc.Core.RpcException>(() => board.TrainAsync(w => [.. w.Select(x => x + 1)]));
            Assert.Equal(Grpc.Core.StatusCode.Unavailable, e.StatusCode);
            var open = await fleet.Operator.GetRoundAsync(opened.Round, Cancel);
            Assert.Equal((RoundView.Types.State.Open, 0u, 1u), (open.State, open.Accepted, open.Assigned));
            command.CommandText = "ROLLBACK";
            command.ExecuteNonQuery();
        }
        Assert.Equal(ReportAnswer.Types.State.Accepted, (await board.TrainAsync(w => [.. w.Select(x => x + 1)])).State);
        var done = await fleet.Operator.WaitForRoundAsync(opened.Round, Cancel);
        Assert.Equal((RoundView.Types.State.Committed, 1u), (done.State, done.Accepted));
        Assert.True(fleet.Hub.ReplayRound(opened.Round).IsSame);
    }

    [Fact]
    public async Task A_hub_whose_open_round_has_a_damaged_journal_starts_and_gives_that_round_up()
    {
        await using var fleet = await TestFleet.StartAsync();
        await fleet.PushAsync(TestFleet.ModelBytes());
        var board = await fleet.AddBoardAsync();
        var opened = await fleet.Operator.RunRoundAsync(TestFleet.RoundOf(), Cancel);
        await board.TaskAsync();
        using (SqliteConnection db = new($"Data Source={Path.Combine(fleet.Folder, "fleet.db")};Pooling=False"))
        {
            db.Open();
            using var command = db.CreateCommand();
            command.CommandText = "DELETE FROM journal WHERE seq = 1";
            command.ExecuteNonQuery();
        }
        await fleet.RestartAsync();
        var next = await fleet.Operator.RunRoundAsync(TestFleet.RoundOf(), Cancel);
        await board.TrainAsync(w => w);
        Assert.Equal(RoundView.Types.State.Committed, (await fleet.Operator.WaitForRoundAsync(next.Round, Cancel)).State);
        var given = await fleet.Operator.GetRoundAsync(opened.Round, Cancel);
        Assert.Equal(RoundView.Types.State.Abandoned, given.State);
        Assert.Contains("chain", given.Reason);
    }

    [Fact]
    public async Task A_board_revoked_in_mid_round_no_longer_counts()
    {
        await using var fleet = await TestFleet.StartAsync();
        byte[] model = TestFleet.ModelBytes();
        await fleet.PushAsync(model);
        TestBoard liar = await fleet.AddBoardAsync(), honest = await fleet.AddBoardAsync();
        var opened = await fleet.Operator.RunRoundAsync(TestFleet.RoundOf(), Cancel);
        await liar.TrainAsync(w => [.. w.Select(_ => 9f)]);
        await fleet.Operator.RevokeDeviceAsync(liar.Id, cancel: Cancel);
        await honest.TrainAsync(w => w);
        var done = await fleet.Operator.WaitForRoundAsync(opened.Round, Cancel);
        Assert.Equal((RoundView.Types.State.Committed, 1u), (done.State, done.Accepted));
        Assert.Equal(Digest.Of(model), new Digest(done.ModelDigest.Span));
        Assert.True(fleet.Hub.ReplayRound(opened.Round).IsSame);
    }

    static TestBoard Same(TestBoard board, TestFleet fleet)
    {
        // The same key and certificate against the other hub: both have the same authority.
        string pem = board.Key.Key.ExportPkcs8PrivateKeyPem(), path = Path.Combine(fleet.Folder, Guid.NewGuid().ToString("N"));
        File.WriteAllText(path, pem);
        return new TestBoard(fleet.Hub.Address, new FleetTrust(board.Trust.AuthorityCertificate), FleetKey.Load(path), board.Enrolled);
    }

    static string Copy(string folder)
    {
        string copy = TestFleet.NewFolder();
        foreach (string path in Directory.GetFiles(folder, "*", SearchOption.AllDirectories))
        {
            string target = Path.Combine(copy, Path.GetRelativePath(folder, path));
            Directory.CreateDirectory(Path.GetDirectoryName(target)!);
            if (Path.GetFileName(path) == "lock")
                continue;
            using FileStream from = new(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite), to = new(target, FileMode.CreateNew);
            from.CopyTo(to);
        }
        return copy;
    }
}
