using System.Numerics;

namespace EdgeLearn;

/// <summary>
/// The bytes of a file as sequences of tokens: each sample is a window of so many bytes, and the label of each step is the byte that
/// follows it. Windows do not overlap; what is left over at the end is not read. Any file can be read so, text in any language among them.
/// </summary>
sealed class TextDataset : Dataset
{
    const int Words = 256;

    readonly ByteSource _source;

    /// <summary>Divides bytes into windows.</summary>
    /// <param name="source">the bytes; owned by this set</param>
    /// <param name="steps">bytes of a window</param>
    /// <exception cref="EdgeLearnException">There is not one window, or there are too many.</exception>
    public TextDataset(ByteSource source, int steps)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(steps, 1);
        long count = (source.Length - 1) / steps;
        if (source.Length <= steps)
        {
            throw new EdgeLearnException($"{source.Name} has {source.Length} bytes; a window of {steps} and the byte behind it "
                + $"need {steps + 1L}");
        }
        if (count > int.MaxValue)
            throw new EdgeLearnException($"{source.Name} has {count:N0} windows of {steps} bytes; at most {int.MaxValue:N0} can be read");
        _source = source;
        Count = (int)count;
        InputShape = Shape.Vector(steps);
    }

    public override string Name => _source.Name;

    public override int Count { get; }

    public override Shape InputShape { get; }

    public override int ClassCount => Words;

    public override int TargetLength => 0;

    public override int LabelLength => InputLength;

    public override void ReadInput(int index, Span<float> raw) => Read((long)index * InputLength, raw);

    public override void ReadLabels(int index, Span<int> labels) => Read((long)index * InputLength + 1, labels);

    void Read<T>(long offset, Span<T> values)
        where T : unmanaged, INumberBase<T>
    {
        Span<byte> bytes = stackalloc byte[256];
        for (int i = 0; i < values.Length; i += bytes.Length)
        {
            var part = bytes[..Math.Min(bytes.Length, values.Length - i)];
            _source.Read(offset + i, part);
            for (int k = 0; k < part.Length; k++) values[i + k] = T.CreateTruncating(part[k]);
        }
    }

    public override int Label(int index)
    {
        byte last = 0;
        _source.Read(((long)index + 1) * InputLength, new Span<byte>(ref last));
        return last;
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing) _source.Dispose();
        base.Dispose(disposing);
    }
}
