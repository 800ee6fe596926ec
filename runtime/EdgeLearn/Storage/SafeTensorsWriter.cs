using System.Buffers;
using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text.Json;

namespace EdgeLearn;

/// <summary>
/// Writes a safetensors file, tensor after tensor from where each lies: nothing but the header is ever built in memory. Tensors and
/// metadata keep their order and the header is padded with spaces to 8 bytes, so the same content gives the same bytes on every machine:
/// files are named by their digest.
/// </summary>
sealed class SafeTensorsWriter
{
    readonly List<(string Key, string Value)> _metadata = [];
    readonly List<(string Name, string Type, int[] Shape, long Bytes, Action<Stream> Write)> _tensors = [];

    /// <summary>Adds a text entry.</summary>
    public void AddMetadata(string key, string value) => _metadata.Add((key, value));

    /// <summary>Adds a few floats; they are copied.</summary>
    public void Add(string name, ReadOnlySpan<int> shape, ReadOnlySpan<float> values)
        => Add(name, "F32", shape, MemoryMarshal.AsBytes(values));

    /// <summary>Adds a few integers; they are copied.</summary>
    public void Add(string name, ReadOnlySpan<int> shape, ReadOnlySpan<int> values)
        => Add(name, "I32", shape, MemoryMarshal.AsBytes(values));

    /// <summary>Adds a small tensor of any type; the bytes are copied.</summary>
    public void Add(string name, string type, ReadOnlySpan<int> shape, ReadOnlySpan<byte> content)
    {
        byte[] copy = content.ToArray();
        Add(name, type, shape, copy.Length, file => file.Write(copy));
    }

    /// <summary>Adds a tensor that stays where it is until the file is written.</summary>
    /// <param name="name">unique in the file</param>
    /// <param name="type">of its elements, in the format's words</param>
    /// <param name="shape">logical shape</param>
    /// <param name="bytes">length</param>
    /// <param name="write">writes so many bytes; called each time that the file is written</param>
    public void Add(string name, string type, ReadOnlySpan<int> shape, long bytes, Action<Stream> write)
        => _tensors.Add((name, type, shape.ToArray(), bytes, write));

    /// <summary>Bytes of the whole file.</summary>
    public long LengthBytes => Head().Length + _tensors.Sum(tensor => tensor.Bytes);

    /// <summary>Writes the whole file.</summary>
    public void WriteTo(Stream file)
    {
        file.Write(Head());
        foreach (var tensor in _tensors) tensor.Write(file);
    }

    /// <summary>The whole file in memory.</summary>
    public byte[] ToArray()
    {
        byte[] file = new byte[LengthBytes];
        WriteTo(new MemoryStream(file));
        return file;
    }

    byte[] Head()
    {
        var header = new ArrayBufferWriter<byte>();
        WriteHeader(header);
        int padding = -header.WrittenCount & 7;
        byte[] head = new byte[8 + header.WrittenCount + padding];
        BinaryPrimitives.WriteUInt64LittleEndian(head, (ulong)(header.WrittenCount + padding));
        header.WrittenSpan.CopyTo(head.AsSpan(8));
        head.AsSpan(8 + header.WrittenCount).Fill((byte)' ');
        return head;
    }

    void WriteHeader(ArrayBufferWriter<byte> header)
    {
        long offset = 0;
        using var json = new Utf8JsonWriter(header);
        json.WriteStartObject();
        json.WriteStartObject("__metadata__");
        foreach (var (key, value) in _metadata) json.WriteString(key, value);
        json.WriteEndObject();
        foreach (var tensor in _tensors)
        {
            json.WriteStartObject(tensor.Name);
            json.WriteString("dtype", tensor.Type);
            json.WriteStartArray("shape");
            foreach (int size in tensor.Shape) json.WriteNumberValue(size);
            json.WriteEndArray();
            json.WriteStartArray("data_offsets");
            json.WriteNumberValue(offset);
            json.WriteNumberValue(offset += tensor.Bytes);
            json.WriteEndArray();
            json.WriteEndObject();
        }

        json.WriteEndObject();
        json.Flush();
    }
}
