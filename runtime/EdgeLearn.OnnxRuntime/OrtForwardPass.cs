using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;

namespace EdgeLearn.OnnxRuntime;

/// <summary>
/// Outputs and losses of an <see cref="OrtNetwork"/>. Plain weights are read by the runtime where the <see cref="ParameterSet"/> holds
/// them; a probe is written, once for all rows, into planned buffers that the lifted inputs are bound to, so the weights themselves are
/// never touched. A model with a fixed number of rows is run as often as the batch needs. No managed allocation, except at the first sight
/// of a new number of rows, whose bindings are then kept.
/// </summary>
public sealed class OrtForwardPass(OrtNetwork network) : IForwardPass, IDisposable
{
    readonly RunOptions _run = new() { LogSeverityLevel = OrtLoggingLevel.ORT_LOGGING_LEVEL_FATAL };
    readonly PlannedBuffer[] _perturbed = new PlannedBuffer[network.Parameters.Slices.Count];
    PlannedBuffer _input;
    PlannedBuffer _output;
    PlannedBuffer _outputs;
    OrtBinding?[] _plain = [];
    OrtBinding?[] _probed = [];
    bool _isProbed;
    int _rows;

    /// <inheritdoc/>
    public ParameterSet Parameters => network.Parameters;

    /// <inheritdoc/>
    public int InputLength => network.InputLength;

    /// <inheritdoc/>
    public int OutputLength => network.OutputLength;

    /// <inheritdoc/>
    /// <remarks>The runtime's own memory for what lies between input and output is not part of the plan.</remarks>
    public void Plan(MemoryPlan plan, int batch, bool probed, int time)
    {
        _isProbed = probed;
        _rows = network.FixedRows ?? batch;
        _input = plan.Request("ort.input", MemoryCategory.Activations, (long)_rows * InputLength, time, time);
        _output = plan.Request("ort.output", MemoryCategory.Activations, (long)_rows * OutputLength, time, time);
        _outputs = plan.Request("ort.outputs", MemoryCategory.Activations, (long)batch * OutputLength, time, time);
        for (int i = 0; i < _perturbed.Length; i++)
        {
            var slice = Parameters.Slices[i];
            _perturbed[i] = plan.Request($"ort.perturbed.{slice.Name}", MemoryCategory.Panels, probed ? slice.Length : 0, time, time);
        }

        plan.WhenAllocated(BindAll);
    }

    void BindAll()
    {
        DisposeBindings();
        _plain = new OrtBinding?[_rows + 1];
        _probed = new OrtBinding?[_rows + 1];
        BindingOf(_rows, probed: false);
        if (_isProbed) BindingOf(_rows, probed: true);
    }

    /// <inheritdoc/>
    public void Outputs(in Batch batch, Span<float> outputs) => Run(batch, probed: false, outputs[..(batch.Count * OutputLength)]);

    /// <inheritdoc/>
    public void Losses(ReadOnlySpan<Probe> probes, in Batch batch, Loss loss, Span<double> results)
    {
        var outputs = _outputs.Span[..(batch.Count * OutputLength)];
        for (int i = 0; i < probes.Length; i++)
        {
            if (!probes[i].IsNone) Perturb(probes[i]);
            Run(batch, !probes[i].IsNone, outputs);
            results[i] = loss.Sum(batch, outputs) / batch.Count;
        }
    }

    void Perturb(in Probe probe)
    {
        if (!_isProbed) throw new InvalidOperationException("the pass was planned without probes");
        for (int i = 0; i < _perturbed.Length; i++)
        {
            var slice = Parameters.Slices[i];
            var perturbed = _perturbed[i].Span;
            var read = Parameters.Read(slice, probe, 0, slice.Length, perturbed);
            if (!slice.Trainable) read.CopyTo(perturbed);
        }
    }

    // Run after run of at most the model's number of rows; a model of fixed rows gets zeros for those that the batch has not.
    void Run(in Batch batch, bool probed, Span<float> outputs)
    {
        for (int first = 0; first < batch.Count; first += _rows)
        {
            int rows = Math.Min(_rows, batch.Count - first);
            var input = _input.Span;
            batch.Inputs.Slice(first * InputLength, rows * InputLength).CopyTo(input);
            if (network.FixedRows is not null) input[(rows * InputLength)..].Clear();
            Run(BindingOf(network.FixedRows ?? rows, probed));
            _output.Span[..(rows * OutputLength)].CopyTo(outputs[(first * OutputLength)..]);
        }
    }

    void Run(OrtBinding binding)
    {
        try
        {
            network.Session.RunWithBinding(_run, binding.Binding);
        }
        catch (OnnxRuntimeException e)
        {
            throw OrtErrors.Refused(network.Name, e);
        }
    }

    OrtBinding BindingOf(int rows, bool probed)
    {
        ref var binding = ref (probed ? _probed : _plain)[rows];
        return binding ??= Create(rows, probed);
    }

    OrtBinding Create(int rows, bool probed)
    {
        var binding = new OrtBinding(network.Session);
        try
        {
            binding.Input(network.Input.Name, _input.Span, [rows, .. network.Input.Dimensions[1..]]);
            binding.Output(network.OutputName, _output.Span, [rows, .. network.OutputRowDimensions]);
            for (int i = 0; i < _perturbed.Length; i++)
            {
                var slice = Parameters.Slices[i];
                long[] shape = new long[slice.Shape.Length];
                for (int d = 0; d < shape.Length; d++) shape[d] = slice.Shape[d];
                binding.Input(slice.Name, probed ? _perturbed[i].Span : Parameters[slice], shape);
            }

            return binding;
        }
        catch (OnnxRuntimeException e)
        {
            binding.Dispose();
            throw OrtErrors.Refused(network.Name, e);
        }
    }

    void DisposeBindings()
    {
        foreach (var binding in _plain) binding?.Dispose();
        foreach (var binding in _probed) binding?.Dispose();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        DisposeBindings();
        _run.Dispose();
    }
}

/// <summary>
/// Inputs and outputs of a session bound to native memory that somebody else owns and keeps alive. Running with it allocates nothing
/// managed.
/// </summary>
sealed unsafe class OrtBinding(InferenceSession session) : IDisposable
{
    readonly List<OrtValue> _values = [];

    /// <summary>For <see cref="InferenceSession.RunWithBinding"/>.</summary>
    public OrtIoBinding Binding { get; } = session.CreateIoBinding();

    /// <summary>Binds an input to the start of a native buffer.</summary>
    public void Input(string name, Span<float> buffer, long[] shape) => Binding.BindInput(name, View(buffer, shape));

    /// <summary>Binds an output to the start of a native buffer.</summary>
    public void Output(string name, Span<float> buffer, long[] shape) => Binding.BindOutput(name, View(buffer, shape));

    OrtValue View(Span<float> buffer, long[] shape)
    {
        long length = 1;
        foreach (long size in shape) length *= size;
        if (length > buffer.Length)
            throw new ArgumentException($"a tensor of {length} values in a buffer of {buffer.Length}", nameof(buffer));
        // The buffers come from a NativeBlock, so their address stays.
        nint address = (nint)Unsafe.AsPointer(ref MemoryMarshal.GetReference(buffer));
        var value = OrtValue.CreateTensorValueWithData(OrtMemoryInfo.DefaultInstance, TensorElementType.Float, shape, address,
            length * sizeof(float));
        _values.Add(value);
        return value;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Binding.Dispose();
        foreach (var value in _values) value.Dispose();
    }
}
