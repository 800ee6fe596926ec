namespace EdgeLearn;

/// <summary>
/// Exact gradients of layers <c>first</c>..last by backpropagation, updated as they appear: the input gradient of a layer is taken before the layer's own update.
/// Serves <see cref="Backprop"/> (all layers), <see cref="Frozen"/> (the last) and <see cref="ElasticZerothOrder"/> (the last few).
/// </summary>
sealed class BackwardPass(Network network, int first)
{
    readonly BufferId[] _dy = new BufferId[network.Layers.Count];
    readonly BufferId[] _scratch = new BufferId[network.Layers.Count];
    Workspace? _workspace;

    int Last => network.Layers.Count - 1;

    // Forward passes happen at moments 0..L-1, the loss at L, the backward pass of layer i at 2L - i.
    int Moment(int layer) => 2 * network.Layers.Count - layer;

    /// <summary>When the forward buffers of a layer are needed.</summary>
    public Activations.Moments MomentsOf(int layer)
    {
        if (layer >= first) return new Activations.Moments(layer, Moment(layer), Moment(layer));
        bool isInputOfFirst = layer == first - 1;
        return new Activations.Moments(layer, isInputOfFirst ? Moment(first) : layer + 1, layer);
    }

    public void Plan(MemoryPlan plan, int batch)
    {
        for (int i = first; i <= Last; i++)
        {
            var layer = network.Layers[i];
            _dy[i] = plan.Request(layer.Name + ".gradient", MemoryCategory.Activations, (long)batch * layer.OutputLength, Moment(i) - 1, Moment(i));
            long scratch = Math.Max(layer.GradientScratchLength(batch), i > first ? layer.InputGradientScratchLength(batch) : 0);
            _scratch[i] = plan.Request(layer.Name + ".panel", MemoryCategory.Panels, scratch, Moment(i), Moment(i));
        }
    }

    public void Bind(Workspace workspace) => _workspace = workspace;

    /// <summary>From the outputs of a forward pass to updated weights; returns the sum of the losses.</summary>
    public double Run(in Batch batch, Activations activations, GradientSink sink)
    {
        var dy = Gradient(Last, batch.Count);
        activations.Output(Last, batch.Count).CopyTo(dy);
        double loss = network.Loss.Gradient(batch, dy);
        for (int i = Last; i >= first; i--)
        {
            var layer = network.Layers[i];
            layer.LocalGradient(batch.Count, activations.Output(i, batch.Count), dy);
            var below = i > first ? Gradient(i - 1, batch.Count) : default;
            if (i > first) layer.InputGradient(batch.Count, network.Parameters, dy, below, _workspace![_scratch[i]]);
            layer.ParameterGradient(batch.Count, activations.Input(i, batch), dy, activations.Saved(i, batch.Count), _workspace![_scratch[i]], sink);
            dy = below;
        }

        return loss;
    }

    Span<float> Gradient(int layer, int batch) => _workspace![_dy[layer]][..(batch * network.Layers[layer].OutputLength)];
}
