using System.Buffers.Binary;
using System.Runtime.InteropServices;

namespace EdgeLearn.Protocol;

/// <summary>The weights after local training: [shape length] float32, little-endian. Summed as an exact mean weighted by example count (FedAvg).</summary>
public sealed class Float32Codec : UpdateCodec
{
    /// <inheritdoc/>
    public override Codec Kind => Codec.Float32;

    /// <inheritdoc/>
    public override long LargestContentBytes(UpdateShape shape) => (long)shape.Length * sizeof(float);

    /// <inheritdoc/>
    public override byte[] Encode(in UpdateContext context, in BoardChange change)
    {
        UpdateShape shape = context.Shape;
        if (change.Trained.Length != shape.Length)
            throw new ArgumentException($"{change.Trained.Length} weights for a shape of {shape.Length}", nameof(change));
        byte[] content = new byte[shape.Length * sizeof(float)];
        if (BitConverter.IsLittleEndian)
            MemoryMarshal.AsBytes(change.Trained).CopyTo(content);
        else
            for (int i = 0; i < shape.Length; i++)
                BinaryPrimitives.WriteSingleLittleEndian(content.AsSpan(i * sizeof(float)), change.Trained[i]);
        return content;
    }

    /// <inheritdoc/>
    public override Refusal Check(in UpdateContext context, ReadOnlySpan<byte> content, out string reason)
    {
        UpdateShape shape = context.Shape;
        if (content.Length != LargestContentBytes(shape))
        {
            reason = $"{content.Length} bytes, {LargestContentBytes(shape)} expected for {shape.Length} float32";
            return Refusal.WrongShape;
        }
        for (int i = 0; i < shape.Length; i++)
        {
            float value = BinaryPrimitives.ReadSingleLittleEndian(content[(i * sizeof(float))..]);
            if (!float.IsFinite(value))
            {
                reason = $"parameter {i} is {value}";
                return Refusal.NonFinite;
            }
        }
        reason = "";
        return Refusal.None;
    }

    /// <inheritdoc/>
    public override UpdateSum NewSum(UpdateShape shape) => new Float32Sum(shape);
}

sealed class Float32Sum(UpdateShape shape) : UpdateSum
{
    readonly FixedPointSum _sum = new(shape.Length);

    public override void Add(ulong device, ulong weight, ReadOnlySpan<byte> content)
    {
        Span<float> piece = stackalloc float[256];
        for (int start = 0; start < shape.Length; start += piece.Length)
        {
            int count = Math.Min(piece.Length, shape.Length - start);
            for (int i = 0; i < count; i++)
                piece[i] = BinaryPrimitives.ReadSingleLittleEndian(content[((start + i) * sizeof(float))..]);
            _sum.Add(start, piece[..count], weight);
        }
        _sum.AddWeight(weight);
    }

    public override void Apply(UpdateTarget target) => _sum.Mean(target.Weights);
}
