namespace EdgeLearn;

/// <summary>
/// Layers that a block runs inside itself. Outputs between them and what they save lie in the block's own saved floats, their gradients in
/// the block's own dz, so that the block is one layer to everybody else. With one plan for it, blocks of any kind need only say what they
/// do with the stack's ends.
/// </summary>
sealed class LayerStack
{
    readonly Layer[] _layers;

    /// <summary>Builds the layers under names <c>prefix.0</c>, <c>prefix.1</c>, ...</summary>
    public LayerStack(string prefix, Shape input, IReadOnlyList<LayerSpec> specs, ParameterSet parameters)
    {
        _layers = Build(prefix, input, specs, parameters);
        OutputShape = _layers.Length > 0 ? _layers[^1].OutputShape : input;
    }

    /// <summary>Layers under names <c>prefix.0</c>, <c>prefix.1</c>, ...</summary>
    public static Layer[] Build(string prefix, Shape input, IReadOnlyList<LayerSpec> specs, ParameterSet parameters)
    {
        var shapes = NetworkSpec.ShapesOf(input, specs, prefix + ".");
        return [.. specs.Select((spec, i) => spec.Build($"{prefix}.{i}", shapes[i], parameters))];
    }

    /// <summary>Runs layers that are built already.</summary>
    public LayerStack(params Layer[] layers)
    {
        _layers = layers;
        OutputShape = layers[^1].OutputShape;
    }

    /// <summary>First to last.</summary>
    public ReadOnlySpan<Layer> Layers => _layers;

    /// <summary>Shape of a sample after the last layer.</summary>
    public Shape OutputShape { get; }

    int Last => _layers.Length - 1;

    long OutputLength(int layer, int batch) => (long)batch * _layers[layer].OutputLength;

    long Largest(Func<Layer, long> length)
    {
        long largest = 0;
        foreach (var layer in _layers) largest = Math.Max(largest, length(layer));
        return largest;
    }

    /// <summary>Multiply-adds of one sample's forward pass.</summary>
    public long MultiplyAdds => _layers.Sum(layer => layer.MultiplyAdds);

    /// <summary>Floats of <c>saved</c>: the output of every layer, and what it saves.</summary>
    public long SavedLength(int batch)
    {
        long sum = 0; // without a delegate, for a step asks too and allocates nothing
        foreach (var layer in _layers) sum += (long)batch * layer.OutputLength + layer.SavedLength(batch);
        return sum;
    }

    /// <summary>Floats of <c>scratch</c> for <see cref="Forward"/>: without saving, the outputs of neighbouring layers in turn.</summary>
    public long ForwardScratchLength(int batch, bool probed, bool saves)
        => Largest(layer => layer.ForwardScratchLength(batch, probed, saves))
            + (saves ? 0 : 2 * Largest(layer => (long)batch * layer.OutputLength));

    /// <summary>Floats of <c>dz</c>: the dz of every layer.</summary>
    public long GradientLength(int batch)
    {
        long sum = 0;
        foreach (var layer in _layers) sum += layer.GradientLength(batch);
        return sum;
    }

    /// <summary>Floats of <c>scratch</c> for <see cref="LocalGradient"/>.</summary>
    public long LocalGradientScratchLength(int batch)
        => Largest(layer => Math.Max(layer.LocalGradientScratchLength(batch), layer.InputGradientScratchLength(batch)))
            + 2 * Largest(layer => (long)batch * layer.OutputLength);

    /// <summary>Floats of <c>scratch</c> for <see cref="ParameterGradient"/>.</summary>
    public long GradientScratchLength(int batch) => Largest(layer => layer.GradientScratchLength(batch));

    /// <summary>Floats of <c>scratch</c> for <see cref="InputGradient"/>.</summary>
    public long InputGradientScratchLength(int batch) => _layers[0].InputGradientScratchLength(batch);

    /// <summary>Whether a gradient reads the stack's input.</summary>
    public bool GradientReadsInput => _layers[0].GradientReadsInput;

    /// <summary>Draws all starting weights.</summary>
    public void Initialise(ParameterSet parameters, ulong seed)
    {
        foreach (var layer in _layers) layer.Initialise(parameters, seed);
    }

    /// <summary>Runs all layers.</summary>
    /// <returns>the last output, in saved or scratch</returns>
    public ReadOnlySpan<float> Forward(int batch, ParameterSet parameters, in ForwardMode mode, ReadOnlySpan<float> x, Span<float> saved,
        Span<float> scratch)
    {
        bool saves = !saved.IsEmpty;
        int half = saves ? 0 : Largest(batch);
        var turns = scratch[..(2 * half)];
        scratch = scratch[(2 * half)..];
        for (int i = 0; i < _layers.Length; i++)
        {
            int length = (int)OutputLength(i, batch), kept = saves ? (int)_layers[i].SavedLength(batch) : 0;
            var y = saves ? saved[..length] : turns.Slice(i % 2 * half, length);
            _layers[i].Forward(batch, parameters, mode, x, y, saves ? saved.Slice(length, kept) : default, scratch);
            if (saves) saved = saved[(length + kept)..];
            x = y;
        }

        return x;
    }

    int Largest(int batch)
    {
        int largest = 0;
        foreach (var layer in _layers) largest = Math.Max(largest, batch * layer.OutputLength);
        return largest;
    }

    // What the pass of one layer left in the stack's saved floats.
    ForwardTrace TraceOf(int index, in ForwardTrace trace)
    {
        int start = 0, before = 0;
        for (int i = 0; i < index; i++)
        {
            before = start;
            start += (int)(OutputLength(i, trace.Batch) + _layers[i].SavedLength(trace.Batch));
        }

        var input = index == 0 ? trace.Input : trace.Saved.Slice(before, (int)OutputLength(index - 1, trace.Batch));
        int length = (int)OutputLength(index, trace.Batch);
        return new ForwardTrace(trace.Batch, trace.Parameters, trace.Mode, input, trace.Saved.Slice(start, length),
            trace.Saved.Slice(start + length, (int)_layers[index].SavedLength(trace.Batch))) { WantsInputGradient = index > 0
            || trace.WantsInputGradient };
    }

    Range GradientRange(int index, int batch)
    {
        int start = 0;
        for (int i = 0; i < index; i++) start += (int)_layers[i].GradientLength(batch);
        return start..(start + (int)_layers[index].GradientLength(batch));
    }

    /// <summary>The dz of every layer, from the gradient by the last output.</summary>
    /// <param name="trace">its input and saved floats are the stack's</param>
    /// <param name="dy">gradient by the last output; kept</param>
    /// <param name="dz">[<see cref="GradientLength"/>], written</param>
    /// <param name="scratch">[<see cref="LocalGradientScratchLength"/>]</param>
    public void LocalGradient(in ForwardTrace trace, ReadOnlySpan<float> dy, Span<float> dz, Span<float> scratch)
    {
        int half = Largest(trace.Batch);
        var turns = scratch[..(2 * half)];
        scratch = scratch[(2 * half)..];
        var gradient = turns.Slice(Last % 2 * half, dy.Length);
        dy.CopyTo(gradient);
        for (int i = Last; i >= 0; i--)
        {
            var inner = TraceOf(i, trace);
            var innerDz = dz[GradientRange(i, trace.Batch)];
            _layers[i].LocalGradient(inner, gradient, innerDz, scratch);
            if (i == 0) break;
            gradient = turns.Slice((i - 1) % 2 * half, (int)OutputLength(i - 1, trace.Batch));
            _layers[i].InputGradient(inner, innerDz, gradient, scratch);
        }
    }

    /// <summary>Hands the gradients of all layers to the sink.</summary>
    public void ParameterGradient(in ForwardTrace trace, ReadOnlySpan<float> dz, Span<float> scratch, GradientSink sink)
    {
        for (int i = 0; i < _layers.Length; i++)
        {
            if (_layers[i].IsTrainable) _layers[i].ParameterGradient(TraceOf(i, trace), dz[GradientRange(i, trace.Batch)], scratch, sink);
        }
    }

    /// <summary>dx = gradient by the stack's input.</summary>
    public void InputGradient(in ForwardTrace trace, ReadOnlySpan<float> dz, Span<float> dx, Span<float> scratch)
        => _layers[0].InputGradient(TraceOf(0, trace), dz[GradientRange(0, trace.Batch)], dx, scratch);
}
