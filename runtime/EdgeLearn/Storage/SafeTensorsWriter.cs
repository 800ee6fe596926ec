using System.Buffers;
using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text.Json;

namespace EdgeLearn;

/// <summary>
/// Writes a safetensors file in memory. Tensors and metadata keep their order and the header is padded with spaces to 8 bytes, so the same
/// content gives the same bytes on every machine: files are named by their digest.
/// </summary>
sealed class SafeTensorsWriter
{
    readonly List<(string Key, string Value)> _metadata = [];
    readonly List<(string Name, string Type, int[] Shape, byte[] Content)> _tensors = [];

    /// <summary>Adds a text entry.</summary>
    public void AddMetadata(string key, string value) => _metadata.Add((key, value));

    /// <summary>Adds a float tensor; the values are copied.</summary>
    public void Add(string name, ReadOnlySpan<int> shape, ReadOnlySpan<float> values)
        => _tensors.Add((name, "F32", shape.ToArray(), MemoryMarshal.AsBytes(values).ToArray()));

    /// <summary>Adds an integer tensor; the values are copied.</summary>
    public void Add(string name, ReadOnlySpan<int> shape, ReadOnlySpan<int> values)
        => _tensors.Add((name, "I32", shape.ToArray(), MemoryMarshal.AsBytes(values).ToArray()));

    /// <summary>Adds a tensor of any type; the bytes are copied.</summary>
    public void Add(string name, string type, ReadOnlySpan<int> shape, ReadOnlySpan<byte> content)
        => _tensors.Add((name, type, shape.ToArray(), content.ToArray()));

    /// <summary>The whole file.</summary>
    public byte[] ToArray()
    {
        var header = new ArrayBufferWriter<byte>();
        long end = WriteHeader(header);
        int padding = -header.WrittenCount & 7;
        byte[] file = new byte[8 + header.WrittenCount + padding + end];
        BinaryPrimitives.WriteUInt64LittleEndian(file, (ulong)(header.WrittenCount + padding));
        header.WrittenSpan.CopyTo(file.AsSpan(8));
        file.AsSpan(8 + header.WrittenCount, padding).Fill((byte)' ');
        var rest = file.AsSpan(8 + header.WrittenCount + padding);
        foreach (var tensor in _tensors)
        {
            tensor.Content.CopyTo(rest);
            rest = rest[tensor.Content.Length..];
        }

        return file;
    }

    long WriteHeader(ArrayBufferWriter<byte> header)
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
            json.WriteNumberValue(offset += tensor.Content.Length);
            json.WriteEndArray();
            json.WriteEndObject();
        }

        json.WriteEndObject();
        json.Flush();
        return offset;
    }
}
