namespace EdgeLearn.Tests;

/// <summary>
/// A forward pass that is any function of the weights, as a probe reads them: what a losses-only rule may know of a model.
/// </summary>
sealed class FunctionPass : IForwardPass
{
    readonly Func<float[], double> _loss;

    public FunctionPass(Func<float[], double> loss, params int[] lengths)
    {
        _loss = loss;
        for (int i = 0; i < lengths.Length; i++) Parameters.Add($"tensor{i}", [lengths[i]], decay: false);
        Parameters.Allocate();
    }

    public ParameterSet Parameters { get; } = new();

    public int InputLength => 1;

    public int OutputLength => 1;

    public void Plan(MemoryPlan plan, int batch, bool probed, int time)
    {
    }

    public void Outputs(in Batch batch, Span<float> outputs) => throw new NotSupportedException();

    public void Losses(ReadOnlySpan<Probe> probes, in Batch batch, Loss loss, Span<double> results)
    {
        for (int i = 0; i < probes.Length; i++)
        {
            float[] weights = new float[Parameters.Length];
            foreach (var slice in Parameters.Slices)
            {
                Parameters.Read(slice, probes[i], 0, slice.Length, weights.AsSpan(slice.Offset, slice.Length))
                    .CopyTo(weights.AsSpan(slice.Offset));
            }
            results[i] = _loss(weights);
        }
    }
}
