using System.Buffers.Binary;

namespace EdgeLearn;

/// <summary>
/// The IDX format of MNIST: bytes 0 0 type dimensions, then a big-endian 32-bit size a dimension, then the values, big-endian,
/// row-major. Types: 08 u8, 09 i8, 0B i16, 0C i32, 0D float, 0E double.
/// </summary>
static class IdxFile
{
    /// <summary>True when the bytes may begin an IDX file.</summary>
    public static bool HasMagic(ReadOnlySpan<byte> start)
        => start.Length >= 3 && start[0] == 0 && start[1] == 0 && Number(start[2]) is not null;

    /// <summary>Reads the header.</summary>
    /// <param name="start">the first bytes of the file: 20 are enough</param>
    /// <param name="name">the file, for messages</param>
    /// <exception cref="EdgeLearnException">It is no IDX header, is cut short, or has sizes that cannot be read.</exception>
    public static ArrayHeader ParseHeader(ReadOnlySpan<byte> start, string name)
    {
        if (!HasMagic(start)) throw new EdgeLearnException($"{name} is no IDX file");
        if (start.Length < 4) throw new EdgeLearnException($"{name}: the IDX header is cut short after {start.Length} bytes");
        int dimensions = start[3];
        int headerBytes = 4 + (4 * dimensions);
        if (dimensions is < 1 or > 4)
            throw new EdgeLearnException($"{name}: the IDX header gives {dimensions} dimensions; expected 1 to 4");
        if (start.Length < headerBytes)
            throw new EdgeLearnException($"{name}: the IDX header is cut short after {start.Length} of {headerBytes} bytes");
        Span<long> sizes = stackalloc long[4];
        for (int i = 0; i < dimensions; i++) sizes[i] = BinaryPrimitives.ReadUInt32BigEndian(start[(4 + (4 * i))..]);
        return ArrayHeader.Create(Number(start[2])!.Value, bigEndian: true, sizes[..dimensions], headerBytes, name);
    }

    static StoredNumber? Number(byte type) => type switch
    {
        0x08 => StoredNumber.UInt8,
        0x09 => StoredNumber.Int8,
        0x0B => StoredNumber.Int16,
        0x0C => StoredNumber.Int32,
        0x0D => StoredNumber.Float32,
        0x0E => StoredNumber.Float64,
        _ => null,
    };
}
