using System.Buffers.Binary;
using System.Numerics;
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

    /// <summary>1 byte: 0, or anything else for 1.</summary>
    Boolean,

    /// <summary>Unsigned, 2 bytes.</summary>
    UInt16,

    /// <summary>Unsigned, 4 bytes.</summary>
    UInt32,

    /// <summary>Unsigned, 8 bytes.</summary>
    UInt64,

    /// <summary>IEEE half, 2 bytes.</summary>
    Float16,
}

/// <summary>Sizes and conversion of stored numbers.</summary>
static class StoredNumbers
{
    /// <summary>Bytes of one number.</summary>
    public static int ByteCount(this StoredNumber number) => number switch
    {
        StoredNumber.UInt8 or StoredNumber.Int8 or StoredNumber.Boolean => 1,
        StoredNumber.Int16 or StoredNumber.UInt16 or StoredNumber.Float16 => 2,
        StoredNumber.Int32 or StoredNumber.UInt32 or StoredNumber.Float32 => 4,
        _ => 8,
    };

    /// <summary>values = float(stored), each rounded to nearest once.</summary>
    /// <param name="number">how <paramref name="stored"/> is to be read</param>
    /// <param name="bigEndian">byte order</param>
    /// <param name="stored">[values.Length * ByteCount] bytes; left in the machine's byte order</param>
    /// <param name="values">written</param>
    public static void Convert(this StoredNumber number, bool bigEndian, Span<byte> stored, Span<float> values)
    {
        if (bigEndian == BitConverter.IsLittleEndian) Swap(stored, number.ByteCount());
        switch (number)
        {
            case StoredNumber.UInt8: To<byte>(stored, values); break;
            case StoredNumber.Int8: To<sbyte>(stored, values); break;
            case StoredNumber.Int16: To<short>(stored, values); break;
            case StoredNumber.UInt16: To<ushort>(stored, values); break;
            case StoredNumber.Int32: To<int>(stored, values); break;
            case StoredNumber.UInt32: To<uint>(stored, values); break;
            case StoredNumber.Int64: To<long>(stored, values); break;
            case StoredNumber.UInt64: To<ulong>(stored, values); break;
            case StoredNumber.Float16: To<Half>(stored, values); break;
            case StoredNumber.Float32: MemoryMarshal.Cast<byte, float>(stored).CopyTo(values); break;
            case StoredNumber.Float64: To<double>(stored, values); break;
            case StoredNumber.Boolean:
                for (int i = 0; i < values.Length; i++) values[i] = stored[i] == 0 ? 0 : 1;
                break;
        }
    }

    static void To<T>(Span<byte> stored, Span<float> values)
        where T : unmanaged, INumberBase<T>
        => TensorPrimitives.ConvertTruncating<T, float>(MemoryMarshal.Cast<byte, T>(stored), values);

    static void Swap(Span<byte> stored, int byteCount)
    {
        switch (byteCount)
        {
            case 2:
                var shorts = MemoryMarshal.Cast<byte, short>(stored);
                BinaryPrimitives.ReverseEndianness(shorts, shorts);
                break;
            case 4:
                var ints = MemoryMarshal.Cast<byte, int>(stored);
                BinaryPrimitives.ReverseEndianness(ints, ints);
                break;
            case 8:
                var longs = MemoryMarshal.Cast<byte, long>(stored);
                BinaryPrimitives.ReverseEndianness(longs, longs);
                break;
        }
    }
}
