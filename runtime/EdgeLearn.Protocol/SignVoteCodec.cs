using System.Buffers.Binary;

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
    public override byte[] Encode(in UpdateContext context, in BoardChange change)
    {
        var shape = context.Shape;
        if (change.Base.Length != shape.Length || change.Trained.Length != shape.Length)
        {
            throw new ArgumentException($"{change.Base.Length} and {change.Trained.Length} weights for a shape of {shape.Length}",
                nameof(change));
        }
        byte[] content = new byte[LargestContentBytes(shape)];
        var bits = content.AsSpan(shape.Tensors.Count * sizeof(float));
        int index = 0;
        for (int t = 0; t < shape.Tensors.Count; t++)
        {
            double sum = 0;
            int end = index + shape.Tensors[t].Length;
            for (; index < end; index++)
            {
                float difference = change.Trained[index] - change.Base[index];
                sum += Math.Abs((double)difference);
                bool up = difference > 0 || (difference == 0 && RoundNoise.ZeroVote(context.Round, context.Device, index));
                if (up)
                    bits[index / 8] |= (byte)(1 << (index % 8));
            }
            BinaryPrimitives.WriteSingleLittleEndian(content.AsSpan(t * sizeof(float)), (float)(sum / shape.Tensors[t].Length));
        }
        return content;
    }

    /// <inheritdoc/>
    public override Refusal Check(in UpdateContext context, ReadOnlySpan<byte> content, out string reason)
    {
        var shape = context.Shape;
        if (content.Length != LargestContentBytes(shape))
        {
            reason = $"{content.Length} bytes, {LargestContentBytes(shape)} expected for {shape.Length} signs in {shape.Tensors.Count} "
                + $"tensors";
            return Refusal.WrongShape;
        }
        for (int t = 0; t < shape.Tensors.Count; t++)
        {
            float magnitude = BinaryPrimitives.ReadSingleLittleEndian(content[(t * sizeof(float))..]);
            if (!float.IsFinite(magnitude))
            {
                reason = $"the mean magnitude of {shape.Tensors[t].Name} is {magnitude}";
                return Refusal.NonFinite;
            }
            if (BitConverter.SingleToUInt32Bits(magnitude) >> 31 != 0)
            {
                reason = $"the mean magnitude of {shape.Tensors[t].Name} is negative";
                return Refusal.Malformed;
            }
        }
        if (shape.Length % 8 != 0 && content[^1] >> (shape.Length % 8) != 0)
        {
            reason = "the bits after the last sign are not zero";
            return Refusal.Malformed;
        }
        reason = "";
        return Refusal.None;
    }

    /// <inheritdoc/>
    public override UpdateChange Decode(in UpdateContext context, ReadOnlySpan<byte> content)
    {
        float[] magnitudes = new float[context.Shape.Tensors.Count];
        for (int t = 0; t < magnitudes.Length; t++) magnitudes[t] = BinaryPrimitives.ReadSingleLittleEndian(content[(t * sizeof(float))..]);
        return new VoteChange(magnitudes, content[(magnitudes.Length * sizeof(float))..].ToArray());
    }
}
