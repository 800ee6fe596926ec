using System.Buffers.Binary;
using System.Runtime.InteropServices;

namespace EdgeLearn.Protocol;

/// <summary>
/// One bit a parameter: [tensor count] float32 mean magnitude of each tensor's change, then one bit a parameter in order (1 = up, 0 = down,
/// lowest bit first), the last byte filled with zeros. A change of exactly zero votes by <see cref="RoundNoise.ZeroVote"/>.
/// </summary>
public sealed class SignVoteCodec : UpdateCodec
{
    /// <inheritdoc/>
    public override Codec Kind => Codec.SignVote;

    /// <inheritdoc/>
    public override string Name => "sign";

    /// <inheritdoc/>
    public override ChangeKind Gives => ChangeKind.Votes;

    /// <inheritdoc/>
    public override long LargestContentBytes(UpdateShape shape) => (long)shape.Tensors.Count * sizeof(float) + (shape.Length + 7L) / 8;

    /// <inheritdoc/>
    public override void Encode(in UpdateContext context, in BoardChange change, Stream content)
    {
        var shape = context.Shape;
        if (change.Trained.Length != shape.Length)
            throw new ArgumentException($"{change.Trained.Length} weights for a shape of {shape.Length}", nameof(change));
        float[] differences = new float[PieceLength];
        WriteMagnitudes(shape, change, differences, content);
        byte[] bits = new byte[PieceLength / 8];
        for (int i = 0; i < shape.Length; i += PieceLength)
        {
            var values = Differences(change, i, shape.Length, differences);
            Array.Clear(bits);
            for (int j = 0; j < values.Length; j++)
            {
                bool up = values[j] > 0 || (values[j] == 0 && RoundNoise.ZeroVote(context.Round, context.Device, i + j));
                if (up) bits[j / 8] |= (byte)(1 << (j % 8));
            }

            content.Write(bits, 0, (values.Length + 7) / 8);
        }
    }

    static void WriteMagnitudes(UpdateShape shape, in BoardChange change, float[] differences, Stream content)
    {
        Span<byte> magnitude = stackalloc byte[sizeof(float)];
        int start = 0;
        foreach (var tensor in shape.Tensors)
        {
            double sum = 0;
            for (int end = start + tensor.Length, i = start; i < end; i += PieceLength)
            {
                foreach (float difference in Differences(change, i, end, differences)) sum += Math.Abs((double)difference);
            }

            start += tensor.Length;
            BinaryPrimitives.WriteSingleLittleEndian(magnitude, (float)(sum / tensor.Length));
            content.Write(magnitude);
        }
    }

    // Trained less base, of the parameters from start on, a piece of them and not beyond end.
    static Span<float> Differences(in BoardChange change, int start, int end, float[] differences)
    {
        var values = differences.AsSpan(0, Math.Min(PieceLength, end - start));
        change.Base(start, values);
        for (int i = 0; i < values.Length; i++) values[i] = change.Trained[start + i] - values[i];
        return values;
    }

    /// <inheritdoc/>
    public override Refusal Check(in UpdateContext context, Stream content, out string reason)
    {
        var shape = context.Shape;
        if (content.Length != LargestContentBytes(shape))
        {
            reason = $"{content.Length} bytes, {LargestContentBytes(shape)} expected for {shape.Length} signs in {shape.Tensors.Count} "
                + $"tensors";
            return Refusal.WrongShape;
        }
        float[] magnitudes = Magnitudes(shape, content);
        for (int t = 0; t < magnitudes.Length; t++)
        {
            if (!float.IsFinite(magnitudes[t]))
            {
                reason = $"the mean magnitude of {shape.Tensors[t].Name} is {magnitudes[t]}";
                return Refusal.NonFinite;
            }
            if (float.IsNegative(magnitudes[t]))
            {
                reason = $"the mean magnitude of {shape.Tensors[t].Name} is negative";
                return Refusal.Malformed;
            }
        }
        content.Seek(-1, SeekOrigin.End);
        if (shape.Length % 8 != 0 && content.ReadByte() >> (shape.Length % 8) != 0)
        {
            reason = "the bits after the last sign are not zero";
            return Refusal.Malformed;
        }
        reason = "";
        return Refusal.None;
    }

    /// <inheritdoc/>
    public override UpdateChange Decode(in UpdateContext context, Stream content)
    {
        float[] magnitudes = Magnitudes(context.Shape, content);
        byte[] votes = new byte[content.Length - content.Position];
        content.ReadExactly(votes);
        return new VoteChange(magnitudes, votes);
    }

    static float[] Magnitudes(UpdateShape shape, Stream content)
    {
        float[] magnitudes = new float[shape.Tensors.Count];
        content.ReadExactly(MemoryMarshal.AsBytes(magnitudes.AsSpan()));
        return magnitudes;
    }
}
