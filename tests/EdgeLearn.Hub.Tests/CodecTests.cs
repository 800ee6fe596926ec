using EdgeLearn.Protocol;

namespace EdgeLearn.Tests;

public sealed class CodecTests
{
    const ulong Round = 3, Device = 0xABCDEF0123456789;
    const int Directions = 2;

    static UpdateShape Shape(params (string Name, int Length)[] tensors)
    {
        using ParameterSet parameters = new();
        foreach ((string name, int length) in tensors)
            parameters.Add(name, [length], decay: false);
        return new UpdateShape(parameters);
    }

    static UpdateContext Context(UpdateShape shape, ulong device = Device) => new(shape, Round, device, Directions);

    static float[] Ramp(int length, float step) => [.. Enumerable.Range(0, length).Select(i => step * (i - length / 2))];

    static ZerothOrderRecord[] Records(int steps, ulong device = Device) => [.. Enumerable.Range(0, steps * Directions)
        .Select(i => new ZerothOrderRecord(RoundNoise.RecordSeed(Round, device, i / Directions, i % Directions), 0.25f * i - 1))];

    static byte[] Encode(Codec kind, UpdateShape shape) => UpdateCodec.Of(kind).Encode(Context(shape), new BoardChange
    {
        Base = Ramp(shape.Length, 0.5f),
        Trained = Ramp(shape.Length, 0.75f),
        Records = Records(4),
    });

    sealed class Target(float[] weights) : UpdateTarget
    {
        public override Span<float> Weights => weights;

        public List<(ZerothOrderRecord Record, int Directions)> Replayed { get; } = [];

        public override void Replay(ReadOnlySpan<ZerothOrderRecord> records, int directions)
        {
            foreach (ZerothOrderRecord record in records)
                Replayed.Add((record, directions));
        }
    }

    [Theory]
    [InlineData(Codec.Float32, 11 * 4)]
    [InlineData(Codec.SignVote, 2 * 4 + 2)]
    [InlineData(Codec.ZerothOrder, 8 + 8 * 12)]
    public void What_is_written_passes_the_check_and_every_other_length_does_not(Codec kind, int length)
    {
        UpdateShape shape = Shape(("a", 8), ("b", 3));
        byte[] content = Encode(kind, shape);
        UpdateCodec codec = UpdateCodec.Of(kind);
        Assert.Equal(length, content.Length);
        Assert.Equal(Refusal.None, codec.Check(Context(shape), content, out _));
        for (int cut = 0; cut < content.Length; cut++)
        {
            Assert.NotEqual(Refusal.None, codec.Check(Context(shape), content.AsSpan(0, cut), out string reason));
            Assert.NotEmpty(reason);
        }
        Assert.NotEqual(Refusal.None, codec.Check(Context(shape), [.. content, 0], out _));
    }

    [Theory]
    [InlineData(Codec.Float32)]
    [InlineData(Codec.SignVote)]
    [InlineData(Codec.ZerothOrder)]
    public void A_flipped_bit_is_refused_or_is_another_finite_update(Codec kind)
    {
        UpdateShape shape = Shape(("a", 8), ("b", 3));
        byte[] content = Encode(kind, shape);
        UpdateCodec codec = UpdateCodec.Of(kind);
        int refused = 0;
        for (int bit = 0; bit < content.Length * 8; bit++)
        {
            content[bit / 8] ^= (byte)(1 << (bit % 8));
            if (codec.Check(Context(shape), content, out _) == Refusal.None)
            {
                Target target = new(Ramp(shape.Length, 0.5f));
                UpdateSum sum = codec.NewSum(shape);
                sum.Add(Device, 1, content);
                sum.Apply(target);
                Assert.All(target.Weights.ToArray(), w => Assert.True(float.IsFinite(w)));
            }
            else
                refused++;
            content[bit / 8] ^= (byte)(1 << (bit % 8));
        }
        // Counts and seeds of records, the spare bits and the signs of magnitudes leave no choice; a float32 leaves almost every one.
        Assert.True(kind == Codec.Float32 ? refused <= shape.Length : refused >= (kind == Codec.ZerothOrder ? 64 + 8 * 64 : 5 + 2));
    }

    [Fact]
    public void Floats_come_back_as_they_were()
    {
        UpdateShape shape = Shape(("a", 700));
        float[] trained = Ramp(700, 1 / 3f);
        byte[] content = new Float32Codec().Encode(Context(shape), new BoardChange { Trained = trained });
        Target target = new(new float[700]);
        UpdateSum sum = new Float32Codec().NewSum(shape);
        sum.Add(1, 17, content);
        sum.Apply(target);
        Assert.Equal(trained, target.Weights.ToArray());
    }

    [Theory]
    [InlineData(Codec.Float32, float.NaN)]
    [InlineData(Codec.Float32, float.PositiveInfinity)]
    [InlineData(Codec.SignVote, float.NaN)]
    [InlineData(Codec.ZerothOrder, float.NegativeInfinity)]
    public void What_is_not_finite_is_refused(Codec kind, float value)
    {
        UpdateShape shape = Shape(("a", 8));
        byte[] content = Encode(kind, shape);
        BitConverter.TryWriteBytes(content.AsSpan(kind == Codec.ZerothOrder ? 8 + 12 + 8 : 0), value);
        Assert.Equal(Refusal.NonFinite, UpdateCodec.Of(kind).Check(Context(shape), content, out _));
    }

    [Fact]
    public void A_vote_by_hand()
    {
        // Tensor a: changes of three boards (+1, -2, +3), (-1, -1, -1), (+2, +2, -2): magnitudes 2, 1, 2, median 2; majorities +, -, -.
        // Tensor b: (0.5), (-0.5), (-1.5): magnitudes 0.5, 0.5, 1.5, median 0.5; majority -.
        UpdateShape shape = Shape(("a", 3), ("b", 1));
        float[] start = [10, 20, 30, 40];
        float[][] changes = [[1, -2, 3, 0.5f], [-1, -1, -1, -0.5f], [2, 2, -2, -1.5f]];
        Assert.Equal([12f, 18f, 28f, 39.5f], Vote(shape, start, changes));
    }

    [Fact]
    public void A_tie_changes_nothing_and_an_even_number_takes_the_mean_of_the_middle_magnitudes()
    {
        UpdateShape shape = Shape(("a", 2));
        // Magnitudes 1 and 2: median 1.5. First parameter: one up, one down: a tie. Second: both up.
        Assert.Equal([5f, 6.5f], Vote(shape, [5, 5], [[1, 1], [-2, 2]]));
    }

    [Fact]
    public void An_exact_zero_votes_by_the_hash_bit_of_round_board_and_index()
    {
        UpdateShape shape = Shape(("a", 64));
        byte[] content = new SignVoteCodec().Encode(Context(shape), new BoardChange { Base = new float[64], Trained = new float[64] });
        Assert.Equal(0f, BitConverter.ToSingle(content));
        int up = 0;
        for (int i = 0; i < 64; i++)
        {
            bool bit = (content[4 + i / 8] >> (i % 8) & 1) != 0;
            Assert.Equal(RoundNoise.ZeroVote(Round, Device, i), bit);
            up += bit ? 1 : 0;
        }
        Assert.InRange(up, 20, 44);  // binomial(64, 1/2): outside with p < 0.002 if the hash were random, and it is fixed
        Assert.Contains(Enumerable.Range(0, 64), i => RoundNoise.ZeroVote(Round, Device, i) != RoundNoise.ZeroVote(Round, Device + 1, i));
        Assert.Contains(Enumerable.Range(0, 64), i => RoundNoise.ZeroVote(Round, Device, i) != RoundNoise.ZeroVote(Round + 1, Device, i));
    }

    [Fact]
    public void A_magnitude_of_zero_leaves_even_a_negative_zero_alone()
    {
        UpdateShape shape = Shape(("a", 1));
        float[] result = Vote(shape, [-0f], [[0], [0], [0]]);
        Assert.True(float.IsNegative(result[0]));
    }

    [Fact]
    public void Records_are_joined_in_the_order_of_boards_and_scaled_by_their_share()
    {
        UpdateShape shape = Shape(("a", 8));
        ZerothOrderCodec codec = new();
        byte[] Content(ulong device) => codec.Encode(Context(shape, device), new BoardChange { Records = Records(2, device) });
        foreach (ulong[] order in (ulong[][])[[5, 9], [9, 5]])
        {
            UpdateSum sum = codec.NewSum(shape);
            foreach (ulong device in order)
                sum.Add(device, device == 5 ? 30ul : 10ul, Content(device));
            Target target = new(new float[8]);
            sum.Apply(target);
            Assert.Equal([.. Records(2, 5).Select(r => (r with { Scalar = r.Scalar * 0.75f }, 2)), .. Records(2, 9).Select(r => (r with { Scalar = r.Scalar * 0.25f }, 2))], target.Replayed);
        }
    }

    [Fact]
    public void Records_of_another_round_board_or_number_of_directions_are_refused()
    {
        UpdateShape shape = Shape(("a", 8));
        byte[] content = Encode(Codec.ZerothOrder, shape);
        ZerothOrderCodec codec = new();
        Assert.Equal(Refusal.Malformed, codec.Check(Context(shape, Device + 1), content, out _));
        Assert.Equal(Refusal.Malformed, codec.Check(Context(shape) with { Round = Round + 1 }, content, out _));
        Assert.Equal(Refusal.Malformed, codec.Check(Context(shape) with { Directions = 1 }, content, out _));
    }

    [Fact]
    public void Shapes_with_other_names_or_lengths_have_another_hash()
    {
        Digest[] hashes = [Shape(("a", 8)).Hash, Shape(("b", 8)).Hash, Shape(("a", 9)).Hash, Shape(("a", 4), ("b", 4)).Hash, Shape(("a", 8), ("b", 1)).Hash];
        Assert.Equal(hashes.Length, hashes.Distinct().Count());
        Assert.Equal(Shape(("a", 8)).Hash, Shape(("a", 8)).Hash);
    }

    static float[] Vote(UpdateShape shape, float[] start, float[][] changes)
    {
        SignVoteCodec codec = new();
        float[]? first = null;
        foreach (int[] order in (int[][])[[.. Enumerable.Range(0, changes.Length)], [.. Enumerable.Range(0, changes.Length).Reverse()]])
        {
            UpdateSum sum = codec.NewSum(shape);
            foreach (int board in order)
                sum.Add((ulong)board, 1000, codec.Encode(Context(shape, (ulong)board), new BoardChange { Base = start, Trained = [.. start.Zip(changes[board], (w, c) => w + c)] }));
            Target target = new([.. start]);
            sum.Apply(target);
            first ??= target.Weights.ToArray();
            Assert.Equal(first, target.Weights.ToArray());
        }
        return first!;
    }
}
