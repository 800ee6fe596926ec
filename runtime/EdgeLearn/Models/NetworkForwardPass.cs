namespace EdgeLearn;

/// <summary>Outputs and losses of a <see cref="Network"/> on the CPU: each layer in turn, two activation buffers alive at a time.</summary>
/// <param name="network">whose layers, not owned</param>
/// <param name="sharesRead">whether both signs of a probe go through a layer together, so that its weights are read and its noise is made
/// once: faster where weights come from memory, for a second set of activations. A network with a layer that cannot runs them in
/// turn</param>
public sealed class NetworkForwardPass(Network network, bool sharesRead = false) : IForwardPass
{
    readonly PlannedBuffer[] _minusOutputs = new PlannedBuffer[network.Layers.Length];
    readonly PlannedBuffer[] _pairScratch = new PlannedBuffer[network.Layers.Length];
    PlannedBuffer _headScratch;
    LayerBuffers? _layers;
    bool _plansPairs;

    /// <summary>See <see cref="ForwardMode.MultipliesBytes"/>; for plain passes.</summary>
    public bool MultipliesBytes { get; init; }

    /// <summary>
    /// Rows of the batches of which passes see a part, see <see cref="PassKind.StepRows"/>; set before <see cref="Plan"/>.
    /// </summary>
    internal int StepRows { get; set; }

    /// <summary>Whether both signs of a probe may go together.</summary>
    internal bool SharesRead => sharesRead;

    /// <summary>Whether they go in turn all the same; set before <see cref="Plan"/>.</summary>
    internal bool SignsInTurn { get; set; }

    /// <inheritdoc/>
    public ParameterSet Parameters => network.Parameters;

    /// <inheritdoc/>
    public int InputLength => network.InputLength;

    /// <inheritdoc/>
    public int OutputLength => network.OutputLength;

    /// <inheritdoc/>
    public int LabelLength => network.Spec.LabelLength;

    /// <inheritdoc/>
    public void Plan(MemoryPlan plan, int batch, bool probed, int time)
    {
        var moments = LayerBuffers.Inference(time, StepRows > 0 ? batch : 0);
        _layers = new LayerBuffers(network, plan, Math.Max(batch, StepRows), probed, moments);
        if (network.LossHead is { } head)
        {
            long scratch = Math.Max(head.LossScratchLength(batch), head.Needs(batch, new PassKind(probed)).ForwardScratch);
            _headScratch =
                plan.Request(head.Name + ".scratch", MemoryCategory.Panels, scratch, time + _layers.Count, time + _layers.Count);
        }

        _plansPairs = probed && sharesRead && !SignsInTurn && network.Layers.All(layer => layer.SharesPairRead);
        for (int i = 0; i < network.Layers.Length && _plansPairs; i++)
        {
            var layer = network.Layers[i];
            _minusOutputs[i] =
                plan.Request(layer.Name + ".output.minus", MemoryCategory.Activations, (long)batch * layer.OutputLength, time + i,
                time + i + 1);
            _pairScratch[i] =
                plan.Request(layer.Name + ".scratch.minus", MemoryCategory.Panels,
                layer.Needs(batch, new PassKind(IsProbed: true, SharesInput: i == 0)).PairScratch,
                time + i, time + i);
        }
    }

    static ForwardMode Mode(in Batch batch) => ForwardMode.Evaluation.Of(batch);

    LayerBuffers Buffers => _layers ?? throw new InvalidOperationException("Plan comes first");

    /// <inheritdoc/>
    public void Outputs(in Batch batch, Span<float> outputs)
    {
        var mode = Mode(batch) with { MultipliesBytes = MultipliesBytes };
        if (network.LossHead is not { } head)
        {
            Run(batch, mode).CopyTo(outputs);
            return;
        }

        Buffers.Forward(0, Buffers.Count, batch, mode);
        head.Forward(batch.Count, network.Parameters, mode, Buffers.Input(Buffers.Count, batch), outputs, default,
            _headScratch.Span);
    }

    /// <inheritdoc/>
    public long ScoreLength(int batch) => network.LossHead is null ? (long)batch * OutputLength : 0;

    /// <inheritdoc/>
    public (double LossSum, int Correct) Score(in Batch batch, Loss loss, Span<float> outputs)
    {
        if (network.LossHead is not null) return (LossSum(batch, Mode(batch), out int counted), counted);
        Outputs(batch, outputs);
        int correct = loss.CountCorrect(batch, outputs);
        return (loss.Sum(batch, outputs), correct);
    }

    // Of a network whose last layer makes the loss itself.
    double LossSum(in Batch batch, in ForwardMode mode, out int correct)
    {
        Buffers.Forward(0, Buffers.Count, batch, mode);
        return network.LossHead!.Loss(batch, network.Parameters, mode.Probe, Buffers.Input(Buffers.Count, batch), out correct,
            _headScratch.Span);
    }

    /// <inheritdoc/>
    public void Losses(ReadOnlySpan<Probe> probes, in Batch batch, Loss loss, Span<double> results)
    {
        int i = 0;
        for (; _plansPairs && i + 1 < probes.Length && !probes[i].IsNone && probes[i + 1] == probes[i].Opposite(); i += 2)
        {
            RunPair(batch, probes[i]);
            int last = network.Layers.Length - 1;
            results[i] = loss.Sum(batch, Buffers.Output(last, batch.Count)) / batch.Count;
            results[i + 1] = loss.Sum(batch, MinusOutput(last, batch.Count)) / batch.Count;
        }

        for (; i < probes.Length; i++)
        {
            var mode = ForwardMode.Probed(probes[i]);
            results[i] = (network.LossHead is null ? loss.Sum(batch, Run(batch, mode)) : LossSum(batch, mode, out _)) / batch.Count;
        }
    }

    /// <summary>The outputs of a batch in the pass's own buffer, which the caller may overwrite until the next call.</summary>
    internal Span<float> Run(in Batch batch, in ForwardMode mode)
    {
        int last = network.Layers.Length - 1;
        Buffers.Forward(0, last + 1, batch, mode);
        return Buffers.Output(last, batch.Count);
    }

    /// <summary>What the first layers make of a batch in evaluation, in the pass's own buffer.</summary>
    internal ReadOnlySpan<float> Features(scoped in Batch batch, int layers)
    {
        Buffers.Forward(0, layers, batch, Mode(batch));
        return Buffers.Output(layers - 1, batch.Count);
    }

    void RunPair(in Batch batch, in Probe plus)
    {
        for (int i = batch.FirstLayer; i < network.Layers.Length; i++)
        {
            var minusInput = i == batch.FirstLayer ? batch.Inputs : MinusOutput(i - 1, batch.Count);
            Buffers.ForwardPair(i, batch, plus, minusInput, MinusOutput(i, batch.Count), _pairScratch[i].Span);
        }
    }

    Span<float> MinusOutput(int layer, int batch) => _minusOutputs[layer].Span[..(batch * network.Layers[layer].OutputLength)];
}
