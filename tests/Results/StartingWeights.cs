namespace EdgeLearn.Results;

/// <summary>Starting weights as another project draws them, where a row stands beside its figures.</summary>
static class StartingWeights
{
    /// <summary>Uniform within +-bound, tensor by tensor.</summary>
    /// <param name="network">whose weights are drawn</param>
    /// <param name="seed">of the generator</param>
    /// <param name="bound">of a tensor</param>
    public static void Draw(Network network, ulong seed, Func<ParameterSlice, double> bound)
    {
        var random = new Random((int)seed);
        foreach (var slice in network.Parameters.Slices)
        {
            double most = bound(slice);
            foreach (ref float value in network.Parameters.Values.Slice(slice.Offset, slice.Length))
                value = (float)(most * ((2 * random.NextDouble()) - 1));
        }
    }
}
