using System.Buffers;
using System.Buffers.Binary;
using System.Text;

namespace EdgeLearn.Protocol;

/// <summary>
/// Writes what gets signed: little-endian numbers of fixed width, text and bytes behind their length. One value, one form.
/// </summary>
sealed class CanonicalWriter
{
    readonly ArrayBufferWriter<byte> _bytes = new();

    public byte[] ToArray() => _bytes.WrittenSpan.ToArray();

    public void WriteByte(byte value)
    {
        _bytes.GetSpan(1)[0] = value;
        _bytes.Advance(1);
    }

    public void WriteUInt16(ushort value)
    {
        BinaryPrimitives.WriteUInt16LittleEndian(_bytes.GetSpan(2), value);
        _bytes.Advance(2);
    }

    public void WriteUInt32(uint value)
    {
        BinaryPrimitives.WriteUInt32LittleEndian(_bytes.GetSpan(4), value);
        _bytes.Advance(4);
    }

    public void WriteUInt64(ulong value)
    {
        BinaryPrimitives.WriteUInt64LittleEndian(_bytes.GetSpan(8), value);
        _bytes.Advance(8);
    }

    public void WriteInt64(long value) => WriteUInt64((ulong)value);

    public void WriteDouble(double value) => WriteUInt64(BitConverter.DoubleToUInt64Bits(value));

    public void WriteDigest(Digest value)
    {
        value.CopyTo(_bytes.GetSpan(Digest.LengthBytes));
        _bytes.Advance(Digest.LengthBytes);
    }

    public void WriteBytes(ReadOnlySpan<byte> value) => _bytes.Write(value);

    /// <summary>Length in bytes (16 bits), then UTF-8.</summary>
    public void WriteText(string value)
    {
        byte[] text = Encoding.UTF8.GetBytes(value);
        if (text.Length > ushort.MaxValue)
            throw new EdgeLearnException($"a text of {text.Length} bytes is too long to sign: at most {ushort.MaxValue}");
        WriteUInt16((ushort)text.Length);
        WriteBytes(text);
    }
}
