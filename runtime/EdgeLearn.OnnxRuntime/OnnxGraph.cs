using System.Text;

namespace EdgeLearn.OnnxRuntime;

/// <summary>What was found in an ONNX file: where the graph lies, and its inputs, outputs and initializers.</summary>
sealed class OnnxGraph
{
    readonly byte[] _file;
    readonly string _name;

    /// <summary>Walks a whole file once.</summary>
    /// <exception cref="EdgeLearnException">The file is truncated, or no ONNX model.</exception>
    public OnnxGraph(byte[] file, string name)
    {
        _file = file;
        _name = name;
        long irVersion = 0;
        bool hasOperatorSets = false;
        var model = new WireReader(file, new ByteRange(0, file.Length), name);
        while (model.Next())
        {
            switch (model.Number)
            {
                case OnnxFields.ModelIrVersion:
                    irVersion = (long)model.RequireVarint();
                    break;
                case OnnxFields.ModelOperatorSets:
                    model.RequireBytes();
                    hasOperatorSets = true;
                    break;
                case OnnxFields.ModelGraph:
                    if (Field.Length > 0) throw new EdgeLearnException($"{name} holds two graphs, expected one");
                    Content = model.RequireBytes();
                    Field = model.Field;
                    break;
            }
        }

        if (Field.Length == 0)
        {
            throw new EdgeLearnException($"{name} is no whole ONNX model: no graph in its {file.Length:N0} bytes; copy or export the file "
                + $"again");
        }
        if (irVersion < 1 || !hasOperatorSets)
        {
            throw new EdgeLearnException($"{name} is no whole ONNX model: its {(irVersion < 1 ? "IR version" : "operator set")} is "
                + $"missing; copy or export the file again");
        }
        ReadGraph();
    }

    /// <summary>The graph's field in the file, tag included.</summary>
    public ByteRange Field { get; }

    /// <summary>The graph's message in the file.</summary>
    public ByteRange Content { get; }

    /// <summary>All graph inputs; up to IR version 3 the initializers are among them.</summary>
    public List<OnnxTensor> Inputs { get; } = [];

    public List<OnnxTensor> Outputs { get; } = [];

    /// <summary>Constant tensors.</summary>
    public List<OnnxTensor> Initializers { get; } = [];

    WireReader Read(ByteRange message) => new(_file, message, _name);

    string Text(ByteRange content) => Encoding.UTF8.GetString(content.Of(_file));

    void ReadGraph()
    {
        var graph = Read(Content);
        while (graph.Next())
        {
            switch (graph.Number)
            {
                case OnnxFields.GraphInitializer:
                    Initializers.Add(Initializer(graph.Field, graph.RequireBytes()));
                    break;
                case OnnxFields.GraphInput:
                    Inputs.Add(Value(graph.RequireBytes()));
                    break;
                case OnnxFields.GraphOutput:
                    Outputs.Add(Value(graph.RequireBytes()));
                    break;
            }
        }
    }

    OnnxTensor Initializer(ByteRange field, ByteRange content)
    {
        string name = "";
        var type = OnnxElementType.Undefined;
        var dimensions = new List<long>();
        var tensor = Read(content);
        while (tensor.Next())
        {
            switch (tensor.Number)
            {
                case OnnxFields.TensorName:
                    name = Text(tensor.RequireBytes());
                    break;
                case OnnxFields.TensorElementType:
                    type = (OnnxElementType)(int)tensor.RequireVarint();
                    break;
                case OnnxFields.TensorDimensions when tensor.Type == WireType.Bytes:
                    var packed = Read(tensor.Content);
                    while (packed.NextPacked(out ulong size)) dimensions.Add((long)size);
                    break;
                case OnnxFields.TensorDimensions:
                    dimensions.Add((long)tensor.RequireVarint());
                    break;
            }
        }

        return new OnnxTensor(name, type, [.. dimensions], field, content);
    }

    OnnxTensor Value(ByteRange content)
    {
        string name = "";
        var type = OnnxElementType.Undefined;
        var dimensions = new List<long>();
        var value = Read(content);
        while (value.Next())
        {
            if (value.Number == OnnxFields.ValueName) name = Text(value.RequireBytes());
            if (value.Number == OnnxFields.ValueType) type = TensorType(value.RequireBytes(), dimensions);
        }

        return new OnnxTensor(name, type, [.. dimensions]);
    }

    OnnxElementType TensorType(ByteRange content, List<long> dimensions)
    {
        var element = OnnxElementType.Undefined;
        var type = Read(content);
        while (type.Next())
        {
            if (type.Number != OnnxFields.TypeTensor) continue;
            var tensor = Read(type.RequireBytes());
            while (tensor.Next())
            {
                if (tensor.Number == OnnxFields.TensorTypeElement) element = (OnnxElementType)(int)tensor.RequireVarint();
                if (tensor.Number == OnnxFields.TensorTypeShape) ReadShape(tensor.RequireBytes(), dimensions);
            }
        }

        return element;
    }

    void ReadShape(ByteRange content, List<long> dimensions)
    {
        var shape = Read(content);
        while (shape.Next())
        {
            if (shape.Number != OnnxFields.ShapeDimension) continue;
            long size = -1;
            var dimension = Read(shape.RequireBytes());
            while (dimension.Next())
            {
                if (dimension.Number == OnnxFields.DimensionValue) size = (long)dimension.RequireVarint();
            }

            // 0 is what some exporters write for "any".
            dimensions.Add(size > 0 ? size : -1);
        }
    }
}

/// <summary>The few field numbers of onnx.proto3 that are read or written here; every other field is copied as it is.</summary>
static class OnnxFields
{
    public const int ModelIrVersion = 1;
    public const int ModelGraph = 7;
    public const int ModelOperatorSets = 8;

    public const int GraphInitializer = 5;
    public const int GraphInput = 11;
    public const int GraphOutput = 12;

    public const int TensorDimensions = 1;
    public const int TensorElementType = 2;
    public const int TensorFloats = 4;
    public const int TensorName = 8;
    public const int TensorRaw = 9;
    public const int TensorDataLocation = 14;

    public const int ValueName = 1;
    public const int ValueType = 2;
    public const int TypeTensor = 1;
    public const int TensorTypeElement = 1;
    public const int TensorTypeShape = 2;
    public const int ShapeDimension = 1;
    public const int DimensionValue = 1;
}
