namespace EdgeLearn;

/// <summary>
/// What makes a layer of sequences a pre-norm block, y = x + layer(layernorm(x)): the norm's two tensors <c>norm.weight</c> and
/// <c>norm.bias</c>, and its way back. Normalised values are never kept, for they cost less to make than to store.
/// </summary>
sealed class PreNorm
{
    const float Epsilon = 1e-5f;

    /// <summary>Describes the two tensors.</summary>
    public PreNorm(string name, int width, ParameterSet parameters)
    {
        Weight = parameters.AddVector(name + ".norm.weight", [width]);
        Bias = parameters.AddVector(name + ".norm.bias", [width]);
    }

    /// <summary>Factors.</summary>
    public ParameterSlice Weight { get; }

    /// <summary>Addends.</summary>
    public ParameterSlice Bias { get; }

    int Width => Weight.Length;

    /// <summary>Floats of scratch for <see cref="Apply"/>.</summary>
    public long ScratchLength(bool probed) => probed ? 2L * Width : 0;

    /// <summary>Weights 1, biases 0.</summary>
    public void Initialise(ParameterSet parameters)
    {
        parameters[Weight].Fill(1);
        parameters[Bias].Clear();
    }

    /// <summary>y = layernorm(x), row by row.</summary>
    public void Apply(ParameterSet parameters, in Probe probe, ReadOnlySpan<float> x, Span<float> y, Span<float> scratch)
    {
        var weight = parameters.Read(Weight, probe, 0, Width, scratch);
        var bias = parameters.Read(Bias, probe, 0, Width, probe.IsNone ? default : scratch[Width..]);
        Kernels.NormRows(isCentred: true, Epsilon, x, weight, bias, y[..x.Length]);
    }

    /// <summary>The way back: adds to the gradients of weight and bias, and adds the gradient by the norm's input to dx.</summary>
    /// <param name="parameters">the network's weights</param>
    /// <param name="x">[rows x width], the norm's input</param>
    /// <param name="dy">[rows x width], gradient by its output</param>
    /// <param name="dx">[rows x width], added to</param>
    /// <param name="dWeight">[width], added to</param>
    /// <param name="dBias">[width], added to</param>
    public void Gradient(ParameterSet parameters, ReadOnlySpan<float> x, ReadOnlySpan<float> dy, Span<float> dx, Span<float> dWeight,
        Span<float> dBias)
        => Kernels.NormRowsGradient(isCentred: true, Epsilon, x, parameters[Weight], dy, dx, dWeight, dBias);
}
