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
        Base = UpdateBytes.Reader(Ramp(shape.Length, 0.5f)),
        Trained = Ramp(shape.Length, 0.75f),
        Records = Records(4),
    });

    [Theory]
    [InlineData(Codec.Float32, 11 * 4)]
    [InlineData(Codec.SignVote, 2 * 4 + 2)]
    [InlineData(Codec.ZerothOrder, 8 + 8 * 12)]
    public void What_is_written_passes_the_check_and_every_other_length_does_not(Codec kind, int length)
    {
        var shape = Shape(("a", 8), ("b", 3));
        byte[] content = Encode(kind, shape);
        var codec = UpdateCodec.Of(kind);
        Assert.Equal(length, content.Length);
        Assert.Equal(Refusal.None, codec.Check(Context(shape), content, out _));
        for (int cut = 0; cut < content.Length; cut++)
        {
            Assert.NotEqual(Refusal.None, codec.Check(Context(shape), content[..cut], out string reason));
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
        var shape = Shape(("a", 8), ("b", 3));
        byte[] content = Encode(kind, shape);
        var codec = UpdateCodec.Of(kind);
        int refused = 0;
        for (int bit = 0; bit < content.Length * 8; bit++)
        {
            content[bit / 8] ^= (byte)(1 << (bit % 8));
            if (codec.Check(Context(shape), content, out _) == Refusal.None)
            {
                TestTarget target = new(shape, Ramp(shape.Length, 0.5f));
                new RoundAggregation(Round, kind, "", Directions).Apply(target, [UpdateBytes.Report(Device, 1, content)]);
                Assert.All(target.Weights.ToArray(), w => Assert.True(float.IsFinite(w)));
            }
            else
            {
                refused++;
            }
            content[bit / 8] ^= (byte)(1 << (bit % 8));
        }
        // Counts and seeds of records, the spare bits and the signs of magnitudes leave no choice; a float32 leaves almost every one.
        Assert.True(kind == Codec.Float32 ? refused <= shape.Length : refused >= (kind == Codec.ZerothOrder ? 64 + 8 * 64 : 5 + 2));
    }

    [Fact]
    public void What_is_decoded_is_what_was_written()
    {
        var shape = Shape(("a", 700), ("b", 3));
        float[] trained = Ramp(703, 1 / 3f);
        Assert.Equal(trained, ((ValueChange)Decode(new Float32Codec(), shape, new BoardChange { Trained = trained })).Values.ToArray());
        // The changes are the trained values: mean magnitudes by tensor, votes by sign; the one at 351 is zero and votes by its noise.
        var votes = (VoteChange)Decode(new SignVoteCodec(), shape,
            new BoardChange { Base = UpdateBytes.Reader(new float[703]), Trained = trained });
        float[] means = [
            .. new[] { trained[..700], trained[700..] }.Select(part => (float)(part.Sum(x => Math.Abs((double)x)) / part.Length))];
        Assert.Equal(means, votes.Magnitudes.ToArray());
        Assert.All(Enumerable.Range(0, 703).Where(i => i != 351), i => Assert.Equal(trained[i] > 0, votes.IsUp(i)));
        Assert.Equal((0f, RoundNoise.ZeroVote(Round, Device, 351)), (trained[351], votes.IsUp(351)));
        var records = (RecordChange)Decode(new ZerothOrderCodec(), shape, new BoardChange { Records = Records(4) });
        Assert.Equal(Directions, records.Directions);
        Assert.Equal(Records(4), records.Records.ToArray());
    }

    // Codecs write and read some thousand values at a time; tensors and bytes of signs begin within such a piece.
    [Fact]
    public void What_takes_many_pieces_is_written_value_by_value()
    {
        var shape = Shape(("a", 20_001), ("b", 9_000), ("c", 3));
        var random = new Random(4);
        float[] start = [.. Enumerable.Range(0, shape.Length).Select(_ => random.NextSingle())], trained = [.. start];
        for (int i = 0; i < trained.Length; i++) trained[i] += random.Next(-2, 3) / 8f;
        byte[] signs = new SignVoteCodec().Encode(Context(shape),
            new BoardChange { Base = UpdateBytes.Reader(start), Trained = trained });
        int at = 0;
        for (int t = 0; t < shape.Tensors.Count; at += shape.Tensors[t++].Length)
        {
            double sum = 0;
            for (int i = at; i < at + shape.Tensors[t].Length; i++)
            {
                float change = trained[i] - start[i];
                bool isUp = change > 0 || (change == 0 && RoundNoise.ZeroVote(Round, Device, i));
                Assert.Equal(isUp, (signs[(3 * sizeof(float)) + (i / 8)] >> (i % 8) & 1) != 0);
                sum += Math.Abs((double)change);
            }

            Assert.Equal((float)(sum / shape.Tensors[t].Length), BitConverter.ToSingle(signs, t * sizeof(float)));
        }

        Assert.Equal((3 * sizeof(float)) + ((shape.Length + 7) / 8), signs.Length);
        byte[] values = new Float32Codec().Encode(Context(shape), new BoardChange { Trained = trained });
        Assert.Equal(trained.SelectMany(BitConverter.GetBytes), values);
        BitConverter.TryWriteBytes(values.AsSpan(25_000 * sizeof(float)), float.NaN);
        Assert.Equal(Refusal.NonFinite, new Float32Codec().Check(Context(shape), values, out string reason));
        Assert.Contains("parameter 25000 ", reason, StringComparison.Ordinal);
        Assert.Equal(Records(2000), ((RecordChange)Decode(new ZerothOrderCodec(), shape, new BoardChange { Records = Records(2000) }))
            .Records.ToArray());
    }

    [Theory]
    [InlineData(Codec.Float32, float.NaN)]
    [InlineData(Codec.Float32, float.PositiveInfinity)]
    [InlineData(Codec.SignVote, float.NaN)]
    [InlineData(Codec.ZerothOrder, float.NegativeInfinity)]
    public void What_is_not_finite_is_refused(Codec kind, float value)
    {
        var shape = Shape(("a", 8));
        byte[] content = Encode(kind, shape);
        BitConverter.TryWriteBytes(content.AsSpan(kind == Codec.ZerothOrder ? 8 + 12 + 8 : 0), value);
        Assert.Equal(Refusal.NonFinite, UpdateCodec.Of(kind).Check(Context(shape), content, out _));
    }

    [Fact]
    public void An_exact_zero_votes_by_the_hash_bit_of_round_board_and_index()
    {
        var shape = Shape(("a", 64));
        byte[] content = new SignVoteCodec().Encode(Context(shape),
            new BoardChange { Base = UpdateBytes.Reader(new float[64]), Trained = new float[64] });
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
    public void Records_of_another_round_board_or_number_of_directions_are_refused()
    {
        var shape = Shape(("a", 8));
        byte[] content = Encode(Codec.ZerothOrder, shape);
        ZerothOrderCodec codec = new();
        Assert.Equal(Refusal.Malformed, codec.Check(Context(shape, Device + 1), content, out _));
        Assert.Equal(Refusal.Malformed, codec.Check(Context(shape) with { Round = Round + 1 }, content, out _));
        Assert.Equal(Refusal.Malformed, codec.Check(Context(shape) with { Directions = 1 }, content, out _));
    }

    [Fact]
    public void Shapes_with_other_names_or_lengths_have_another_hash()
    {
        Digest[] hashes = [Shape(("a", 8)).Hash, Shape(("b", 8)).Hash, Shape(("a", 9)).Hash, Shape(("a", 4), ("b", 4)).Hash,
            Shape(("a", 8), ("b", 1)).Hash];
        Assert.Equal(hashes.Length, hashes.Distinct().Count());
        Assert.Equal(Shape(("a", 8)).Hash, Shape(("a", 8)).Hash);
    }

    static UpdateChange Decode(UpdateCodec codec, UpdateShape shape, in BoardChange change) =>
        codec.Decode(Context(shape), codec.Encode(Context(shape), change));
}
