using System.Buffers.Binary;
using System.Text.Json;

namespace EdgeLearn;

/// <summary>
/// A safetensors file, read by position: an 8-byte little-endian header length, a JSON header that names each tensor's type, shape and
/// bytes, then the bytes. Everything that the header promises is checked against the real length before use.
/// </summary>
/// <remarks>Source: the format's specification, huggingface/safetensors.</remarks>
sealed class SafeTensors : IDisposable
{
    const int HeaderLimitBytes = 16 << 20;

    readonly ByteSource _source;
    readonly long _dataStart;
    readonly Dictionary<string, SafeTensor> _tensors = [];

    /// <summary>Reads the header.</summary>
    /// <param name="source">the whole file; disposed of with this</param>
    /// <exception cref="EdgeLearnException">It is no safetensors file; the message says what it is, where that is known.</exception>
    public SafeTensors(ByteSource source)
    {
        _source = source;
        if (!StartsAsItShould(source.ReadStart(9)) && ForeignFile.Of(source.ReadStart(ForeignFile.StartBytes)) is { } other)
            throw new EdgeLearnException(other.Refusal(source.Name));
        if (source.Length < 8) throw Bad($"{source.Length} bytes are too few for a header");
        Span<byte> prefix = stackalloc byte[8];
        source.Read(0, prefix);
        ulong headerBytes = BinaryPrimitives.ReadUInt64LittleEndian(prefix);
        if (headerBytes > HeaderLimitBytes || (long)headerBytes > source.Length - 8)
        {
            throw Bad($"the header claims {headerBytes} bytes, the file has {source.Length - 8} after the prefix and a header may "
                + $"have {HeaderLimitBytes}");
        }
        _dataStart = 8 + (long)headerBytes;
        byte[] header = new byte[(int)headerBytes];
        source.Read(8, header);
        ParseHeader(header, source.Length - _dataStart);
    }

    // A length that a header may have, and an opening brace: no other file that we know begins so.
    static bool StartsAsItShould(ReadOnlySpan<byte> start)
        => start is [.., (byte)'{'] && start.Length == 9 && BinaryPrimitives.ReadUInt64LittleEndian(start) <= HeaderLimitBytes;

    /// <summary>Opens a file; keeps it open until disposed of.</summary>
    /// <exception cref="EdgeLearnException">It is not there, or is no safetensors file.</exception>
    public static SafeTensors Open(string path)
    {
        var source = ByteSource.Open(path, path);
        try
        {
            return new SafeTensors(source);
        }
        catch
        {
            source.Dispose();
            throw;
        }
    }

    /// <summary>Reads a file that lies in memory.</summary>
    /// <param name="bytes">the whole file; kept, not copied</param>
    /// <param name="name">what to call it in errors</param>
    /// <exception cref="EdgeLearnException">It is no safetensors file.</exception>
    public static SafeTensors FromMemory(ReadOnlyMemory<byte> bytes, string name) => new(new ByteSource(bytes, name));

    /// <summary>The free text entries of the header.</summary>
    public Dictionary<string, string> Metadata { get; } = [];

    /// <summary>All tensors.</summary>
    public IReadOnlyCollection<SafeTensor> Tensors => _tensors.Values;

    /// <summary>The tensor of this name, or null.</summary>
    public SafeTensor? Find(string name) => _tensors.GetValueOrDefault(name);

    /// <summary>Reads a tensor's bytes.</summary>
    /// <param name="tensor">of this file</param>
    /// <param name="destination">exactly its length</param>
    public void Read(SafeTensor tensor, Span<byte> destination)
    {
        if (destination.Length != tensor.Bytes)
        {
            throw new ArgumentException($"{tensor.Name} has {tensor.Bytes} bytes, the destination {destination.Length}",
                nameof(destination));
        }
        Read(tensor, 0, destination);
    }

    /// <summary>Reads some of a tensor's bytes.</summary>
    /// <param name="tensor">of this file</param>
    /// <param name="offset">first byte in the tensor</param>
    /// <param name="destination">no more than there are from there on</param>
    public void Read(SafeTensor tensor, long offset, Span<byte> destination)
        => _source.Read(_dataStart + tensor.Offset + offset, destination);

    void ParseHeader(ReadOnlySpan<byte> header, long dataBytes)
    {
        var reader = new Utf8JsonReader(header);
        try
        {
            if (!reader.Read() || reader.TokenType != JsonTokenType.StartObject) throw Bad("its header is no JSON object");
            while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
            {
                string name = reader.GetString()!;
                reader.Read();
                if (name == "__metadata__") ParseMetadata(ref reader);
                else AddTensor(ParseTensor(ref reader, name), dataBytes);
            }
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or FormatException)
        {
            throw Bad($"its header is broken at byte {8 + reader.BytesConsumed}: {e.Message.ReplaceLineEndings(" ")}");
        }
    }

    void ParseMetadata(ref Utf8JsonReader reader)
    {
        if (reader.TokenType != JsonTokenType.StartObject) throw Bad("__metadata__ is no object");
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            string key = reader.GetString()!;
            reader.Read();
            Metadata[key] = reader.GetString() ?? throw Bad($"metadata {key} is no text");
        }
    }

    SafeTensor ParseTensor(ref Utf8JsonReader reader, string name)
    {
        string? type = null;
        List<int>? shape = null;
        var offsets = new List<long>();
        if (reader.TokenType != JsonTokenType.StartObject) throw Bad($"tensor {name} is no object");
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            string key = reader.GetString()!;
            reader.Read();
            if (key == "dtype")
            {
                type = reader.GetString();
            }
            else if (key == "shape")
            {
                shape = [];
                while (reader.Read() && reader.TokenType == JsonTokenType.Number) shape.Add(reader.GetInt32());
            }
            else if (key == "data_offsets")
            {
                while (reader.Read() && reader.TokenType == JsonTokenType.Number) offsets.Add(reader.GetInt64());
            }
            else
            {
                reader.Skip();
            }
        }

        if (type is null || shape is null || offsets.Count != 2) throw Bad($"tensor {name} lacks dtype, shape or data_offsets");
        return new SafeTensor(name, type, [.. shape], offsets[0], offsets[1] - offsets[0]);
    }

    void AddTensor(SafeTensor tensor, long dataBytes)
    {
        Int128 expected = ElementBytes(tensor);
        foreach (int size in tensor.Shape)
        {
            if (size < 0) throw Bad($"tensor {tensor.Name} has a dimension of {size}");
            expected *= size;
            if (expected > long.MaxValue) throw Bad($"tensor {tensor.Name} has an impossible shape");
        }

        if (tensor.Offset < 0 || tensor.Bytes != expected || tensor.Offset > dataBytes - tensor.Bytes)
        {
            throw Bad($"tensor {tensor.Name} lies at bytes {tensor.Offset}..{tensor.Offset + tensor.Bytes} of {dataBytes}, its shape "
                + $"needs {expected}");
        }

        if (!_tensors.TryAdd(tensor.Name, tensor)) throw Bad($"tensor {tensor.Name} appears twice");
    }

    int ElementBytes(SafeTensor tensor) => tensor.Type switch
    {
        "BOOL" or "U8" or "I8" or "F8_E5M2" or "F8_E4M3" => 1,
        "U16" or "I16" or "F16" or "BF16" => 2,
        "U32" or "I32" or "F32" => 4,
        "U64" or "I64" or "F64" => 8,
        _ => throw Bad($"tensor {tensor.Name} has the unknown type {tensor.Type}"),
    };

    // What is said may hold a name, which is as long as the file likes.
    EdgeLearnException Bad(string what) => new($"{_source.Name} is no usable safetensors file: {NameText.Shown(what, 300)}");

    public void Dispose() => _source.Dispose();
}

/// <summary>One tensor of a safetensors file.</summary>
/// <param name="Name">unique in the file</param>
/// <param name="Type">element type in the format's words: F32, I32, ...</param>
/// <param name="Shape">logical shape; empty = a scalar</param>
/// <param name="Offset">first byte, counted from the end of the header</param>
/// <param name="Bytes">length</param>
sealed record SafeTensor(string Name, string Type, int[] Shape, long Offset, long Bytes)
{
    /// <summary>How many there are; 1 in a scalar.</summary>
    public long Elements => Shape.Aggregate(1L, (count, size) => count * size);

    /// <summary>Whether its elements are floats of some width, no integers or truth values.</summary>
    public bool IsFloat => Type is ['F', ..] or "BF16";
}
