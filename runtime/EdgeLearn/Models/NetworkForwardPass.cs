namespace EdgeLearn;

/// <summary>Outputs and losses of a <see cref="Network"/> on the CPU: each layer in turn, two activation buffers alive at a time.</summary>
public sealed class NetworkForwardPass(Network network) : IForwardPass
{
    Activations? _activations;

    /// <inheritdoc/>
    public ParameterSet Parameters => network.Parameters;

    /// <inheritdoc/>
    public int InputLength => network.InputLength;

    /// <inheritdoc/>
    public int OutputLength => network.OutputLength;

    /// <inheritdoc/>
    public void Plan(MemoryPlan plan, int batch, bool probed, int time) => _activations = new Activations(network, plan, batch, probed, Activations.Inference(time));

    /// <inheritdoc/>
    public void Bind(Workspace workspace) => Buffers.Bind(workspace);

    Activations Buffers => _activations ?? throw new InvalidOperationException("Plan comes first");

    /// <inheritdoc/>
    public void Outputs(in Batch batch, Span<float> outputs) => Run(batch, Probe.None).CopyTo(outputs);

    /// <inheritdoc/>
    public void Losses(ReadOnlySpan<Probe> probes, in Batch batch, Loss loss, Span<double> results)
    {
        for (int i = 0; i < probes.Length; i++) results[i] = loss.Sum(batch, Run(batch, probes[i])) / batch.Count;
    }

    /// <summary>The outputs of a batch in the pass's own buffer, which the caller may overwrite until the next call.</summary>
    internal Span<float> Run(in Batch batch, in Probe probe)
    {
        int last = network.Layers.Count - 1;
        Buffers.Forward(0, last + 1, batch, probe);
        return Buffers.Output(last, batch.Count);
    }
}
