using System.Buffers.Binary;
using System.Text;
using System.Text.Json;

namespace EdgeLearn.Tests;

/// <summary>
/// Writes safetensors files of tensors that hold one value each, from the format's specification and not by our writer: in any order of
/// bytes, in any order of the header, and in the order of the safetensors library.
/// </summary>
sealed class StateBytes
{
    // The library's types, from the one that it writes first. Source: enum Dtype in huggingface/safetensors, which it sorts descending.
    static readonly string[] s_ranks = ["U64", "I64", "F64", "F32", "U32", "I32", "BF16", "F16", "U16", "I16", "F8_E4M3", "F8_E5M2",
        "I8", "U8", "BOOL"];

    readonly List<(string Name, string Type, int[] Shape, float Value)> _tensors = [];

    /// <summary>Adds a tensor behind the others.</summary>
    public StateBytes Add(string name, string type, int[] shape, float value = 0)
    {
        _tensors.Add((name, type, shape, value));
        return this;
    }

    /// <summary>
    /// Adds tensors from a text such as <c>beta alpha/F16 zeta.weight</c>: of a module without a part its bias and its weight, of 4 outputs
    /// (3 where it is called head) for 4 inputs.
    /// </summary>
    public static StateBytes Of(string tensors, Func<string, float> value)
    {
        var state = new StateBytes();
        foreach (string word in tensors.Split(' '))
        {
            string[] parts = word.Split('/');
            string name = parts[0], type = parts.Length > 1 ? parts[1] : "F32";
            bool isOne = name.EndsWith(".weight", StringComparison.Ordinal) || name.EndsWith(".bias", StringComparison.Ordinal);
            foreach (string tensor in isOne ? [name] : (string[])[name + ".bias", name + ".weight"])
            {
                string module = tensor[..tensor.LastIndexOf('.')];
                int outputs = module == "head" ? 3 : 4;
                state.Add(tensor, type, tensor.EndsWith(".bias", StringComparison.Ordinal) ? [outputs] : [outputs, 4], value(module));
            }
        }

        return state;
    }

    /// <summary>Adds the tensors of another file behind the others.</summary>
    public StateBytes Add(StateBytes others)
    {
        _tensors.AddRange(others._tensors);
        return this;
    }

    /// <summary>In the order of the bytes.</summary>
    public IEnumerable<string> Names => _tensors.Select(tensor => tensor.Name);

    /// <summary>The same tensors as the library writes them.</summary>
    public StateBytes InLibraryOrder()
    {
        var state = new StateBytes();
        state._tensors.AddRange(_tensors.OrderBy(tensor => Array.IndexOf(s_ranks, tensor.Type))
            .ThenBy(tensor => tensor.Name, StringComparer.Ordinal));
        return state;
    }

    /// <summary>The whole file.</summary>
    /// <param name="header">the order of the header's entries; null = that of the bytes</param>
    public byte[] ToArray(Func<IEnumerable<string>, IEnumerable<string>>? header = null)
    {
        var entries = new Dictionary<string, string>();
        var content = new MemoryStream();
        foreach (var (name, type, shape, value) in _tensors)
        {
            long begin = content.Length;
            for (int i = 0; i < shape.Aggregate(1, (a, b) => a * b); i++) content.Write(Element(type, value));
            string sizes = string.Join(",", shape);
            entries[name] = $$"""{"dtype":"{{type}}","shape":[{{sizes}}],"data_offsets":[{{begin}},{{content.Length}}]}""";
        }

        var order = (header ?? (names => names))(Names);
        string text = $"{{{string.Join(",", order.Select(name => $"{JsonSerializer.Serialize(name)}:{entries[name]}"))}}}";
        byte[] bytes = Encoding.UTF8.GetBytes(text), prefix = new byte[8];
        BinaryPrimitives.WriteUInt64LittleEndian(prefix, (ulong)bytes.Length);
        return [.. prefix, .. bytes, .. content.ToArray()];
    }

    static byte[] Element(string type, float value) => type switch
    {
        "F64" => BitConverter.GetBytes((double)value),
        "F32" => BitConverter.GetBytes(value),
        "F16" => BitConverter.GetBytes((Half)value),
        "BF16" => BitConverter.GetBytes(value)[2..],
        "U64" or "I64" => BitConverter.GetBytes((long)value),
        "U32" or "I32" => BitConverter.GetBytes((int)value),
        "U16" or "I16" => BitConverter.GetBytes((short)value),
        _ => [(byte)value],
    };
}
