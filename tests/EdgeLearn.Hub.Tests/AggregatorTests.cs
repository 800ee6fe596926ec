using System.Runtime.InteropServices;
using EdgeLearn.Protocol;

namespace EdgeLearn.Tests;

/// <summary>Every aggregator, through the one way from reports to a model, against a calculation in decimal or double arithmetic.</summary>
public sealed class AggregatorTests
{
    const ulong Round = 5;
    const int Directions = 2, BoardCount = 7;

    static UpdateShape Shape(params int[] lengths)
    {
        using var parameters = new ParameterSet();
        for (int i = 0; i < lengths.Length; i++) parameters.Add($"t{i}", [lengths[i]], decay: false);
        return new UpdateShape(parameters);
    }

    static byte[] Encode(Codec codec, UpdateShape shape, ulong device, in BoardChange change) =>
        UpdateCodec.Of(codec).Encode(new UpdateContext(shape, Round, device, Directions), change);

    /// <summary>The result of the reports, which is the same bytes in every order of their arrival.</summary>
    static TestTarget Apply(Codec codec, string aggregator, UpdateShape shape, float[] start, UpdateReport[] reports)
    {
        var random = new Random(1);
        TestTarget? first = null;
        for (int trial = 0; trial < 10; trial++)
        {
            var target = new TestTarget(shape, [.. start]);
            new RoundAggregation(Round, codec, aggregator, Directions).Apply(target, reports);
            first ??= target;
            Assert.Equal(MemoryMarshal.AsBytes(first.Weights), MemoryMarshal.AsBytes(target.Weights));
            Assert.Equal(first.Replayed, target.Replayed);
            random.Shuffle(reports);
        }

        return first!;
    }

    /// <summary>Numbers of a few bits, so that decimal and double hold sums and products of them without rounding.</summary>
    static float[] Values(Random random, int length) => [.. Enumerable.Range(0, length).Select(_ => random.Next(-4096, 4097) / 1024f)];

    [Fact]
    public void The_mean_is_that_of_decimal_arithmetic()
    {
        var random = new Random(2);
        var shape = Shape(700, 3);
        float[][] values = [.. Enumerable.Range(0, BoardCount).Select(_ => Values(random, shape.Length))];
        ulong[] weights = [.. Enumerable.Range(0, BoardCount).Select(_ => (ulong)random.Next(1, 5000))];
        UpdateReport[] reports = [.. values.Select((own, b) =>
            UpdateBytes.Report((ulong)b + 1, weights[b], Encode(Codec.Float32, shape, (ulong)b + 1, new BoardChange { Trained = own })))];
        float[] result = Apply(Codec.Float32, "mean", shape, new float[shape.Length], reports).Weights.ToArray();
        decimal all = weights.Aggregate(0m, (sum, weight) => sum + weight);
        for (int i = 0; i < result.Length; i++)
        {
            decimal sum = 0;
            // By way of double, since a decimal made of a float has 7 digits.
            for (int b = 0; b < BoardCount; b++) sum += (decimal)(double)values[b][i] * weights[b];
            Assert.Equal((float)(sum / all), result[i]);
        }
    }

    [Fact]
    public void The_majority_is_that_of_counted_signs_and_sorted_magnitudes()
    {
        var random = new Random(3);
        var shape = Shape(301, 8);
        float[] start = Values(random, shape.Length);
        // No change is zero: that would vote by noise.
        float[][] changes = [.. Enumerable.Range(0, BoardCount - 1).Select(_ => Values(random, shape.Length))];
        foreach (float[] change in changes) change.AsSpan().Replace(0, 0.5f);
        UpdateReport[] reports = [.. changes.Select((change, b) => Vote(shape, start, (ulong)b + 1, (ulong)random.Next(1, 5000), change))];
        float[] result = Apply(Codec.SignVote, "majority", shape, start, reports).Weights.ToArray();
        for (int i = 0; i < result.Length; i++)
        {
            var (from, to) = i < 301 ? (0, 301) : (301, 309);
            double[] sums = [.. changes.Select(change => change[from..to].Sum(x => Math.Abs((double)x))).Order()];
            double[] magnitudes = [.. sums.Select(sum => (float)(sum / (to - from)))];
            float median = (float)((magnitudes[2] + magnitudes[3]) / 2);
            int votes = changes.Sum(change => Math.Sign(change[i]));
            Assert.Equal(start[i] + (Math.Sign(votes) * median), result[i]);
        }
    }

    [Fact]
    public void Votes_by_hand()
    {
        // Tensor 0: changes of three boards (+1, -2, +3), (-1, -1, -1), (+2, +2, -2): magnitudes 2, 1, 2, median 2; majorities +, -, -.
        // Tensor 1: (0.5), (-0.5), (-1.5): magnitudes 0.5, 0.5, 1.5, median 0.5; majority -.
        float[][] changes = [[1, -2, 3, 0.5f], [-1, -1, -1, -0.5f], [2, 2, -2, -1.5f]];
        Assert.Equal([12f, 18f, 28f, 39.5f], Result(Shape(3, 1), [10, 20, 30, 40], changes));
        // Magnitudes 1 and 2: median 1.5. First parameter: one up, one down: a tie changes nothing. Second: both up.
        Assert.Equal([5f, 6.5f], Result(Shape(2), [5, 5], [1, 1], [-2, 2]));
        // A magnitude of zero leaves even a negative zero alone.
        Assert.True(float.IsNegative(Result(Shape(1), [-0f], [0], [0], [0])[0]));

        static float[] Result(UpdateShape shape, float[] start, params float[][] changes) =>
            Apply(Codec.SignVote, "", shape, start, [.. changes.Select((x, b) => Vote(shape, start, (ulong)b, 9, x))]).Weights.ToArray();
    }

    static UpdateReport Vote(UpdateShape shape, float[] start, ulong device, ulong weight, float[] change)
    {
        float[] trained = [.. start.Zip(change, (w, c) => w + c)];
        var voted = new BoardChange { Base = UpdateBytes.Reader(start), Trained = trained };
        return UpdateBytes.Report(device, weight, Encode(Codec.SignVote, shape, device, voted));
    }

    [Fact]
    public void Records_are_replayed_in_the_order_of_boards_scaled_by_their_share()
    {
        var shape = Shape(8);
        ulong[] devices = [9, 5, ulong.MaxValue], weights = [10, 30, 24];
        UpdateReport[] reports = [.. devices.Select((device, b) => UpdateBytes.Report(device, weights[b],
            Encode(Codec.ZerothOrder, shape, device, new BoardChange { Records = Records(device) })))];
        // Shares of 64ths: 30, 10, 24, exact in float32.
        Assert.Equal(
            [.. Scaled(5, 30 / 64f), .. Scaled(9, 10 / 64f), .. Scaled(ulong.MaxValue, 24 / 64f)],
            Apply(Codec.ZerothOrder, "replay", shape, new float[8], reports).Replayed);

        static ZerothOrderRecord[] Records(ulong device) => [.. Enumerable.Range(0, 3 * Directions)
            .Select(i => new ZerothOrderRecord(RoundNoise.RecordSeed(Round, device, i / Directions, i % Directions), (0.25f * i) - 1))];

        static IEnumerable<(ZerothOrderRecord, int)> Scaled(ulong device, float share) =>
            Records(device).Select(record => (record with { Scalar = record.Scalar * share }, Directions));
    }

    [Theory]
    [InlineData(Codec.Float32, "mean")]
    [InlineData(Codec.SignVote, "majority")]
    [InlineData(Codec.ZerothOrder, "replay")]
    public void Every_codec_goes_with_one_aggregator_and_every_other_is_refused_by_name(Codec kind, string own)
    {
        var codec = UpdateCodec.Of(kind);
        Assert.Equal(own, Aggregator.Of("", codec).Name);
        Assert.Equal(own, Aggregator.Of(own, codec).Name);
        Assert.Equal(["majority", "mean", "replay"], Aggregator.All.Select(one => one.Name).Order());
        foreach (var other in Aggregator.All.Where(one => one.Name != own))
        {
            string message = Assert.Throws<EdgeLearnException>(() => new RoundAggregation(Round, kind, other.Name, 1)).Message;
            Assert.All((string[])[other.Name, codec.Name, own], name => Assert.Contains(name, message));
        }

        Assert.Contains("'krum'", Assert.Throws<EdgeLearnException>(() => Aggregator.Of("krum", codec)).Message);
        Assert.Contains("'2'", Assert.Throws<EdgeLearnException>(() => Aggregator.Of(own + ":2", codec)).Message);
    }

    [Fact]
    public void A_codec_decodes_into_the_kind_that_it_names()
    {
        var shape = Shape(8);
        var change = new BoardChange { Base = UpdateBytes.Reader(new float[8]), Trained = new float[8], Records = [] };
        Type[] kinds = [typeof(ValueChange), typeof(VoteChange), typeof(RecordChange)];
        foreach (var codec in UpdateCodec.All)
        {
            byte[] content = Encode(codec.Kind, shape, 1, change);
            Assert.IsType(kinds[(int)codec.Gives - 1], codec.Decode(new UpdateContext(shape, Round, 1, Directions), content));
        }
    }

    [Fact]
    public void A_board_that_reports_twice_and_content_that_fails_its_check_are_refused()
    {
        var shape = Shape(2);
        var aggregation = new RoundAggregation(Round, Codec.Float32, "", 1);
        byte[] content = Encode(Codec.Float32, shape, 1, new BoardChange { Trained = [1, 2] });
        Refused("two updates", UpdateBytes.Report(1, 1, content), UpdateBytes.Report(1, 1, content));
        Refused("check", UpdateBytes.Report(1, 1, content[1..]));
        content[3] = content[2] = 0xFF;
        Refused("check", UpdateBytes.Report(1, 1, content));

        void Refused(string word, params UpdateReport[] reports)
        {
            var target = new TestTarget(shape, [0, 0]);
            Assert.Contains(word, Assert.Throws<EdgeLearnException>(() => aggregation.Apply(target, reports)).Message);
        }
    }

    [Fact]
    public void A_result_that_is_not_finite_is_refused()
    {
        // A board pushes a weight that lies at the edge of float32 over it.
        var shape = Shape(1);
        byte[] content = new byte[5];
        BitConverter.TryWriteBytes(content, 1e38f);
        content[4] = 1;
        var target = new TestTarget(shape, [float.MaxValue]);
        var aggregation = new RoundAggregation(Round, Codec.SignVote, "", 1);
        var e = Assert.Throws<EdgeLearnException>(() => aggregation.Apply(target, [UpdateBytes.Report(1, 1, content)]));
        Assert.Contains("not finite", e.Message);
    }

    [Fact]
    public void A_sum_reads_its_reports_one_by_one()
    {
        var shape = Shape(1);
        byte[] content = Encode(Codec.Float32, shape, 1, new BoardChange { Trained = [1] });
        int read = 0;
        IEnumerable<UpdateReport> Reports()
        {
            read++;
            yield return UpdateBytes.Report(1, 1, content[1..]);
            read++;
        }

        var aggregation = new RoundAggregation(Round, Codec.Float32, "", 1);
        Assert.Throws<EdgeLearnException>(() => aggregation.Apply(new TestTarget(shape, [0]), Reports()));
        Assert.Equal(1, read);
    }
}
