using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text;

namespace EdgeLearn.Datasets;

/// <summary>
/// Inputs, labels and groups of samples that were made once from files of another kind: three npy arrays one behind the other in one file
/// of the cache.
/// </summary>
sealed class ConvertedArrays
{
    ConvertedArrays(ArrayFile inputs, ArrayFile labels, ArrayFile? groups)
    {
        Inputs = inputs;
        Labels = labels;
        Groups = groups;
    }

    /// <summary>One item a sample; owns the open file together with the others.</summary>
    public ArrayFile Inputs { get; }

    /// <summary>The class of each sample.</summary>
    public ArrayFile Labels { get; }

    /// <summary>The group of each sample; null where there are none.</summary>
    public ArrayFile? Groups { get; }

    /// <summary>Opens the arrays, making them first where that has not been done.</summary>
    /// <param name="meaning">says what they are made of and how, so that another meaning gets another file</param>
    /// <param name="name">what the user calls them</param>
    /// <param name="cache">where they are kept</param>
    /// <param name="write">writes inputs, then the rest with <see cref="WriteShorts"/></param>
    /// <param name="grouped">whether groups follow the labels</param>
    /// <exception cref="EdgeLearnException">They cannot be made, or the kept file is damaged.</exception>
    public static ConvertedArrays Open(string meaning, string name, FileCache cache, Action<Stream> write, bool grouped)
    {
        string file = Convert.ToHexStringLower(Sha256.Hash(Encoding.UTF8.GetBytes(meaning))) + ".arrays";
        var source = cache.GetOrCreate(file, name, -1, write);
        try
        {
            var inputs = HeaderAt(source, 0);
            var labels = HeaderAt(source, inputs.TotalBytes);
            var groups = grouped ? HeaderAt(source, labels.TotalBytes) : labels;
            groups.CheckLength(source.Length, source.Name);
            return new ConvertedArrays(new ArrayFile(source, inputs), new ArrayFile(source, labels),
                grouped ? new ArrayFile(source, groups) : null);
        }
        catch (EdgeLearnException e)
        {
            source.Dispose();
            throw new EdgeLearnException($"the converted file {Path.Combine(cache.Folder, file)} is damaged; delete it and try again", e);
        }
    }

    /// <summary>Leaves room for the header of the inputs, which <see cref="WriteHeader"/> fills when their number is known.</summary>
    public static void ReserveHeader(Stream destination) => destination.Write(new byte[NpyFile.WrittenHeaderBytes]);

    /// <summary>Writes the header of the inputs and goes back to the end.</summary>
    public static void WriteHeader(Stream destination, StoredNumber number, params ReadOnlySpan<int> sizes)
    {
        byte[] header = new byte[NpyFile.WrittenHeaderBytes];
        NpyFile.WriteHeader(header, number, sizes);
        destination.Position = 0;
        destination.Write(header);
        destination.Seek(0, SeekOrigin.End);
    }

    /// <summary>Writes one array of labels or groups.</summary>
    public static void WriteShorts(Stream destination, IReadOnlyList<short> values)
    {
        byte[] header = new byte[NpyFile.WrittenHeaderBytes];
        NpyFile.WriteHeader(header, StoredNumber.Int16, values.Count);
        destination.Write(header);
        byte[] bytes = new byte[values.Count * sizeof(short)];
        for (int i = 0; i < values.Count; i++) BinaryPrimitives.WriteInt16LittleEndian(bytes.AsSpan(i * sizeof(short)), values[i]);
        destination.Write(bytes);
    }

    /// <summary>Writes floats, little-endian.</summary>
    public static void WriteFloats(Stream destination, ReadOnlySpan<float> values)
    {
        if (BitConverter.IsLittleEndian)
        {
            destination.Write(MemoryMarshal.AsBytes(values));
            return;
        }

        Span<byte> bytes = stackalloc byte[sizeof(float)];
        foreach (float value in values)
        {
            BinaryPrimitives.WriteSingleLittleEndian(bytes, value);
            destination.Write(bytes);
        }
    }

    /// <summary>The header of the array that begins at an offset, whose data begins behind it.</summary>
    public static ArrayHeader HeaderAt(ByteSource source, long offset)
    {
        byte[] bytes = new byte[NpyFile.WrittenHeaderBytes];
        source.Read(offset, bytes);
        var header = NpyFile.ParseHeader(bytes, source.Name);
        return header with { StartBytes = offset + header.StartBytes };
    }
}
