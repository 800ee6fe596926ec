using System.Buffers.Binary;
using System.Runtime.InteropServices;

namespace EdgeLearn.Protocol;

/// <summary>The weights after local training: [shape length] float32, little-endian.</summary>
public sealed class Float32Codec : UpdateCodec
{
    /// <inheritdoc/>
    public override Codec Kind => Codec.Float32;

    /// <inheritdoc/>
    public override string Name => "float32";

    /// <inheritdoc/>
    public override ChangeKind Gives => ChangeKind.Values;

    /// <inheritdoc/>
    public override long LargestContentBytes(UpdateShape shape) => (long)shape.Length * sizeof(float);

    /// <inheritdoc/>
    public override byte[] Encode(in UpdateContext context, in BoardChange change)
    {
        var shape = context.Shape;
        if (change.Trained.Length != shape.Length)
            throw new ArgumentException($"{change.Trained.Length} weights for a shape of {shape.Length}", nameof(change));
        byte[] content = new byte[shape.Length * sizeof(float)];
        if (BitConverter.IsLittleEndian)
        {
            MemoryMarshal.AsBytes(change.Trained).CopyTo(content);
        }
        else
        {
            for (int i = 0; i < shape.Length; i++)
                BinaryPrimitives.WriteSingleLittleEndian(content.AsSpan(i * sizeof(float)), change.Trained[i]);
        }
        return content;
    }

    /// <inheritdoc/>
    public override Refusal Check(in UpdateContext context, ReadOnlySpan<byte> content, out string reason)
    {
        var shape = context.Shape;
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
    public override UpdateChange Decode(in UpdateContext context, ReadOnlySpan<byte> content)
    {
        float[] values = new float[context.Shape.Length];
        for (int i = 0; i < values.Length; i++) values[i] = BinaryPrimitives.ReadSingleLittleEndian(content[(i * sizeof(float))..]);
        return new ValueChange(values);
    }
}
