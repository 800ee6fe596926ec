using System.Buffers;
using System.Runtime.InteropServices;
using System.Text;

namespace EdgeLearn.OnnxRuntime;

/// <summary>Writes protobuf fields.</summary>
sealed class WireWriter
{
    readonly ArrayBufferWriter<byte> _bytes = new();

    public byte[] ToArray() => _bytes.WrittenSpan.ToArray();

    public WireWriter Varint(int number, ulong value)
    {
        Raw((ulong)number << 3 | (ulong)WireType.Varint);
        Raw(value);
        return this;
    }

    public WireWriter Bytes(int number, ReadOnlySpan<byte> content)
    {
        Header(number, content.Length);
        _bytes.Write(content);
        return this;
    }

    public WireWriter Text(int number, string text) => Bytes(number, Encoding.UTF8.GetBytes(text));

    /// <summary>A field of float32 values in the little-endian order of the format.</summary>
    public WireWriter Floats(int number, ReadOnlySpan<float> values)
    {
        Header(number, values.Length * sizeof(float));
        if (BitConverter.IsLittleEndian)
        {
            _bytes.Write(MemoryMarshal.AsBytes(values));
            return this;
        }

        foreach (float value in values) System.Buffers.Binary.BinaryPrimitives.WriteSingleLittleEndian(Reserve(sizeof(float)), value);
        return this;
    }

    /// <summary>Tag and length of a field of bytes; its content follows.</summary>
    public WireWriter Header(int number, long contentLength)
    {
        Raw((ulong)number << 3 | (ulong)WireType.Bytes);
        Raw((ulong)contentLength);
        return this;
    }

    /// <summary>Bytes as they are.</summary>
    public void Copy(ReadOnlySpan<byte> bytes) => _bytes.Write(bytes);

    void Raw(ulong value)
    {
        for (; value >= 0x80; value >>= 7) Reserve(1)[0] = (byte)(value | 0x80);
        Reserve(1)[0] = (byte)value;
    }

    Span<byte> Reserve(int length)
    {
        var span = _bytes.GetSpan(length)[..length];
        _bytes.Advance(length);
        return span;
    }
}

/// <summary>
/// Replaces ranges of a file and copies everything else byte for byte: fields that this library does not know stay as they were, whoever
/// wrote them.
/// </summary>
sealed class WireSplice(byte[] source)
{
    readonly List<(ByteRange Range, byte[] Replacement)> _edits = [];

    /// <summary>By how much the result is longer than the source.</summary>
    public long Growth { get; private set; }

    /// <summary>Replaces a range; ranges may touch but not overlap.</summary>
    public void Replace(ByteRange range, byte[] replacement)
    {
        _edits.Add((range, replacement));
        Growth += replacement.Length - range.Length;
    }

    /// <summary>The edited file.</summary>
    /// <exception cref="EdgeLearnException">It would be 2 GiB or larger, more than protobuf allows.</exception>
    public byte[] Apply()
    {
        if (source.Length + Growth > Array.MaxLength)
        {
            throw new EdgeLearnException($"the ONNX model would have {source.Length + Growth:N0} bytes, more than the 2 GiB that the "
                + $"format allows");
        }
        byte[] result = new byte[source.Length + Growth];
        _edits.Sort((a, b) => a.Range.Start != b.Range.Start ? a.Range.Start.CompareTo(b.Range.Start) : a.Range.End.CompareTo(b.Range.End));
        int from = 0, to = 0;
        foreach (var (range, replacement) in _edits)
        {
            source.AsSpan(from, range.Start - from).CopyTo(result.AsSpan(to));
            to += range.Start - from;
            replacement.CopyTo(result, to);
            to += replacement.Length;
            from = range.End;
        }

        source.AsSpan(from).CopyTo(result.AsSpan(to));
        return result;
    }
}
