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

    /// <summary>Texts as NumPy stores them: &lt;U, &gt;U by 4 bytes a character and |S by 1, filled up with zeros.</summary>
    public static byte[] NpyTexts(string descriptor, string shape, params string[] texts)
    {
        int width = int.Parse(descriptor[2..], System.Globalization.CultureInfo.InvariantCulture);
        return NpyText($"{{'descr': '{descriptor}', 'fortran_order': False, 'shape': {shape}, }}", [.. texts.SelectMany(Bytes)]);

        byte[] Bytes(string text)
        {
            var encoding = descriptor[1] == 'S'
                ? System.Text.Encoding.UTF8
                : new System.Text.UTF32Encoding(bigEndian: descriptor[0] == '>', byteOrderMark: false);
            byte[] bytes = encoding.GetBytes(text);
            return [.. bytes, .. new byte[(width * (descriptor[1] == 'S' ? 1 : 4)) - bytes.Length]];
        }
    }

    /// <summary>A zip of arrays, as numpy.savez and numpy.savez_compressed write it.</summary>
    public static byte[] Zip(bool compressed, params (string Name, byte[] Bytes)[] entries)
    {
        using var stream = new MemoryStream();
        using (var zip = new ZipArchive(stream, ZipArchiveMode.Create, leaveOpen: true))
        {
            foreach (var (name, bytes) in entries)
            {
                using var entry = zip.CreateEntry(name, compressed ? CompressionLevel.Optimal : CompressionLevel.NoCompression).Open();
                entry.Write(bytes);
            }
        }

        return stream.ToArray();
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
            "b1" => [(byte)value],
            "u2" => BitConverter.GetBytes((ushort)value),
            "u4" => BitConverter.GetBytes((uint)value),
            "u8" => BitConverter.GetBytes((ulong)value),
            "f2" => BitConverter.GetBytes((Half)value),
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
