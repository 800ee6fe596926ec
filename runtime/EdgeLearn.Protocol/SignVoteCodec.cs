using System.Buffers.Binary;

namespace EdgeLearn.Protocol;

/// <summary>
/// One bit a parameter: [tensor count] float32 mean magnitude of each tensor's change, then one bit a parameter in order (1 = up, 0 = down,
/// lowest bit first), the last byte filled with zeros. A change of exactly zero votes by <see cref="RoundNoise.ZeroVote"/>.
/// One board, one vote; the hub moves each parameter by the median of the tensor's magnitudes towards the majority; a tie changes nothing.
/// Source: Bernstein et al., signSGD with majority vote, arXiv:1810.05291. Differs: the step is the boards' own median magnitude.
/// </summary>
public sealed class SignVoteCodec : UpdateCodec
{
    /// <inheritdoc/>
    public override Codec Kind => Codec.SignVote;

    /// <inheritdoc/>
    public override long LargestContentBytes(UpdateShape shape) => (long)shape.Tensors.Count * sizeof(float) + (shape.Length + 7L) / 8;

    /// <inheritdoc/>
    public override byte[] Encode(in UpdateContext context, in BoardChange change)
    {
        UpdateShape shape = context.Shape;
        if (change.Base.Length != shape.Length || change.Trained.Length != shape.Length)
            throw new ArgumentException($"{change.Base.Length} and {change.Trained.Length} weights for a shape of {shape.Length}", nameof(change));
        byte[] content = new byte[LargestContentBytes(shape)];
        Span<byte> bits = content.AsSpan(shape.Tensors.Count * sizeof(float));
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
        UpdateShape shape = context.Shape;
        if (content.Length != LargestContentBytes(shape))
        {
            reason = $"{content.Length} bytes, {LargestContentBytes(shape)} expected for {shape.Length} signs in {shape.Tensors.Count} tensors";
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
    public override UpdateSum NewSum(UpdateShape shape) => new SignVoteSum(shape);
}

sealed class SignVoteSum(UpdateShape shape) : UpdateSum
{
    readonly int[] _votes = new int[shape.Length];
    readonly List<float>[] _magnitudes = [.. shape.Tensors.Select(_ => new List<float>())];

    public override void Add(ulong device, ulong weight, ReadOnlySpan<byte> content)
    {
        for (int t = 0; t < _magnitudes.Length; t++)
            _magnitudes[t].Add(BinaryPrimitives.ReadSingleLittleEndian(content[(t * sizeof(float))..]));
        ReadOnlySpan<byte> bits = content[(_magnitudes.Length * sizeof(float))..];
        for (int i = 0; i < _votes.Length; i++)
            _votes[i] += (bits[i / 8] >> (i % 8) & 1) != 0 ? 1 : -1;
    }

    public override void Apply(UpdateTarget target)
    {
        Span<float> weights = target.Weights;
        int index = 0;
        for (int t = 0; t < _magnitudes.Length; t++)
        {
            float step = Median(_magnitudes[t]);
            int end = index + shape.Tensors[t].Length;
            for (; index < end; index++)
            {
                // A step of zero leaves even a negative zero as it is.
                if (step != 0 && _votes[index] != 0)
                    weights[index] += _votes[index] > 0 ? step : -step;
            }
        }
    }

    /// <summary>The middle value; of an even number the mean of the two middle ones, rounded once.</summary>
    static float Median(List<float> values)
    {
        if (values.Count == 0)
            return 0;
        values.Sort();
        int middle = values.Count / 2;
        return values.Count % 2 != 0 ? values[middle] : (float)(((double)values[middle - 1] + values[middle]) / 2);
    }
}
