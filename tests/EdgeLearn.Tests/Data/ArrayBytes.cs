using System.Buffers.Binary;
using System.IO.Compression;

namespace EdgeLearn.Tests;

/// <summary>A writer of IDX and npy files, from the formats' own descriptions and not from the product's code.</summary>
static class ArrayBytes
{
    public static byte[] Idx(byte type, int[] sizes, params double[] values)
    {
        var bytes = new List<byte> { 0, 0, type, (byte)sizes.Length };
        foreach (int size in sizes) bytes.AddRange(BigEndian(BitConverter.GetBytes(size)));
        foreach (double value in values) bytes.AddRange(BigEndian(IdxNumber(type, value)));
        return [.. bytes];
    }

    public static byte[] Npy(string descriptor, string shape, params double[] values) => NpyText(
        $"{{'descr': '{descriptor}', 'fortran_order': False, 'shape': {shape}, }}", [.. values.SelectMany(v => NpyNumber(descriptor, v))]);

    public static byte[] NpyText(string text, byte[] content, byte version = 1)
    {
        byte[] head = [0x93, .. "NUMPY"u8, version, 0];
        text += "\n";
        byte[] length = new byte[version == 1 ? 2 : 4];
        if (version == 1) BinaryPrimitives.WriteUInt16LittleEndian(length, (ushort)text.Length);
        else BinaryPrimitives.WriteUInt32LittleEndian(length, (uint)text.Length);
        return [.. head, .. length, .. System.Text.Encoding.ASCII.GetBytes(text), .. content];
    }

    public static byte[] Gzip(byte[] bytes)
    {
        using var stream = new MemoryStream();
        using (var gzip = new GZipStream(stream, CompressionLevel.Optimal)) gzip.Write(bytes);
        return stream.ToArray();
    }

    static byte[] IdxNumber(byte type, double value) => type switch
    {
        0x08 => [(byte)value],
        0x09 => [(byte)(sbyte)value],
        0x0B => BitConverter.GetBytes((short)value),
        0x0C => BitConverter.GetBytes((int)value),
        0x0D => BitConverter.GetBytes((float)value),
        _ => BitConverter.GetBytes(value),
    };

    static byte[] NpyNumber(string descriptor, double value)
    {
        byte[] bytes = descriptor[1..] switch
        {
            "u1" => [(byte)value],
            "i1" => [(byte)(sbyte)value],
            "i2" => BitConverter.GetBytes((short)value),
            "i4" => BitConverter.GetBytes((int)value),
            "i8" => BitConverter.GetBytes((long)value),
            "f4" => BitConverter.GetBytes((float)value),
            _ => BitConverter.GetBytes(value),
        };
        return descriptor[0] == '>' ? BigEndian(bytes) : bytes;
    }

    static byte[] BigEndian(byte[] littleEndian)
    {
        Array.Reverse(littleEndian);
        return littleEndian;
    }
}
