using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;

namespace EdgeLearn.OnnxRuntime;

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
