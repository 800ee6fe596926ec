using System.Globalization;
using System.Text;

namespace EdgeLearn.OnnxRuntime;

/// <summary>An input, output or initializer of an ONNX graph: name, element type and shape.</summary>
public sealed class OnnxTensor
{
    readonly long[] _dimensions;

    internal OnnxTensor(string name, OnnxElementType elementType, long[] dimensions, ByteRange field = default, ByteRange content = default)
    {
        Name = name;
        ElementType = elementType;
        _dimensions = dimensions;
        Field = field;
        Content = content;
    }

    /// <summary>Name in the graph.</summary>
    public string Name { get; }

    /// <summary>Element type.</summary>
    public OnnxElementType ElementType { get; }

    /// <summary>Shape; -1 for a dimension that is chosen at run time.</summary>
    public ReadOnlySpan<long> Dimensions => _dimensions;

    /// <summary>The field of an initializer in the file, tag included.</summary>
    internal ByteRange Field { get; }

    /// <summary>The message of an initializer in the file.</summary>
    internal ByteRange Content { get; }

    /// <summary>Elements, or -1 when a dimension is open or the product exceeds 2^31 - 1.</summary>
    public int Length => LengthOf(_dimensions);

    internal static int LengthOf(ReadOnlySpan<long> dimensions)
    {
        long length = 1;
        bool isEmpty = false;
        foreach (long dimension in dimensions)
        {
            if (dimension < 0) return -1;
            isEmpty |= dimension == 0;
            length *= Math.Max(1, dimension);
            if (length is < 1 or > int.MaxValue) return -1;
        }

        return isEmpty ? 0 : (int)length;
    }

    /// <summary>
    /// Such as <c>Parameter193 float32[16,4,4,10]</c>; an open dimension is a question mark. Always one line, whatever the file holds.
    /// </summary>
    public override string ToString()
    {
        var text = new StringBuilder(OneLine(Name)).Append(' ').Append(TypeName(ElementType)).Append('[');
        for (int i = 0; i < _dimensions.Length; i++)
        {
            if (i > 0) text.Append(',');
            if (_dimensions[i] < 0) text.Append('?');
            else text.Append(CultureInfo.InvariantCulture, $"{_dimensions[i]}");
        }

        return text.Append(']').ToString();
    }

    static string TypeName(OnnxElementType type)
        => type is OnnxElementType.Undefined ? "unknown" : Enum.IsDefined(type)
            ? type.ToString().ToLowerInvariant()
            : string.Create(CultureInfo.InvariantCulture, $"type {(int)type}");

    /// <summary>A name from a file, made safe for a one-line message.</summary>
    internal static string OneLine(string name)
    {
        const int longest = 120;
        var text = new StringBuilder(Math.Min(name.Length, longest + 3));
        foreach (char c in name.AsSpan(0, Math.Min(name.Length, longest))) text.Append(char.IsControl(c) ? '?' : c);
        if (name.Length > longest) text.Append("...");
        return text.Length == 0 ? "(no name)" : text.ToString();
    }
}

/// <summary>Element type of a tensor, with the numbers of ONNX's <c>TensorProto.DataType</c>.</summary>
public enum OnnxElementType
{
    /// <summary>Not said in the file.</summary>
    Undefined = 0,

    /// <summary>float32: the only one that is trained, fed and read here.</summary>
    Float32 = 1,

    /// <summary>Unsigned 8-bit integer.</summary>
    UInt8 = 2,

    /// <summary>Signed 8-bit integer.</summary>
    Int8 = 3,

    /// <summary>Signed 32-bit integer.</summary>
    Int32 = 6,

    /// <summary>Signed 64-bit integer.</summary>
    Int64 = 7,

    /// <summary>Text.</summary>
    Text = 8,

    /// <summary>Boolean.</summary>
    Boolean = 9,

    /// <summary>IEEE half precision.</summary>
    Float16 = 10,

    /// <summary>IEEE double precision.</summary>
    Float64 = 11,

    /// <summary>The upper half of a float32.</summary>
    BFloat16 = 16,
}
