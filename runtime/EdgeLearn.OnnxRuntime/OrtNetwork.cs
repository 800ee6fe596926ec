using Microsoft.ML.OnnxRuntime;

namespace EdgeLearn.OnnxRuntime;

/// <summary>
/// An ONNX model in ONNX Runtime over one <see cref="ParameterSet"/>: the initializers that are to be trained are lifted to inputs and live
/// in the set, all others stay constants of the runtime. One batch input and one output, both float32. Owns the session and the parameters.
/// </summary>
/// <remarks>
/// The runtime sees lifted weights as data, so it neither folds nor packs them: each run costs somewhat more than plain inference, and
/// their memory is the set's. One thread, no spinning: the process keeps the core that the caller is on.
/// </remarks>
public sealed class OrtNetwork : IDisposable
{
    readonly SessionOptions _options;

    /// <summary>Opens a session.</summary>
    /// <param name="model">the file; not kept</param>
    /// <param name="trainable">names or patterns of initializers, see <see cref="OnnxModel.Select"/>; empty = inference only</param>
    /// <param name="output">the output to learn from; null = the only one</param>
    /// <exception cref="EdgeLearnException">A name selects nothing, the model has other inputs or outputs than described above, or ONNX
    /// Runtime refuses it.</exception>
    public OrtNetwork(OnnxModel model, IReadOnlyList<string> trainable, string? output = null)
    {
        Name = model.Name;
        var lifted = trainable.SelectMany(model.Select).DistinctBy(tensor => tensor.Name).ToList();
        foreach (var tensor in lifted) AddParameter(tensor);
        Parameters.Allocate();
        foreach (var tensor in lifted) model.ReadValues(tensor, Parameters[Parameters.Find(tensor.Name)!]);
        Input = OnlyInput(model);
        OutputName = OutputOf(model, output).Name;
        _options = OrtErrors.Translate(Name, static () => new SessionOptions
        {
            IntraOpNumThreads = 1,
            InterOpNumThreads = 1,
            // What it would log as an error arrives as an exception, and a second line on standard error would say it twice.
            LogSeverityLevel = OrtLoggingLevel.ORT_LOGGING_LEVEL_FATAL,
        });
        try
        {
            _options.AddSessionConfigEntry("session.intra_op.allow_spinning", "0");
            Session = OrtErrors.Translate(Name, () => new InferenceSession(model.WithInputs(lifted).Bytes, _options));
            OutputRowDimensions = OutputRows();
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>What errors call the model.</summary>
    public string Name { get; }

    /// <summary>The lifted weights, under their names in the file.</summary>
    public ParameterSet Parameters { get; } = new();

    /// <summary>Values of one sample.</summary>
    public int InputLength => OnnxTensor.LengthOf(Input.Dimensions[1..]);

    /// <summary>Values of one output.</summary>
    public int OutputLength => OnnxTensor.LengthOf(OutputRowDimensions);

    /// <summary>Rows that the model takes at a time, or null when it takes any number.</summary>
    public int? FixedRows => Input.Dimensions[0] > 0 ? (int)Input.Dimensions[0] : null;

    internal InferenceSession Session { get; } = null!;

    internal OnnxTensor Input { get; }

    internal string OutputName { get; }

    // Dimensions of one output row.
    internal long[] OutputRowDimensions { get; } = [];

    /// <summary>The model with the weights as they are now, for any ONNX runtime to load.</summary>
    /// <param name="original">the model that the network was made from</param>
    public OnnxModel Trained(OnnxModel original)
    {
        foreach (var slice in Parameters.Slices) original = original.WithInitializer(slice.Name, Parameters[slice]);
        return original;
    }

    void AddParameter(OnnxTensor tensor)
    {
        int[] shape = new int[tensor.Dimensions.Length];
        for (int i = 0; i < shape.Length; i++) shape[i] = (int)tensor.Dimensions[i];
        Parameters.Add(tensor.Name, shape, decay: shape.Length > 1);
    }

    static OnnxTensor OnlyInput(OnnxModel model)
    {
        if (model.Inputs.Count != 1)
            throw new EdgeLearnException($"{model.Name} has {model.Inputs.Count} inputs, expected one: {model.Describe()}");
        var input = model.Inputs[0];
        bool isUsable = input.ElementType == OnnxElementType.Float32 && input.Dimensions.Length > 1
            && OnnxTensor.LengthOf(input.Dimensions[1..]) > 0 && input.Dimensions[0] <= int.MaxValue;
        return isUsable
            ? input
            : throw new EdgeLearnException($"{input} of {model.Name} cannot be fed: expected float32[batch or a number, then fixed "
                + $"sizes]; export the model with fixed sample sizes");
    }

    static OnnxTensor OutputOf(OnnxModel model, string? name)
    {
        if (name is null && model.Outputs.Count != 1)
            throw new EdgeLearnException($"{model.Name} has {model.Outputs.Count} outputs, name the one to learn from: {model.Describe()}");
        return name is null
            ? model.Outputs[0]
            : model.Outputs.FirstOrDefault(output => output.Name == name)
                ?? throw new EdgeLearnException($"no output named '{OnnxTensor.OneLine(name)}': {model.Describe()}");
    }

    // The runtime infers shapes that the file leaves open.
    long[] OutputRows()
    {
        var output = Session.OutputMetadata[OutputName];
        bool isUsable = output.ElementType == typeof(float) && output.Dimensions.Length > 1;
        long[] rows = isUsable ? Array.ConvertAll(output.Dimensions[1..], size => (long)size) : [];
        isUsable = isUsable && OnnxTensor.LengthOf(rows) > 0 && (output.Dimensions[0] < 0 || output.Dimensions[0] == FixedRows);
        return isUsable
            ? rows
            : throw new EdgeLearnException($"output {OnnxTensor.OneLine(OutputName)} of {Name} cannot be learned from: expected "
                + $"float32[{(FixedRows is { } n ? n : "batch")}, then fixed sizes], "
                + $"found {output.ElementType?.Name}[{string.Join(',', output.Dimensions ?? [])}]");
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Session?.Dispose();
        _options.Dispose();
        Parameters.Dispose();
    }
}

/// <summary>Turns the exceptions of ONNX Runtime into one line.</summary>
static class OrtErrors
{
    public static T Translate<T>(string model, Func<T> call)
    {
        try
        {
            return call();
        }
        catch (OnnxRuntimeException e)
        {
            throw Refused(model, e);
        }
        catch (Exception e) when (e is DllNotFoundException or TypeInitializationException { InnerException: DllNotFoundException })
        {
            throw new EdgeLearnException($"{model} cannot be run: the native library of ONNX Runtime (libonnxruntime.so) is not beside "
                + $"the program", e);
        }
    }

    /// <summary>The runtime's refusal as one line.</summary>
    public static EdgeLearnException Refused(string model, OnnxRuntimeException e)
        => new($"{model}: ONNX Runtime says: {e.Message.ReplaceLineEndings(" ").Trim()}", e);
}
