using EdgeLearn.Hub;
using EdgeLearn.Protocol;

namespace EdgeLearn.Tests;

public sealed class RoundTests
{
    static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_round_of_two_boards_commits_their_weighted_mean()
    {
        await using var fleet = await TestFleet.StartAsync(
            o => o with { Evaluate = _ => new ModelTest(new Evaluation(0.75, 0.5, 4), null) });
        byte[] first = TestFleet.ModelBytes();
        await fleet.PushAsync(first);
        TestBoard one = await fleet.AddBoardAsync("one"), two = await fleet.AddBoardAsync("two");
        var opened = await fleet.Operator.RunRoundAsync(TestFleet.RoundOf(), Cancel);

        Assert.Equal(ReportAnswer.Types.State.Accepted, (await one.TrainAsync(w => [.. w.Select(x => x + 1)], examples: 30)).State);
        Assert.Equal(ReportAnswer.Types.State.Accepted, (await two.TrainAsync(w => [.. w.Select(x => x - 1)], examples: 10)).State);
        var done = await fleet.Operator.WaitForRoundAsync(opened.Round, Cancel);

        Assert.Equal(RoundView.Types.State.Committed, done.State);
        Assert.Equal(2u, done.Accepted);
        Assert.Equal(40ul, done.Examples);
        Assert.Equal(2ul, done.ModelVersion);
        Assert.Equal(0.75, done.Accuracy);
        Assert.True(done.BytesUp > done.UpdateBytesUp && done.UpdateBytesUp == 2ul * 4 * 53);
        Assert.True(done.BytesDown > 2ul * (ulong)first.Length);
        float[] before = TestFleet.WeightsOf(first);
        float[] after = TestFleet.WeightsOf(await fleet.Operator.FetchAsync(new Digest(done.ModelDigest.Span), Cancel));
        // (30 * (w + 1) + 10 * (w - 1)) / 40, each board's weight rounded to float32 first.
        for (int i = 0; i < before.Length; i++)
            Assert.Equal((float)((30.0 * (before[i] + 1f) + 10.0 * (before[i] - 1f)) / 40), after[i]);
    }

    [Fact]
    public async Task Boards_that_did_not_move_give_the_base_bit_for_bit_in_every_dense_codec()
    {
        await using var fleet = await TestFleet.StartAsync();
        byte[] first = TestFleet.ModelBytes(9);
        await fleet.PushAsync(first);
        TestBoard one = await fleet.AddBoardAsync(), two = await fleet.AddBoardAsync();
        foreach (var codec in (Codec[])[Codec.Float32, Codec.SignVote])
        {
            var opened = await fleet.Operator.RunRoundAsync(TestFleet.RoundOf(codec), Cancel);
            await one.TrainAsync(w => w);
            await two.TrainAsync(w => w);
            var done = await fleet.Operator.WaitForRoundAsync(opened.Round, Cancel);
            Assert.Equal(Digest.Of(first), new Digest(done.ModelDigest.Span));
        }
    }

    [Fact]
    public async Task Zeroth_order_records_are_replayed_by_the_hub_as_the_board_applied_them()
    {
        await using var fleet = await TestFleet.StartAsync();
        byte[] first = TestFleet.ModelBytes();
        await fleet.PushAsync(first);
        var board = await fleet.AddBoardAsync();
        const int Directions = 2, Steps = 3;
        var opened = await fleet.Operator.RunRoundAsync(
            TestFleet.RoundOf(Codec.ZerothOrder, new ZerothOrderSettings { Directions = Directions }), Cancel);
        var task = await board.TaskAsync();
        byte[] model = await board.BaseAsync(task);
        ZerothOrderRecord[] records = [.. Enumerable.Range(0, Steps * Directions)
            .Select(i =>
            new ZerothOrderRecord(RoundNoise.RecordSeed(task.Round, board.Number, i / Directions, i % Directions), 0.01f * (i - 2)))];
        byte[] content = new ZerothOrderCodec().Encode(new UpdateContext(TestFleet.ShapeOf(model), task.Round, board.Number, Directions),
            new BoardChange { Records = records });
        Assert.Equal(ReportAnswer.Types.State.Accepted, (await board.ReportAsync(task, model, content)).State);
        var done = await fleet.Operator.WaitForRoundAsync(opened.Round, Cancel);

        // The same by hand: w <- w - rate * sum of scalar * sign noise, step after step, for one board with all the examples.
        using var expected = ModelFile.Load(first, "test");
        for (int step = 0; step < Steps; step++)
        {
            foreach (var slice in expected.Network.Parameters.Slices)
            {
                var weights = expected.Network.Parameters[slice];
                for (int i = 0; i < weights.Length; i++)
                {
                    float gradient = 0;
                    for (int d = 0; d < Directions; d++)
                    {
                        gradient += records[step * Directions + d].Scalar
                            * Noise.SignAt(Noise.Key(records[step * Directions + d].Seed, slice.NameHash), i);
                    }
                    float move = 0.5f * gradient;
                    weights[i] -= move;
                }
            }
        }
        Assert.Equal(expected.Network.Parameters.Values.ToArray(),
            TestFleet.WeightsOf(await fleet.Operator.FetchAsync(new Digest(done.ModelDigest.Span), Cancel)));
        Assert.Equal((ulong)content.Length, done.UpdateBytesUp);
    }

    [Fact]
    public async Task The_same_report_again_gets_the_same_answer_and_counts_once()
    {
        await using var fleet = await TestFleet.StartAsync();
        await fleet.PushAsync(TestFleet.ModelBytes());
        TestBoard one = await fleet.AddBoardAsync(), two = await fleet.AddBoardAsync();
        var opened = await fleet.Operator.RunRoundAsync(TestFleet.RoundOf(), Cancel);
        var task = await one.TaskAsync();
        Assert.Equal(task.Attempt, (await one.TaskAsync()).Attempt);
        byte[] model = await one.BaseAsync(task);
        byte[] content = new Float32Codec().Encode(new UpdateContext(TestFleet.ShapeOf(model), task.Round, one.Number, 1),
            new BoardChange { Trained = TestFleet.WeightsOf(model) });
        var report = one.Signed(one.Header(task, model, content), content);
        var answers = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => one.ReportAsync(report)));
        Assert.All(answers, a => Assert.Equal(ReportAnswer.Types.State.Accepted, a.State));
        Assert.Null((await one.CheckInAsync()).Task);
        var open = await fleet.Operator.GetRoundAsync(opened.Round, Cancel);
        Assert.Equal((1u, 7u, RoundView.Types.State.Open), (open.Accepted, open.Duplicates, open.State));
        await two.TrainAsync(w => w);
        await fleet.Operator.WaitForRoundAsync(opened.Round, Cancel);
        Assert.Equal(ReportAnswer.Types.State.Accepted, (await one.ReportAsync(report)).State);
        Assert.Equal(2u, (await fleet.Operator.GetRoundAsync(opened.Round, Cancel)).Accepted);
        Assert.Equal(1ul, (await fleet.Operator.GetDeviceAsync(one.Id, Cancel)).AcceptedReports);
    }

    [Fact]
    public async Task An_upload_in_pieces_resumes_where_the_hub_says()
    {
        await using var fleet = await TestFleet.StartAsync();
        await fleet.PushAsync(TestFleet.ModelBytes());
        var board = await fleet.AddBoardAsync();
        var opened = await fleet.Operator.RunRoundAsync(TestFleet.RoundOf(), Cancel);
        var task = await board.TaskAsync();
        byte[] model = await board.BaseAsync(task);
        byte[] content = new Float32Codec().Encode(new UpdateContext(TestFleet.ShapeOf(model), task.Round, board.Number, 1),
            new BoardChange { Trained = TestFleet.WeightsOf(model) });
        var header = board.Header(task, model, content);
        ReportRequest Piece(int start, int length)
        {
            var piece = board.Signed(header, content[start..(start + length)]);
            piece.Offset = (ulong)start;
            return piece;
        }

        Assert.Equal(0ul, (await board.ReportAsync(Piece(0, 0))).CommittedBytes);
        Assert.Equal(50ul, (await board.ReportAsync(Piece(0, 50))).CommittedBytes);
        Assert.Equal(50ul, (await board.ReportAsync(Piece(0, 50))).CommittedBytes);   // sent twice: not stored twice
        Assert.Equal(50ul, (await board.ReportAsync(Piece(60, 40))).CommittedBytes);  // a gap: go on from 50
        await fleet.RestartAsync();
        Assert.Equal(50ul, (await board.ReportAsync(Piece(0, 0))).CommittedBytes);
        var last = await board.ReportAsync(Piece(50, content.Length - 50));
        Assert.Equal(ReportAnswer.Types.State.Accepted, last.State);
        Assert.Equal(RoundView.Types.State.Committed, (await fleet.Operator.WaitForRoundAsync(opened.Round, Cancel)).State);
    }

    [Fact]
    public async Task Reports_that_cannot_count_are_refused_with_their_reason_and_counted()
    {
        await using var fleet = await TestFleet.StartAsync();
        await fleet.PushAsync(TestFleet.ModelBytes());
        (string Name, Refusal Refusal, Func<TestBoard, TrainTask, byte[], byte[], ReportRequest> Report)[] cases =
        [
            ("non-finite", Refusal.NonFinite, (b, t, m, c) =>
            {
                BitConverter.TryWriteBytes(c.AsSpan(8), float.NaN);
                return b.Signed(b.Header(t, m, c), c);
            }),
            ("wrong-shape", Refusal.WrongShape, (b, t, m, c) => b.Signed(b.Header(t, m, c) with { Shape = Digest.Of(c) }, c)),
            ("wrong-shape", Refusal.WrongShape, (b, t, m, c) => b.Signed(b.Header(t, m, c[4..]), c[4..])),
            ("wrong-shape", Refusal.WrongShape, (b, t, m, c) => b.Signed(b.Header(t, m, c) with { ContentLength = 1L << 50 }, c)),
            ("wrong-codec", Refusal.WrongCodec, (b, t, m, c) => b.Signed(b.Header(t, m, c) with { Codec = Codec.SignVote }, c)),
            ("wrong-base", Refusal.WrongBase, (b, t, m, c) => b.Signed(b.Header(t, m, c) with { Base = Digest.Of(c) }, c)),
            ("no-examples", Refusal.NoExamples, (b, t, m, c) => b.Signed(b.Header(t, m, c, 0), c)),
            ("non-finite", Refusal.NonFinite, (b, t, m, c) => b.Signed(b.Header(t, m, c) with { Norm = double.NaN }, c)),
            ("bad-signature", Refusal.BadSignature, (b, t, m, c) =>
            {
                var report = b.Signed(b.Header(t, m, c), c);
                c[0] ^= 1;
                report.Data = Google.Protobuf.ByteString.CopyFrom(c);
                return report;
            }),
            ("bad-signature", Refusal.BadSignature, (b, t, m, c) =>
            {
                using var other = FleetKey.Create();
                var report = b.Signed(b.Header(t, m, c), c);
                report.Signature = Google.Protobuf.ByteString.CopyFrom(other.Sign(SignedThing.Update, report.Header.Span));
                return report;
            }),
            ("bad-signature", Refusal.BadSignature, (b, t, m, c) => b.Signed(b.Header(t, m, c) with { Round = 77 }, c)),
            ("malformed", Refusal.Malformed, (b, t, m, c) =>
            {
                var report = b.Signed(b.Header(t, m, c), c);
                report.Header = Google.Protobuf.ByteString.CopyFrom(report.Header.ToByteArray()[..20]);
                report.Signature = Google.Protobuf.ByteString.CopyFrom(b.Key.Sign(SignedThing.Update, report.Header.Span));
                return report;
            }),
            ("failed", Refusal.Failed, (b, t, m, c) => new ReportRequest { Attempt = t.Attempt, Failure = "no memory\nleft" }),
        ];
        List<TestBoard> boards = [];
        foreach (var _ in cases)
            boards.Add(await fleet.AddBoardAsync());
        var good = await fleet.AddBoardAsync();
        var opened = await fleet.Operator.RunRoundAsync(TestFleet.RoundOf(), Cancel);
        foreach ((var which, var board) in cases.Zip(boards))
        {
            var task = await board.TaskAsync();
            byte[] model = await board.BaseAsync(task);
            byte[] content = new Float32Codec().Encode(new UpdateContext(TestFleet.ShapeOf(model), task.Round, board.Number, 1),
                new BoardChange { Trained = TestFleet.WeightsOf(model) });
            var answer = await board.ReportAsync(which.Report(board, task, model, content));
            Assert.Equal((ReportAnswer.Types.State.Refused, which.Refusal), (answer.State, answer.Refusal));
            Assert.NotEmpty(answer.Reason);
            Assert.DoesNotContain('\n', answer.Reason);
            var again = await board.ReportAsync(board.Signed(board.Header(task, model, content), content));
            Assert.Equal((answer.State, answer.Refusal, answer.Reason), (again.State, again.Refusal, again.Reason));
        }
        // A board cannot report in another's name.
        var own = await good.TaskAsync();
        byte[] start = await good.BaseAsync(own);
        var foreign = await boards[0].ReportAsync(new ReportRequest { Attempt = own.Attempt });
        Assert.Equal(Refusal.UnknownAttempt, foreign.Refusal);
        Assert.Equal(Refusal.UnknownAttempt,
            (await good.ReportAsync(new ReportRequest { Attempt = Google.Protobuf.ByteString.CopyFrom(new byte[16]) })).Refusal);

        await good.TrainAsync(w => w);
        var done = await fleet.Operator.WaitForRoundAsync(opened.Round, Cancel);
        Assert.Equal((RoundView.Types.State.Committed, 1u), (done.State, done.Accepted));
        foreach (var kind in cases.GroupBy(c => c.Name))
            Assert.Equal((uint)kind.Count(), done.Refused[kind.Key]);
        Assert.Equal(Digest.Of(start), new Digest(done.ModelDigest.Span));
    }

    [Fact]
    public async Task The_deadline_commits_what_is_there_and_a_late_report_is_refused_as_late()
    {
        ShiftedClock clock = new();
        await using var fleet = await TestFleet.StartAsync(o => o with { Clock = clock });
        await fleet.PushAsync(TestFleet.ModelBytes());
        TestBoard quick = await fleet.AddBoardAsync(), slow = await fleet.AddBoardAsync();
        var request = TestFleet.RoundOf();
        request.DeadlineMs = 3_600_000;
        var opened = await fleet.Operator.RunRoundAsync(request, Cancel);
        var task = await slow.TaskAsync();
        Assert.InRange(task.RemainingMs, 1, 3_600_000);
        byte[] model = await slow.BaseAsync(task);
        await quick.TrainAsync(w => w);
        clock.Advance(TimeSpan.FromHours(1));
        var done = await fleet.Operator.WaitForRoundAsync(opened.Round, Cancel);
        Assert.Equal((RoundView.Types.State.Committed, 1u, 2u), (done.State, done.Accepted, done.Assigned));
        byte[] content = new byte[4 * 53];
        Assert.Equal(Refusal.Late, (await slow.ReportAsync(task, model, content)).Refusal);
        Assert.Equal(Refusal.Late, (await slow.ReportAsync(task, model, content)).Refusal);
        Assert.Equal(1u, (await fleet.Operator.GetRoundAsync(opened.Round, Cancel)).Refused["late"]);
    }

    [Fact]
    public async Task A_round_without_enough_reports_is_abandoned_and_the_model_stays()
    {
        ShiftedClock clock = new();
        await using var fleet = await TestFleet.StartAsync(o => o with { Clock = clock });
        await fleet.PushAsync(TestFleet.ModelBytes());
        var one = await fleet.AddBoardAsync();
        await fleet.AddBoardAsync();
        var request = TestFleet.RoundOf();
        request.DeadlineMs = 3_600_000;
        request.MinimumReports = 2;
        var opened = await fleet.Operator.RunRoundAsync(request, Cancel);
        await one.TrainAsync(w => w);
        clock.Advance(TimeSpan.FromHours(1));
        var done = await fleet.Operator.WaitForRoundAsync(opened.Round, Cancel);
        Assert.Equal(RoundView.Types.State.Abandoned, done.State);
        Assert.Equal("1 reports, 2 needed", done.Reason);
        Assert.Equal(1ul, (await fleet.Operator.GetFleetAsync(Cancel)).Groups.Single().NewestVersion);
    }

    [Theory]
    [InlineData(Codec.SignVote, "mean", "majority")]
    [InlineData(Codec.Float32, "replay", "mean")]
    [InlineData(Codec.Float32, "krum", "mean")]
    public async Task A_round_takes_the_aggregator_that_it_names_or_is_refused_before_it_opens(Codec codec, string wrong, string right)
    {
        await using var fleet = await TestFleet.StartAsync();
        byte[] first = TestFleet.ModelBytes();
        await fleet.PushAsync(first);
        var board = await fleet.AddBoardAsync();
        var request = TestFleet.RoundOf(codec);
        request.Aggregator = wrong;
        var e = await Assert.ThrowsAsync<EdgeLearnException>(() => fleet.Operator.RunRoundAsync(request, Cancel));
        Assert.Contains(wrong, e.Message);
        Assert.Contains(right, e.Message);
        request.Aggregator = right;
        var opened = await fleet.Operator.RunRoundAsync(request, Cancel);
        await board.TrainAsync(w => w);
        var done = await fleet.Operator.WaitForRoundAsync(opened.Round, Cancel);
        Assert.Equal((RoundView.Types.State.Committed, Digest.Of(first)), (done.State, new Digest(done.ModelDigest.Span)));
        Assert.True(fleet.Hub.ReplayRound(opened.Round).IsSame);
    }

    [Fact]
    public async Task The_same_request_opens_one_round_and_a_second_one_waits_for_it()
    {
        await using var fleet = await TestFleet.StartAsync();
        await fleet.PushAsync(TestFleet.ModelBytes());
        await fleet.AddBoardAsync();
        var request = TestFleet.RoundOf();
        request.RequestId = "once";
        RoundView first = await fleet.Operator.RunRoundAsync(request, Cancel), again = await fleet.Operator.RunRoundAsync(request, Cancel);
        Assert.Equal(first.Round, again.Round);
        var e =
            await Assert.ThrowsAsync<EdgeLearnException>(() => fleet.Operator.RunRoundAsync(TestFleet.RoundOf(), Cancel));
        Assert.Contains("still open", e.Message);
    }
}
