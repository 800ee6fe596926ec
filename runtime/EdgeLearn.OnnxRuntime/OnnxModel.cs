using System.IO.Enumeration;

namespace EdgeLearn.OnnxRuntime;

/// <summary>
/// An ONNX file in memory: what it takes, gives and holds. Of the file only the graph's inputs, outputs and initializers are understood, so
/// that a rewritten model keeps everything else byte for byte. Never changed: the rewriting methods return another model.
/// </summary>
public sealed class OnnxModel
{
    // Names in an error or a description before "and N more".
    const int NamesShown = 12;

    readonly byte[] _file;
    readonly OnnxGraph _graph;

    /// <summary>Reads a model from memory.</summary>
    /// <param name="file">the bytes of the file, which the model keeps and nobody may change</param>
    /// <param name="name">what errors call it</param>
    /// <exception cref="EdgeLearnException">The bytes are truncated, or no ONNX model.</exception>
    public OnnxModel(byte[] file, string name)
    {
        _file = file;
        Name = name;
        _graph = new OnnxGraph(file, name);
        var held = _graph.Initializers.ConvertAll(tensor => tensor.Name).ToHashSet();
        Inputs = _graph.Inputs.FindAll(input => !held.Contains(input.Name));
    }

    /// <summary>Reads a model from a file.</summary>
    /// <exception cref="EdgeLearnException">The file cannot be read, is truncated, or is no ONNX model.</exception>
    public static OnnxModel Load(string path)
    {
        try
        {
            long length = new FileInfo(path).Length;
            if (length > Array.MaxLength)
            {
                throw new EdgeLearnException($"{path} has {length:N0} bytes, more than the 2 GiB that an ONNX model without external data "
                    + $"can have");
            }
            return new OnnxModel(File.ReadAllBytes(path), path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new EdgeLearnException($"{path} cannot be read: {e.Message}", e);
        }
    }

    /// <summary>What errors call the model: its path.</summary>
    public string Name { get; }

    /// <summary>What has to be fed: graph inputs that no initializer fills.</summary>
    public IReadOnlyList<OnnxTensor> Inputs { get; }

    /// <summary>Graph outputs.</summary>
    public IReadOnlyList<OnnxTensor> Outputs => _graph.Outputs;

    /// <summary>Constant tensors, the weights among them.</summary>
    public IReadOnlyList<OnnxTensor> Initializers => _graph.Initializers;

    /// <summary>Inputs, outputs and initializers with type and shape, on one line.</summary>
    public string Describe() => $"inputs {List(Inputs)}; outputs {List(Outputs)}; initializers {List(Initializers)}";

    /// <summary>The initializer of this name.</summary>
    /// <exception cref="EdgeLearnException">There is none; the message lists those there are.</exception>
    public OnnxTensor Initializer(string name)
        => _graph.Initializers.Find(tensor => tensor.Name == name)
            ?? throw new EdgeLearnException($"no initializer named '{OnnxTensor.OneLine(name)}': {Name} has {List(Initializers)}");

    /// <summary>
    /// The initializers that a name, or a pattern with <c>*</c> and <c>?</c>, selects. A pattern takes float32 tensors alone, since the
    /// others next to a layer are shapes and indices; a full name takes its tensor or fails.
    /// </summary>
    /// <exception cref="EdgeLearnException">Nothing is selected, or the named tensor is not float32.</exception>
    public IReadOnlyList<OnnxTensor> Select(string pattern)
    {
        if (_graph.Initializers.Find(tensor => tensor.Name == pattern) is { } named)
        {
            OnnxTensorValues.Require(named, Name);
            return [named];
        }

        var selected =
            _graph.Initializers.FindAll(tensor => tensor.ElementType == OnnxElementType.Float32
            && FileSystemName.MatchesSimpleExpression(pattern, tensor.Name, ignoreCase: false));
        return selected.Count > 0
            ? selected
            : throw new EdgeLearnException($"no float32 initializer named '{OnnxTensor.OneLine(pattern)}': {Name} "
                + $"has {List(Initializers)}");
    }

    /// <summary>Reads the values of an initializer.</summary>
    /// <param name="initializer">one of <see cref="Initializers"/>, float32</param>
    /// <param name="values">[length of the tensor], written</param>
    /// <exception cref="EdgeLearnException">The tensor is not float32, lies outside the file, or has another number of values than its
    /// shape says.</exception>
    public void ReadValues(OnnxTensor initializer, Span<float> values) => OnnxTensorValues.Read(_file, initializer, Name, values);

    /// <summary>
    /// The same model with float32 initializers turned into inputs that have to be fed: the way to change weights from step to step.
    /// </summary>
    /// <param name="initializers">some of <see cref="Initializers"/></param>
    public OnnxModel WithInputs(IEnumerable<OnnxTensor> initializers)
    {
        var splice = new WireSplice(_file);
        var added = new WireWriter();
        foreach (var tensor in initializers)
        {
            splice.Replace(tensor.Field, []);
            // Up to IR version 3 every initializer is listed as an input too, and later ones may be.
            if (!_graph.Inputs.Exists(input => input.Name == tensor.Name))
                added.Bytes(OnnxFields.GraphInput, OnnxTensorValues.InputOf(tensor));
        }

        splice.Replace(new ByteRange(_graph.Content.End, _graph.Content.End), added.ToArray());
        return Rewritten(splice);
    }

    /// <summary>The same model with other values in one float32 initializer, for stock ONNX Runtime to load.</summary>
    /// <param name="name">its name</param>
    /// <param name="values">as many as its shape says</param>
    /// <exception cref="EdgeLearnException">There is no such initializer, it is not float32 or has another length.</exception>
    public OnnxModel WithInitializer(string name, ReadOnlySpan<float> values)
    {
        var tensor = Initializer(name);
        int length = OnnxTensorValues.Require(tensor, Name);
        if (values.Length != length)
            throw new EdgeLearnException($"{values.Length:N0} values for {tensor} of {Name}, expected {length:N0}");
        var splice = new WireSplice(_file);
        splice.Replace(tensor.Field, OnnxTensorValues.Replace(_file, tensor, Name, values));
        return Rewritten(splice);
    }

    OnnxModel Rewritten(WireSplice splice)
    {
        long graphLength = _graph.Content.Length + splice.Growth;
        splice.Replace(new ByteRange(_graph.Field.Start, _graph.Content.Start),
            new WireWriter().Header(OnnxFields.ModelGraph, graphLength).ToArray());
        return new OnnxModel(splice.Apply(), Name);
    }

    /// <summary>Writes the model to a file; an older file there is replaced whole or not at all.</summary>
    /// <exception cref="EdgeLearnException">The file cannot be written.</exception>
    public void Save(string path) => DurableFile.Replace(path, _file);

    /// <summary>The whole file, which nobody may change.</summary>
    internal byte[] Bytes => _file;

    static string List(IReadOnlyList<OnnxTensor> tensors)
    {
        string text = string.Join(", ", tensors.Take(NamesShown));
        if (tensors.Count > NamesShown) text += $" and {tensors.Count - NamesShown} more";
        return text.Length > 0 ? text : "none";
    }
}
