namespace EdgeLearn;

/// <summary>
/// Exact gradients of layers <c>first</c>..last by backpropagation, updated as they appear: the input gradient of a layer is taken before the layer's own update.
/// Serves <see cref="Backprop"/> (all layers), <see cref="Frozen"/> (the last) and <see cref="ElasticZerothOrder"/> (the last few).
/// </summary>
sealed class BackwardPass(Network network, int first)
{
    readonly BufferId[] _dy = new BufferId[network.Layers.Count];
    readonly BufferId?[] _dz = new BufferId?[network.Layers.Count];
    readonly BufferId[] _scratch = new BufferId[network.Layers.Count];
    Workspace? _workspace;

    int Last => network.Layers.Count - 1;

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
        for (int i = first; i <= Last; i++)
        {
            var layer = network.Layers[i];
            long outputs = (long)batch * layer.OutputLength, gradient = layer.GradientLength(batch);
            _dy[i] = plan.Request(layer.Name + ".gradient", MemoryCategory.Activations, outputs, Moment(i) - 1, Moment(i));
            if (gradient != outputs) _dz[i] = plan.Request(layer.Name + ".local", MemoryCategory.Activations, gradient, Moment(i), Moment(i));
            long scratch = Math.Max(layer.LocalGradientScratchLength(batch), Math.Max(layer.GradientScratchLength(batch), i > first ? layer.InputGradientScratchLength(batch) : 0));
            _scratch[i] = plan.Request(layer.Name + ".panel", MemoryCategory.Panels, scratch, Moment(i), Moment(i));
        }
    }

    public void Bind(Workspace workspace) => _workspace = workspace;

    /// <summary>From the outputs of a forward pass to updated weights; returns the sum of the losses.</summary>
    /// <param name="batch">of the forward pass</param>
    /// <param name="activations">what it left</param>
    /// <param name="mode">how it was run</param>
    /// <param name="sink">takes the gradients</param>
    public double Run(in Batch batch, Activations activations, in ForwardMode mode, GradientSink sink)
    {
        var dy = Gradient(Last, batch.Count);
        activations.Output(Last, batch.Count).CopyTo(dy);
        double loss = network.Loss.Gradient(batch, dy);
        for (int i = Last; i >= first; i--)
        {
            var layer = network.Layers[i];
            var trace = activations.Trace(i, batch, mode, wantsInputGradient: i > first);
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

    Span<float> Gradient(int layer, int batch) => _workspace![_dy[layer]][..(batch * network.Layers[layer].OutputLength)];
}
