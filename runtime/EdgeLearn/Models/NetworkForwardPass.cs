namespace EdgeLearn;

/// <summary>Outputs and losses of a <see cref="Network"/> on the CPU: each layer in turn, two activation buffers alive at a time.</summary>
/// <param name="network">whose layers, not owned</param>
/// <param name="sharesRead">
/// whether both signs of a probe go through a layer together, so that its weights are read and its noise is made once: faster where weights come from memory, for a second set of activations. A network with a layer that cannot runs them in turn
/// </param>
public sealed class NetworkForwardPass(Network network, bool sharesRead = false) : IForwardPass
{
    readonly BufferId[] _minusOutputs = new BufferId[network.Layers.Count];
    readonly BufferId[] _pairScratch = new BufferId[network.Layers.Count];
    Activations? _activations;
    Workspace? _workspace;
    bool _plansPairs;

    /// <summary>See <see cref="ForwardMode.MultipliesBytes"/>; for plain passes.</summary>
    public bool MultipliesBytes { get; init; }

    /// <inheritdoc/>
    public ParameterSet Parameters => network.Parameters;

    /// <inheritdoc/>
    public int InputLength => network.InputLength;

    /// <inheritdoc/>
    public int OutputLength => network.OutputLength;

    /// <inheritdoc/>
    public void Plan(MemoryPlan plan, int batch, bool probed, int time)
    {
        _activations = new Activations(network, plan, batch, probed, Activations.Inference(time));
        _plansPairs = probed && sharesRead && network.Layers.All(layer => layer.SharesPairRead);
        for (int i = 0; i < network.Layers.Count && _plansPairs; i++)
        {
            var layer = network.Layers[i];
            _minusOutputs[i] = plan.Request(layer.Name + ".output.minus", MemoryCategory.Activations, (long)batch * layer.OutputLength, time + i, time + i + 1);
            _pairScratch[i] = plan.Request(layer.Name + ".scratch.minus", MemoryCategory.Panels, layer.PairScratchLength(batch, sharesInput: i == 0), time + i, time + i);
        }
    }

    /// <inheritdoc/>
    public void Bind(Workspace workspace)
    {
        _workspace = workspace;
        Buffers.Bind(workspace);
    }

    Activations Buffers => _activations ?? throw new InvalidOperationException("Plan comes first");

    /// <inheritdoc/>
    public void Outputs(in Batch batch, Span<float> outputs) => Run(batch, ForwardMode.Evaluation with { MultipliesBytes = MultipliesBytes }).CopyTo(outputs);

    /// <inheritdoc/>
    public void Losses(ReadOnlySpan<Probe> probes, in Batch batch, Loss loss, Span<double> results)
    {
        int i = 0;
        for (; _plansPairs && i + 1 < probes.Length && !probes[i].IsNone && probes[i + 1] == probes[i].Opposite(); i += 2)
        {
            RunPair(batch, probes[i]);
            int last = network.Layers.Count - 1;
            results[i] = loss.Sum(batch, Buffers.Output(last, batch.Count)) / batch.Count;
            results[i + 1] = loss.Sum(batch, MinusOutput(last, batch.Count)) / batch.Count;
        }

        for (; i < probes.Length; i++) results[i] = loss.Sum(batch, Run(batch, ForwardMode.Probed(probes[i]))) / batch.Count;
    }

    /// <summary>The outputs of a batch in the pass's own buffer, which the caller may overwrite until the next call.</summary>
    internal Span<float> Run(in Batch batch, in ForwardMode mode)
    {
        int last = network.Layers.Count - 1;
        Buffers.Forward(0, last + 1, batch, mode);
        return Buffers.Output(last, batch.Count);
    }

    void RunPair(in Batch batch, in Probe plus)
    {
        for (int i = 0; i < network.Layers.Count; i++)
        {
            var minusInput = i == 0 ? batch.Inputs : MinusOutput(i - 1, batch.Count);
            Buffers.ForwardPair(i, batch, plus, minusInput, MinusOutput(i, batch.Count), _workspace![_pairScratch[i]]);
        }
    }

    Span<float> MinusOutput(int layer, int batch) => _workspace![_minusOutputs[layer]][..(batch * network.Layers[layer].OutputLength)];
}
