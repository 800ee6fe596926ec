namespace EdgeLearn;

/// <summary>
/// The buffers of a network's layers in one plan: outputs, what each layer saves, and scratch, each with the moments between which it is
/// needed. Shared by every rule that walks the layers; the moments make the difference between inference, forward-only learning and
/// backprop.
/// </summary>
sealed class Activations
{
    readonly Network _network;
    readonly BufferId[] _outputs;
    readonly BufferId?[] _saved;
    readonly BufferId[] _scratch;
    readonly int _frozen;
    Workspace? _workspace;

    /// <summary>When a layer's buffers are needed.</summary>
    /// <param name="Forward">moment of the layer's forward pass</param>
    /// <param name="OutputUntil">last moment that needs its output</param>
    /// <param name="SavedUntil">last moment that needs what it saved; null when no gradient will be asked of it, so that it saves
    /// nothing</param>
    public readonly record struct Moments(int Forward, int OutputUntil, int? SavedUntil);

    /// <summary>Asks the plan for the buffers of all layers.</summary>
    /// <param name="network">whose layers</param>
    /// <param name="plan">collects the buffers</param>
    /// <param name="batch">the most rows a batch will have</param>
    /// <param name="probed">whether weights will be read through a probe</param>
    /// <param name="momentsOf">when a layer's buffers are needed</param>
    /// <param name="leavesHead">whether the caller runs <see cref="Network.LossHead"/> itself, where there is one, so that its outputs need
    /// no place</param>
    public Activations(Network network, MemoryPlan plan, int batch, bool probed, Func<int, Moments> momentsOf, bool leavesHead = false)
    {
        _network = network;
        _frozen = network.FrozenCount;
        int count = network.Layers.Count - (leavesHead && network.LossHead is not null ? 1 : 0);
        Count = count;
        _outputs = new BufferId[count];
        _saved = new BufferId?[count];
        _scratch = new BufferId[count];
        for (int i = 0; i < count; i++)
        {
            var layer = network.Layers[i];
            var moments = momentsOf(i);
            _outputs[i] =
                plan.Request(layer.Name + ".output", MemoryCategory.Activations, (long)batch * layer.OutputLength, moments.Forward,
                moments.OutputUntil);
            if (moments.SavedUntil is { } until)
                _saved[i] = plan.Request(layer.Name + ".saved", MemoryCategory.Activations, layer.SavedLength(batch), moments.Forward,
                    until);
            _scratch[i] =
                plan.Request(layer.Name + ".scratch", MemoryCategory.Panels,
                layer.ForwardScratchLength(batch, probed, saves: moments.SavedUntil is not null), moments.Forward, moments.Forward);
        }
    }

    /// <summary>Layers that have buffers.</summary>
    public int Count { get; }

    /// <summary>The moments of plain inference from <paramref name="time"/> on: an output lives until the next layer has read it.</summary>
    public static Func<int, Moments> Inference(int time) => i => new Moments(time + i, time + i + 1, null);

    public void Bind(Workspace workspace) => _workspace = workspace;

    public Span<float> Output(int layer, int batch) => _workspace![_outputs[layer]][..(batch * _network.Layers[layer].OutputLength)];

    Span<float> Saved(int layer, int batch)
        => _saved[layer] is { } id ? _workspace![id][..(int)_network.Layers[layer].SavedLength(batch)] : default;

    /// <summary>The input of a layer: the batch, or the output of the layer before.</summary>
    public ReadOnlySpan<float> Input(int layer, in Batch batch)
        => layer == batch.FirstLayer ? batch.Inputs : Output(layer - 1, batch.Count);

    /// <summary>What the forward pass of a layer left for its gradients.</summary>
    /// <param name="layer">which layer</param>
    /// <param name="batch">of the pass</param>
    /// <param name="mode">how the pass was run</param>
    /// <param name="wantsInputGradient">see <see cref="ForwardTrace.WantsInputGradient"/></param>
    /// <param name="sharedGradient">see <see cref="ForwardTrace.SharedGradient"/></param>
    public ForwardTrace Trace(int layer, in Batch batch, in ForwardMode mode, bool wantsInputGradient, Span<float> sharedGradient = default)
        => new(batch.Count, _network.Parameters, mode, Input(layer, batch), Output(layer, batch.Count), Saved(layer, batch.Count),
            wantsInputGradient, sharedGradient);

    /// <summary>Runs one layer on its input.</summary>
    public void Forward(int layer, in Batch batch, in ForwardMode mode)
        => _network.Layers[layer].Forward(batch.Count, _network.Parameters, layer < _frozen ? mode with { IsTraining = false } : mode,
            Input(layer, batch), Output(layer, batch.Count), Saved(layer, batch.Count), _workspace![_scratch[layer]]);

    /// <summary>Runs one layer for both signs of a probe; what belongs to the negative sign is the caller's.</summary>
    public void ForwardPair(int layer, in Batch batch, in Probe plus, ReadOnlySpan<float> minusInput, Span<float> minusOutput,
        Span<float> pairScratch)
        => _network.Layers[layer].ForwardPair(batch.Count, _network.Parameters, plus, Input(layer, batch), minusInput,
            Output(layer, batch.Count), minusOutput, _workspace![_scratch[layer]], pairScratch);

    /// <summary>Runs layers from..to-1, but those that the batch has behind it.</summary>
    public void Forward(int from, int to, in Batch batch, in ForwardMode mode)
    {
        for (int i = Math.Max(from, batch.FirstLayer); i < to; i++) Forward(i, batch, mode);
    }
}
