namespace EdgeLearn;

/// <summary>
/// Layers that a block runs inside itself. Outputs between them and what they save lie in the block's own saved floats, their gradients in
/// the block's own dz, so that the block is one layer to everybody else. With one plan for it, blocks of any kind need only say what they
/// do with the stack's ends.
/// </summary>
sealed class LayerStack
{
    readonly Layer[] _layers;
    readonly Place[] _saved, _inner;
    readonly int _largest;

    // So many floats, and so many a sample: the form of what every layer saves, and of its dz.
    readonly record struct Place(long Fixed, long PerSample)
    {
        public long At(int batch) => Fixed + PerSample * batch;
    }

    /// <summary>Runs layers that are built already.</summary>
    public LayerStack(params Layer[] layers)
    {
        _layers = layers;
        _largest = layers.Max(layer => layer.OutputLength);
        _saved = Places((layer, batch) => (long)batch * layer.OutputLength + layer.Needs(batch).Saved);
        _inner = Places((layer, batch) => layer.Needs(batch).InnerGradient);
    }

    // Where the part of each layer begins in a buffer, and where the last one ends.
    Place[] Places(Func<Layer, int, long> lengthOf)
    {
        var places = new Place[_layers.Length + 1];
        for (int i = 0; i < _layers.Length; i++)
        {
            long one = lengthOf(_layers[i], 1), two = lengthOf(_layers[i], 2);
            places[i + 1] = new Place(places[i].Fixed + 2 * one - two, places[i].PerSample + two - one);
        }

        return places;
    }

    /// <summary>Layers under names <c>prefix.0</c>, <c>prefix.1</c>, ...</summary>
    public static Layer[] Build(string prefix, Shape input, IReadOnlyList<LayerSpec> specs, ParameterSet parameters)
    {
        var shapes = NetworkSpec.ShapesOf(input, specs, prefix + ".");
        return [.. specs.Select((spec, i) => spec.Build($"{prefix}.{i}", shapes[i], parameters))];
    }

    /// <summary>First to last.</summary>
    public ReadOnlySpan<Layer> Layers => _layers;

    int Last => _layers.Length - 1;

    int OutputLength(int layer, int batch) => batch * _layers[layer].OutputLength;

    /// <summary>Multiply-adds of one sample's forward pass.</summary>
    public long MultiplyAdds => _layers.Sum(layer => layer.MultiplyAdds);

    /// <summary>
    /// What a block needs that runs the stack: the output of every layer and what it saves, the dz of every layer, and scratch in which
    /// outputs, or gradients by them, lie in turn.
    /// </summary>
    public LayerNeeds Needs(int batch, PassKind pass)
    {
        pass = pass with { IsCompact = false }; // what its layers save lies in its own saved floats, as Forward without marks leaves it
        long forward = 0, back = 0, parameters = 0, turns = 2L * batch * _largest;
        foreach (var layer in _layers)
        {
            var needs = layer.Needs(batch, pass);
            forward = Math.Max(forward, needs.ForwardScratch);
            back = Math.Max(back, Math.Max(needs.InnerScratch, needs.InputScratch));
            parameters = Math.Max(parameters, needs.ParameterScratch);
        }

        return new LayerNeeds
        {
            Saved = _saved[^1].At(batch),
            InnerGradient = _inner[^1].At(batch),
            IsInPlace = false,
            ForwardScratch = forward + (pass.Saves ? 0 : turns),
            InnerScratch = back + turns,
            ParameterScratch = parameters,
            InputScratch = _layers[0].Needs(batch, pass).InputScratch,
        };
    }

    /// <summary>Floats that its layers save, with their outputs.</summary>
    public int SavedLength(int batch) => (int)_saved[^1].At(batch);

    /// <summary>Floats of the dz of its layers.</summary>
    public int InnerLength(int batch) => (int)_inner[^1].At(batch);

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
        int half = saves ? 0 : batch * _largest;
        var turns = Layer.Take(ref scratch, 2 * half);
        for (int i = 0; i < _layers.Length; i++)
        {
            int start = (int)_saved[i].At(batch), length = OutputLength(i, batch), end = (int)_saved[i + 1].At(batch);
            var y = saves ? saved.Slice(start, length) : turns.Slice(i % 2 * half, length);
            _layers[i].Forward(batch, parameters, mode, x, y, saves ? saved[(start + length)..end] : default, scratch);
            x = y;
        }

        return x;
    }

    // What the pass of one layer left in the stack's saved floats.
    ForwardTrace TraceOf(int index, in ForwardTrace trace)
    {
        int start = (int)_saved[index].At(trace.Batch), length = OutputLength(index, trace.Batch),
            end = (int)_saved[index + 1].At(trace.Batch);
        var input = index == 0
            ? trace.Input
            : trace.Saved.Slice((int)_saved[index - 1].At(trace.Batch), OutputLength(index - 1, trace.Batch));
        return new ForwardTrace(trace.Batch, trace.Parameters, trace.Mode, input, trace.Saved.Slice(start, length),
            trace.Saved[(start + length)..end], index > 0 || trace.WantsInputGradient);
    }

    Range GradientRange(int index, int batch) => (int)_inner[index].At(batch)..(int)_inner[index + 1].At(batch);

    /// <summary>The dz of every layer, from the gradient by the last output.</summary>
    /// <param name="trace">its input and saved floats are the stack's</param>
    /// <param name="dy">gradient by the last output; kept</param>
    /// <param name="dz">[<see cref="LayerNeeds.InnerGradient"/>], written</param>
    /// <param name="scratch">[<see cref="LayerNeeds.InnerScratch"/>]</param>
    public void InnerGradient(in ForwardTrace trace, ReadOnlySpan<float> dy, Span<float> dz, Span<float> scratch)
    {
        int half = trace.Batch * _largest;
        var turns = Layer.Take(ref scratch, 2 * half);
        var gradient = turns.Slice(Last % 2 * half, dy.Length);
        dy.CopyTo(gradient);
        for (int i = Last; i >= 0; i--)
        {
            var inner = TraceOf(i, trace);
            var innerDz = dz[GradientRange(i, trace.Batch)];
            _layers[i].InnerGradient(inner, gradient, innerDz, scratch);
            if (i == 0) break;
            gradient = turns.Slice((i - 1) % 2 * half, OutputLength(i - 1, trace.Batch));
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
