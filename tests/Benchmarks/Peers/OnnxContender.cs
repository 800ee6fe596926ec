using Microsoft.ML.OnnxRuntime;

namespace EdgeLearn.Benchmarks;

/// <summary>A forward pass in ONNX Runtime, one thread, inputs and outputs bound to arrays that stay.</summary>
sealed class OnnxContender : Contender, IDisposable
{
    readonly InferenceSession _session;
    readonly RunOptions _options = new();
    readonly OrtIoBinding _binding;
    readonly OrtValue _input;
    readonly OrtValue _output;
    readonly float[] _outputs;
    readonly LoopContender _loop;

    /// <summary>Loads a model with the input x and the output y of fixed shapes.</summary>
    public OnnxContender(string path, int batch, float[] inputs, int outputLength)
        : base("ONNX Runtime")
    {
        using var options = new SessionOptions
        {
            IntraOpNumThreads = 1,
            InterOpNumThreads = 1,
            ExecutionMode = ExecutionMode.ORT_SEQUENTIAL,
            GraphOptimizationLevel = GraphOptimizationLevel.ORT_ENABLE_ALL
        };
        _session = new InferenceSession(path, options);
        _binding = _session.CreateIoBinding();
        _outputs = new float[batch * outputLength];
        _input = OrtValue.CreateTensorValueFromMemory(inputs, [.. _session.InputMetadata["x"].Dimensions.Select(size => (long)size)]);
        _output = OrtValue.CreateTensorValueFromMemory(_outputs, [batch, outputLength]);
        _binding.BindInput("x", _input);
        _binding.BindOutput("y", _output);
        _loop = new LoopContender(Name, Run);
    }

    /// <summary>Version for a report.</summary>
    public static string Version => $"ONNX Runtime {OrtEnv.Instance().GetVersionString()}, 1 thread";

    /// <summary>The outputs of the last pass.</summary>
    public ReadOnlySpan<float> Outputs => _outputs;

    /// <summary>Forward passes.</summary>
    public void Run(int count)
    {
        for (int i = 0; i < count; i++) _session.RunWithBinding(_options, _binding);
    }

    public override double MedianMicroseconds(double blockMs) => _loop.MedianMicroseconds(blockMs);

    public void Dispose()
    {
        _binding.Dispose();
        _input.Dispose();
        _output.Dispose();
        _options.Dispose();
        _session.Dispose();
    }
}
