using EdgeLearn.Hub;
using EdgeLearn.Protocol;
using Microsoft.Data.Sqlite;

namespace EdgeLearn.Tests;

/// <summary>Rounds whose hub has a disk that for a while does not take what is written.</summary>
public sealed class FaultTests
{
    static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    [Trait("speed", "slow")]
    public async Task A_round_whose_result_the_disk_does_not_take_is_tried_again_and_not_abandoned()
    {
        string inTheWay = "";
        int tries = 0;
        await using var fleet = await TestFleet.StartAsync(o => o with
        {
            Log = line =>
            {
                if (line.Contains("is tried again", StringComparison.Ordinal) && tries++ == 0)
                    Directory.Delete(inTheWay);
            },
        });
        var push = await fleet.PushAsync(TestFleet.ModelBytes());
        var board = await fleet.AddBoardAsync();
        var request = TestFleet.RoundOf();
        request.BaseDigest = push.Digest;
        var first = await fleet.Operator.RunRoundAsync(request.Clone(), Cancel);
        await board.TrainAsync(w => [.. w.Select(x => x + 1)]);
        Digest result = new((await fleet.Operator.WaitForRoundAsync(first.Round, Cancel)).ModelDigest.Span);

        // The same base and the same update give the same result: its place is known, and a folder lies there.
        inTheWay = fleet.Hub.Parts.Artefacts.PathOf(result);
        File.Delete(inTheWay);
        Directory.CreateDirectory(inTheWay);
        var second = await fleet.Operator.RunRoundAsync(request, Cancel);
        await board.TrainAsync(w => [.. w.Select(x => x + 1)]);
        var done = await fleet.Operator.WaitForRoundAsync(second.Round, Cancel);
        Assert.Equal((RoundView.Types.State.Committed, result), (done.State, new Digest(done.ModelDigest.Span)));
        Assert.Equal(1, tries);
    }

    [Fact]
    [Trait("speed", "slow")]
    public async Task A_round_whose_closing_was_not_written_closes_soon_and_whoever_watches_it_sees_its_end()
    {
        await using var fleet = await TestFleet.StartAsync();
        await fleet.PushAsync(TestFleet.ModelBytes());
        var board = await fleet.AddBoardAsync();
        var opened = await fleet.Operator.RunRoundAsync(TestFleet.RoundOf(), Cancel);
        await board.TaskAsync();
        var watched = fleet.Operator.WaitForRoundAsync(opened.Round, Cancel);
        // Opened, assigned and accepted are written; closed is not.
        Execute(fleet,
            "CREATE TRIGGER fault BEFORE INSERT ON journal WHEN (SELECT count(*) FROM journal) = 3 BEGIN SELECT RAISE(ABORT, 'no room'); "
            + "END");
        var task = await board.TaskAsync();
        byte[] model = await board.BaseAsync(task);
        byte[] content = new Float32Codec().Encode(new UpdateContext(TestFleet.ShapeOf(model), task.Round, board.Number, 1),
            new BoardChange { Trained = TestFleet.WeightsOf(model) });
        await Assert.ThrowsAsync<Grpc.Core.RpcException>(() => board.ReportAsync(task, model, content));
        Execute(fleet, "DROP TRIGGER fault");
        var done = await watched.WaitAsync(TestFleet.Patience, Cancel);
        Assert.Equal((RoundView.Types.State.Committed, 1u), (done.State, done.Accepted));
        Assert.True(fleet.Hub.ReplayRound(opened.Round).IsSame);
    }

    [Fact]
    [Trait("speed", "slow")]
    public async Task A_round_that_is_read_back_while_it_aggregates_is_committed_once()
    {
        using SemaphoreSlim scoring = new(0), release = new(0);
        ShiftedClock clock = new();
        await using var fleet = await TestFleet.StartAsync(o => o with
        {
            Clock = clock,
            Evaluate = _ =>
            {
                scoring.Release();
                release.Wait();
                return new ModelTest(new Evaluation(0.5, 1, 1), null);
            },
        });
        await fleet.PushAsync(TestFleet.ModelBytes());
        TestBoard quick = await fleet.AddBoardAsync(), slow = await fleet.AddBoardAsync();
        var request = TestFleet.RoundOf();
        request.DeadlineMs = 3_600_000;
        request.MinimumReports = 1;
        var opened = await fleet.Operator.RunRoundAsync(request, Cancel);
        var task = await slow.TaskAsync();
        await quick.TrainAsync(w => w);
        clock.Advance(TimeSpan.FromHours(1));
        await scoring.WaitAsync(Cancel);
        var watched = fleet.Operator.WaitForRoundAsync(opened.Round, Cancel);
        Execute(fleet, "CREATE TRIGGER fault BEFORE INSERT ON journal BEGIN SELECT RAISE(ABORT, 'no room'); END");
        ReportRequest late = new() { Attempt = task.Attempt, Failure = "too slow" };
        await Assert.ThrowsAsync<Grpc.Core.RpcException>(() => slow.ReportAsync(late));
        Execute(fleet, "DROP TRIGGER fault");
        release.Release(2);
        var done = await watched.WaitAsync(TestFleet.Patience, Cancel);
        Assert.Equal((RoundView.Types.State.Committed, 1u, 2ul), (done.State, done.Accepted, done.ModelVersion));
        Assert.Equal(2ul, (await fleet.Operator.GetFleetAsync(Cancel)).Groups.Single().NewestVersion);
        Assert.True(fleet.Hub.ReplayRound(opened.Round).IsSame);
    }

    static void Execute(TestFleet fleet, string sql)
    {
        using SqliteConnection db = new($"Data Source={Path.Combine(fleet.Folder, "fleet.db")};Pooling=False");
        db.Open();
        using var command = db.CreateCommand();
        command.CommandText = sql;
        command.ExecuteNonQuery();
    }
}
