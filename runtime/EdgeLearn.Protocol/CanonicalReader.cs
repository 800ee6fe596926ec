using System.Buffers.Binary;
using System.Text;

namespace EdgeLearn.Protocol;

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
