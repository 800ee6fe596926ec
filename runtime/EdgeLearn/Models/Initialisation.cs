namespace EdgeLearn;

/// <summary>Starting weights, drawn from the noise hash: the same on every board, whatever other layers there are.</summary>
static class Initialisation
{
    /// <summary>
    /// Weights and biases uniform in +-gain / sqrt(fan): gain 1 (a bound that PyTorch's linear layer uses too), for ReLU sqrt(6) on the
    /// weights (He et al. 2015).
    /// </summary>
    public static void Uniform(ParameterSet parameters, ulong seed, ParameterSlice weight, ParameterSlice? bias, int fan,
        Activation activation)
    {
        double bound = 1 / Math.Sqrt(fan);
        Fill(parameters, seed, weight, activation == Activation.Relu ? Math.Sqrt(6) * bound : bound);
        if (bias is not null) Fill(parameters, seed, bias, bound);
    }

    /// <summary>
    /// Bound of embeddings and positions: a standard deviation of 0.02, small enough for a head that shares the weights (Radford et al.
    /// 2019).
    /// </summary>
    public const double EmbeddingBound = 0.0346410161513775;

    /// <summary>Uniform in +-bound.</summary>
    public static void Uniform(ParameterSet parameters, ulong seed, ParameterSlice slice, double bound)
        => Fill(parameters, seed, slice, bound);

    // Room for int8 weights to grow in training, as their scales are fixed.
    const double Headroom = 4;

    static void Fill(ParameterSet parameters, ulong seed, ParameterSlice slice, double bound)
    {
        ulong key = Noise.Key(seed, slice.NameHash);
        parameters.Scales(slice).Fill((float)(Headroom * bound / 127));
        Span<float> chunk = stackalloc float[ParameterSet.ChunkLength];
        for (int offset = 0; offset < slice.Length; offset += chunk.Length)
        {
            var values = chunk[..Math.Min(chunk.Length, slice.Length - offset)];
            for (int i = 0; i < values.Length; i++) values[i] = (float)bound * (2 * Noise.UniformAt(key, offset + i) - 1);
            parameters.Encode(slice, offset, values);
        }
    }
}
