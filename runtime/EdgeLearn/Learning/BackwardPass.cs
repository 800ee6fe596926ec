namespace EdgeLearn;

/// <summary>
/// Exact gradients of layers <c>first</c>..last by backpropagation, updated as they appear: the input gradient of a layer is taken before
/// the layer's own update. Serves <see cref="Backprop"/> (all layers), <see cref="Frozen"/> (the last) and <see cref="ElasticZerothOrder"/>
/// (the last few).
/// </summary>
/// <param name="network">whose layers</param>
/// <param name="first">the first layer that gets a gradient</param>
/// <param name="head">a last layer that makes its outputs, the loss and its own gradients here, a few at a time; null = the forward pass
/// has made all outputs</param>
sealed class BackwardPass(Network network, int first, TokenHeadLayer? head = null)
{
    readonly BufferId[] _dy = new BufferId[network.Layers.Count];
    readonly BufferId?[] _dz = new BufferId?[network.Layers.Count];
    readonly BufferId[] _scratch = new BufferId[network.Layers.Count];
    BufferId _headGradient;
    BufferId _headScratch;
    Workspace? _workspace;

    int Last => network.Layers.Count - 1;

    // The last layer that goes through its four verbs.
    int Top => head is null ? Last : Last - 1;

    // Forward passes happen at moments 0..L-1, the loss at L, the backward pass of layer i at 2L - i.
    int Moment(int layer) => 2 * network.Layers.Count - layer;

    /// <summary>When the forward buffers of a layer are needed.</summary>
    public Activations.Moments MomentsOf(int layer)
    {
        int output = layer + 1; // the next layer's forward pass, or the loss
        if (layer >= first && network.Layers[layer].GradientReadsOutput) output = Moment(layer);
        else if (layer + 1 >= first && layer < Last && network.Layers[layer + 1].GradientReadsInput) output = Moment(layer + 1);
        return new Activations.Moments(layer, output, layer >= first ? Moment(layer) : null);
    }

    public void Plan(MemoryPlan plan, int batch)
    {
        if (head is not null)
        {
            // Its gradient is summed up over the batch; the embedding that shares its weights adds its own and hands both on.
            _headGradient =
                plan.Request(head.Name + ".weights.gradient", MemoryCategory.Panels, head.Weight.Trainable ? head.Weight.Length : 0,
                Moment(Last), Moment(head.IsTied ? 0 : Last));
            _headScratch =
                plan.Request(head.Name + ".panel", MemoryCategory.Panels, head.LossGradientScratchLength(batch), Moment(Last),
                Moment(Last));
        }

        for (int i = first; i <= Top; i++)
        {
            var layer = network.Layers[i];
            long outputs = (long)batch * layer.OutputLength, gradient = layer.GradientLength(batch);
            _dy[i] = plan.Request(layer.Name + ".gradient", MemoryCategory.Activations, outputs, Moment(i) - 1, Moment(i));
            if (gradient != outputs)
                _dz[i] = plan.Request(layer.Name + ".local", MemoryCategory.Activations, gradient, Moment(i), Moment(i));
            long scratch =
                Math.Max(layer.LocalGradientScratchLength(batch),
                Math.Max(layer.GradientScratchLength(batch), i > first ? layer.InputGradientScratchLength(batch) : 0));
            _scratch[i] = plan.Request(layer.Name + ".panel", MemoryCategory.Panels, scratch, Moment(i), Moment(i));
        }
    }

    public void Bind(Workspace workspace) => _workspace = workspace;

    /// <summary>
    /// From the outputs of a forward pass to updated weights; returns the sum of the losses. Where that is not finite no weight changes.
    /// </summary>
    /// <param name="batch">of the forward pass</param>
    /// <param name="activations">what it left</param>
    /// <param name="mode">how it was run</param>
    /// <param name="sink">takes the gradients</param>
    public double Run(in Batch batch, Activations activations, in ForwardMode mode, GradientSink sink)
    {
        double loss;
        var dy = first <= Top ? Gradient(Top, batch.Count) : default;
        if (head is not null)
        {
            loss = RunHead(batch, activations, dy, sink);
        }
        else
        {
            activations.Output(Last, batch.Count).CopyTo(dy);
            loss = network.Loss.Gradient(batch, dy);
        }

        // Weights that gave no loss are left as they are, so that what went wrong can still be found.
        if (!double.IsFinite(loss)) return loss;

        for (int i = Top; i >= first; i--)
        {
            var layer = network.Layers[i];
            var trace = activations.Trace(i, batch, mode, wantsInputGradient: i > first,
                i == 0 && head is { IsTied: true } ? _workspace![_headGradient] : default);
            var scratch = _workspace![_scratch[i]];
            var dz = _dz[i] is { } id ? _workspace[id][..(int)layer.GradientLength(batch.Count)] : dy;
            layer.LocalGradient(trace, dy, dz, scratch);
            var below = i > first ? Gradient(i - 1, batch.Count) : default;
            if (i > first) layer.InputGradient(trace, dz, below, scratch);
            if (layer.IsTrainable) layer.ParameterGradient(trace, dz, scratch, sink);
            dy = below;
        }

        return loss;
    }

    double RunHead(in Batch batch, Activations activations, Span<float> dx, GradientSink sink)
    {
        var dWeight = _workspace![_headGradient];
        double loss = head!.LossGradient(batch, network.Parameters, activations.Input(Last, batch), dWeight, dx, _workspace[_headScratch]);
        if (!head.IsTied && head.Weight.Trainable) sink.Accept(head.Weight, 0, dWeight);
        return loss;
    }

    Span<float> Gradient(int layer, int batch) => _workspace![_dy[layer]][..(batch * network.Layers[layer].OutputLength)];
}
