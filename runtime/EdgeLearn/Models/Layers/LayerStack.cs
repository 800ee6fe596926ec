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

    /// <summary>Multiply-adds of one sample's forward pass.</summary>
    public long MultiplyAdds => _layers.Sum(layer => layer.MultiplyAdds);

    /// <summary>
    /// What a block needs that runs the stack: the output of every layer and what it saves, the dz of every layer, and scratch in which
    /// outputs, or gradients by them, lie in turn.
    /// </summary>
    public LayerNeeds Needs(int batch, PassKind pass)
    {
        long saved = 0, inner = 0, forward = 0, back = 0, parameters = 0, turns = 2 * (long)Largest(batch);
        foreach (var layer in _layers)
        {
            var needs = layer.Needs(batch, pass);
            saved += (long)batch * layer.OutputLength + needs.Saved;
            inner += needs.InnerGradient;
            forward = Math.Max(forward, needs.ForwardScratch);
            back = Math.Max(back, Math.Max(needs.InnerScratch, needs.InputScratch));
            parameters = Math.Max(parameters, needs.ParameterScratch);
        }

        return new LayerNeeds
        {
            Saved = saved,
            InnerGradient = inner,
            ForwardScratch = forward + (pass.Saves ? 0 : turns),
            InnerScratch = back + turns,
            ParameterScratch = parameters,
            InputScratch = _layers[0].Needs(batch, pass).InputScratch,
        };
    }

    /// <summary>Floats that its layers save, with their outputs.</summary>
    public int SavedLength(int batch)
    {
        int sum = 0;
        for (int i = 0; i < _layers.Length; i++) sum += (int)OutputLength(i, batch) + SavedLength(i, batch);
        return sum;
    }

    /// <summary>Floats of the dz of its layers.</summary>
    public int InnerLength(int batch)
    {
        int sum = 0;
        for (int i = 0; i < _layers.Length; i++) sum += InnerLength(i, batch);
        return sum;
    }

    // Where parts of the stack's buffers lie does not depend on what else a pass is asked for.
    int SavedLength(int layer, int batch) => (int)_layers[layer].Needs(batch).Saved;

    int InnerLength(int layer, int batch) => (int)_layers[layer].Needs(batch).InnerGradient;

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
            int length = (int)OutputLength(i, batch), kept = saves ? SavedLength(i, batch) : 0;
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
            start += (int)OutputLength(i, trace.Batch) + SavedLength(i, trace.Batch);
        }

        var input = index == 0 ? trace.Input : trace.Saved.Slice(before, (int)OutputLength(index - 1, trace.Batch));
        int length = (int)OutputLength(index, trace.Batch);
        return new ForwardTrace(trace.Batch, trace.Parameters, trace.Mode, input, trace.Saved.Slice(start, length),
            trace.Saved.Slice(start + length, SavedLength(index, trace.Batch)))
        {
            WantsInputGradient = index > 0
            || trace.WantsInputGradient
        };
    }

    Range GradientRange(int index, int batch)
    {
        int start = 0;
        for (int i = 0; i < index; i++) start += InnerLength(i, batch);
        return start..(start + InnerLength(index, batch));
    }

    /// <summary>The dz of every layer, from the gradient by the last output.</summary>
    /// <param name="trace">its input and saved floats are the stack's</param>
    /// <param name="dy">gradient by the last output; kept</param>
    /// <param name="dz">[<see cref="LayerNeeds.InnerGradient"/>], written</param>
    /// <param name="scratch">[<see cref="LayerNeeds.InnerScratch"/>]</param>
    public void InnerGradient(in ForwardTrace trace, ReadOnlySpan<float> dy, Span<float> dz, Span<float> scratch)
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
            _layers[i].InnerGradient(inner, gradient, innerDz, scratch);
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
