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
    public override void Encode(in UpdateContext context, in BoardChange change, Stream content)
    {
        if (change.Trained.Length != context.Shape.Length)
            throw new ArgumentException($"{change.Trained.Length} weights for a shape of {context.Shape.Length}", nameof(change));
        content.Write(MemoryMarshal.AsBytes(change.Trained));
    }

    /// <inheritdoc/>
    public override Refusal Check(in UpdateContext context, Stream content, out string reason)
    {
        var shape = context.Shape;
        if (content.Length != LargestContentBytes(shape))
        {
            reason = $"{content.Length} bytes, {LargestContentBytes(shape)} expected for {shape.Length} float32";
            return Refusal.WrongShape;
        }
        float[] piece = new float[PieceLength];
        for (int i = 0; i < shape.Length; i += PieceLength)
        {
            var values = piece.AsSpan(0, Math.Min(PieceLength, shape.Length - i));
            content.ReadExactly(MemoryMarshal.AsBytes(values));
            for (int j = 0; j < values.Length; j++)
            {
                if (float.IsFinite(values[j])) continue;
                reason = $"parameter {i + j} is {values[j]}";
                return Refusal.NonFinite;
            }
        }
        reason = "";
        return Refusal.None;
    }

    /// <inheritdoc/>
    public override UpdateChange Decode(in UpdateContext context, Stream content)
    {
        float[] values = new float[context.Shape.Length];
        content.ReadExactly(MemoryMarshal.AsBytes(values.AsSpan()));
        return new ValueChange(values);
    }
}
