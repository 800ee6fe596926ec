using System.Buffers.Binary;
using System.Numerics.Tensors;
using System.Runtime.InteropServices;

namespace EdgeLearn;

/// <summary>How a data file stores a number.</summary>
enum StoredNumber
{
    /// <summary>Unsigned, 1 byte.</summary>
    UInt8,

    /// <summary>Signed, 1 byte.</summary>
    Int8,

    /// <summary>Signed, 2 bytes.</summary>
    Int16,

    /// <summary>Signed, 4 bytes.</summary>
    Int32,

    /// <summary>Signed, 8 bytes.</summary>
    Int64,

    /// <summary>IEEE single, 4 bytes.</summary>
    Float32,

    /// <summary>IEEE double, 8 bytes.</summary>
    Float64,
}

/// <summary>Sizes and conversion of stored numbers.</summary>
static class StoredNumbers
{
    /// <summary>Bytes of one number.</summary>
    public static int ByteCount(this StoredNumber number) => number switch
    {
        StoredNumber.UInt8 or StoredNumber.Int8 => 1,
        StoredNumber.Int16 => 2,
        StoredNumber.Int32 or StoredNumber.Float32 => 4,
        _ => 8,
    };

    /// <summary>values = float(stored), each rounded to nearest.</summary>
    /// <param name="number">how <paramref name="stored"/> is to be read</param>
    /// <param name="bigEndian">byte order</param>
    /// <param name="stored">[values.Length * ByteCount] bytes; left in the machine's byte order</param>
    /// <param name="values">written</param>
    public static void Convert(this StoredNumber number, bool bigEndian, Span<byte> stored, Span<float> values)
    {
        bool swap = bigEndian == BitConverter.IsLittleEndian;
        switch (number)
        {
            case StoredNumber.UInt8:
                TensorPrimitives.ConvertTruncating<byte, float>(stored, values);
                break;
            case StoredNumber.Int8:
                TensorPrimitives.ConvertTruncating<sbyte, float>(MemoryMarshal.Cast<byte, sbyte>(stored), values);
                break;
            case StoredNumber.Int16:
                var shorts = MemoryMarshal.Cast<byte, short>(stored);
                if (swap) BinaryPrimitives.ReverseEndianness(shorts, shorts);
                TensorPrimitives.ConvertTruncating<short, float>(shorts, values);
                break;
            case StoredNumber.Int32:
                TensorPrimitives.ConvertTruncating<int, float>(Ints(stored, swap), values);
                break;
            case StoredNumber.Int64:
                TensorPrimitives.ConvertTruncating<long, float>(Longs(stored, swap), values);
                break;
            case StoredNumber.Float32:
                MemoryMarshal.Cast<int, float>(Ints(stored, swap)).CopyTo(values);
                break;
            case StoredNumber.Float64:
                TensorPrimitives.ConvertTruncating<double, float>(MemoryMarshal.Cast<long, double>(Longs(stored, swap)), values);
                break;
        }
    }

    static Span<int> Ints(Span<byte> stored, bool swap)
    {
        var ints = MemoryMarshal.Cast<byte, int>(stored);
        if (swap) BinaryPrimitives.ReverseEndianness(ints, ints);
        return ints;
    }

    static Span<long> Longs(Span<byte> stored, bool swap)
    {
        var longs = MemoryMarshal.Cast<byte, long>(stored);
        if (swap) BinaryPrimitives.ReverseEndianness(longs, longs);
        return longs;
    }
}
