namespace EdgeLearn;

/// <summary>Starting weights, drawn from the noise hash: the same on every board, whatever other layers there are.</summary>
static class Initialisation
{
    /// <summary>
    /// Weights and biases uniform in +-gain / sqrt(fan): gain 1 (a bound that PyTorch's linear layer uses too), for ReLU sqrt(6) on the weights (He et al. 2015).
    /// </summary>
    public static void Uniform(ParameterSet parameters, ulong seed, ParameterSlice weight, ParameterSlice bias, int fan, Activation activation)
    {
        double bound = 1 / Math.Sqrt(fan);
        Fill(parameters, seed, weight, activation == Activation.Relu ? Math.Sqrt(6) * bound : bound);
        Fill(parameters, seed, bias, bound);
    }

    static void Fill(ParameterSet parameters, ulong seed, ParameterSlice slice, double bound)
    {
        ulong key = Noise.Key(seed, slice.NameHash);
        var values = parameters[slice];
        for (int i = 0; i < values.Length; i++) values[i] = (float)bound * (2 * Noise.UniformAt(key, i) - 1);
    }
}
