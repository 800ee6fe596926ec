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

/// <summary>Reads what <see cref="CanonicalWriter"/> writes; every length is checked before it is used.</summary>
/// <param name="bytes">What to read.</param>
/// <param name="what">Its name in an error.</param>
ref struct CanonicalReader(ReadOnlySpan<byte> bytes, string what)
{
    static readonly UTF8Encoding s_strict = new(false, throwOnInvalidBytes: true);

    readonly ReadOnlySpan<byte> _bytes = bytes;
    readonly string _what = what;
    int _position;

    public byte ReadByte() => Take(1)[0];

    public ushort ReadUInt16() => BinaryPrimitives.ReadUInt16LittleEndian(Take(2));

    public uint ReadUInt32() => BinaryPrimitives.ReadUInt32LittleEndian(Take(4));

    public ulong ReadUInt64() => BinaryPrimitives.ReadUInt64LittleEndian(Take(8));

    public long ReadInt64() => (long)ReadUInt64();

    public double ReadDouble() => BitConverter.UInt64BitsToDouble(ReadUInt64());

    public Digest ReadDigest() => new(Take(Digest.LengthBytes));

    public ReadOnlySpan<byte> ReadBytes(int count) => Take(count);

    public string ReadText()
    {
        int length = ReadUInt16();
        int at = _position;
        try
        {
            return s_strict.GetString(Take(length));
        }
        catch (ArgumentException)
        {
            throw new EdgeLearnException($"{_what}: the text at byte {at} is not UTF-8");
        }
    }

    public readonly void ExpectEnd()
    {
        if (_position != _bytes.Length)
            throw new EdgeLearnException($"{_what}: {_bytes.Length - _position} bytes too many after byte {_position}");
    }

    ReadOnlySpan<byte> Take(int count)
    {
        if (_bytes.Length - _position < count)
        {
            throw new EdgeLearnException($"{_what} is cut off: {count} bytes expected at byte {_position}, {_bytes.Length - _position} "
                + $"there");
        }
        var taken = _bytes.Slice(_position, count);
        _position += count;
        return taken;
    }
}
