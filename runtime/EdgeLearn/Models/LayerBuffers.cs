namespace EdgeLearn;

/// <summary>
/// The buffers of layers that follow each other in one plan: outputs, what each layer saves, and scratch, each with the moments between
/// which it is needed. Everybody who runs layers runs them here; the moments make the difference between inference, forward-only learning
/// and backprop.
/// </summary>
sealed class LayerBuffers
{
    readonly Layer[] _layers;
    readonly ParameterSet _parameters;
    readonly PlannedBuffer[] _outputs;
    readonly PlannedBuffer[] _saved;
    readonly PlannedBuffer[] _scratch;
    readonly Place[] _places;
    readonly int _frozenCount;

    // Values of a row of the output; rows of a pass; whether the output is there for all rows of the batch; the layer in whose output later
    // stretches find it; and whether the pass saves marks.
    readonly record struct Place(int Length, int Rows, bool KeepsBatch, int KeptIn, bool IsCompact);

    /// <summary>When a layer's buffers are needed.</summary>
    /// <param name="Forward">moment of the layer's forward pass</param>
    /// <param name="OutputUntil">last moment that needs its output</param>
    /// <param name="SavedUntil">
    /// last moment that needs what it saved; null when no gradient will be asked of it, so that it saves nothing
    /// </param>
    public readonly record struct Moments(int Forward, int OutputUntil, int? SavedUntil)
    {
        /// <summary>Most rows that the layer sees at a time; 0 = the whole batch.</summary>
        public int Rows { get; init; }

        /// <summary>Whether the pass is compact, see <see cref="PassKind.IsCompact"/>.</summary>
        public bool IsCompact { get; init; }

        /// <summary>Whether the output lies where the input lies, that of the layer before.</summary>
        public bool IsOverInput { get; init; }

        /// <summary>
        /// The moment from which on the output is there for all rows of the batch, of which the layer sees a part at a time; null = it is
        /// there for the rows of the pass.
        /// </summary>
        public int? OutputFrom { get; init; }

        /// <summary>
        /// A layer before this one in whose output, which is there for all rows, this one's is put by <see cref="Keep"/> when nobody reads
        /// it any more; null = the output stays where it is made.
        /// </summary>
        public int? KeptIn { get; init; }

        /// <summary>
        /// What <see cref="KeptIn"/> of a layer behind this one leaves in its output: the last moment of the output itself, and values of a
        /// row from then on.
        /// </summary>
        public (int After, int RowLength)? Shrinks { get; init; }

        /// <summary>
        /// The moment from which on there are statistics of the whole batch in what the layer saves; null = it saves for a pass.
        /// </summary>
        public int? SavedFrom { get; init; }
    }

    /// <summary>Asks the plan for the buffers of all layers.</summary>
    /// <param name="layers">first to last</param>
    /// <param name="parameters">their weights</param>
    /// <param name="plan">collects the buffers</param>
    /// <param name="batch">the most rows a batch will have</param>
    /// <param name="probed">whether weights will be read through a probe</param>
    /// <param name="momentsOf">when a layer's buffers are needed</param>
    /// <param name="frozenCount">first layers that run as in evaluation</param>
    public LayerBuffers(ReadOnlySpan<Layer> layers, ParameterSet parameters, MemoryPlan plan, int batch, bool probed,
        Func<int, Moments> momentsOf, int frozenCount = 0)
    {
        _layers = layers.ToArray();
        _parameters = parameters;
        _frozenCount = frozenCount;
        _outputs = new PlannedBuffer[layers.Length];
        _saved = new PlannedBuffer[layers.Length];
        _scratch = new PlannedBuffer[layers.Length];
        _places = new Place[layers.Length];
        for (int i = 0; i < layers.Length; i++)
        {
            var layer = layers[i];
            var moments = momentsOf(i);
            var (forward, outputUntil, savedUntil) = moments;
            int rows = moments.Rows == 0 ? batch : moments.Rows;
            var place = _places[i] = new Place(layer.OutputLength, rows, moments.OutputFrom is not null, moments.KeptIn ?? i,
                moments.IsCompact);
            var needs = layer.Needs(rows, new PassKind(probed, Saves: savedUntil is not null, StepRows: rows < batch ? batch : 0)
            {
                IsCompact = moments.IsCompact,
            });
            for (int above = i + 1; above < layers.Length && momentsOf(above) is { IsOverInput: true } over; above++)
                outputUntil = Math.Max(outputUntil, over.OutputUntil);
            var (shrinksAfter, rowLength) = moments.Shrinks ?? (outputUntil, 0);
            _outputs[i] = moments.IsOverInput ? _outputs[i - 1]
                : plan.Request(layer.Name + ".output", MemoryCategory.Activations,
                    (long)(place.KeepsBatch ? batch : rows) * layer.OutputLength, moments.OutputFrom ?? forward, outputUntil, shrinksAfter,
                    (long)batch * rowLength);
            if (savedUntil is { } until)
            {
                _saved[i] = plan.Request(layer.Name + ".saved", MemoryCategory.Activations, needs.Saved, moments.SavedFrom ?? forward,
                    until);
            }
            _scratch[i] = plan.Request(layer.Name + ".scratch", MemoryCategory.Panels,
                needs.ForwardScratch, forward, forward);
        }
    }

    /// <summary>
    /// The buffers of a network's layers, but not of a last layer that makes the loss itself (<see cref="Network.Body"/>).
    /// </summary>
    public LayerBuffers(Network network, MemoryPlan plan, int batch, bool probed, Func<int, Moments> momentsOf)
        : this(network.Body, network.Parameters, plan, batch, probed, momentsOf, network.FrozenCount)
    {
    }

    /// <summary>Layers that have buffers.</summary>
    public int Count => _layers.Length;

    /// <summary>The moments of plain inference from <paramref name="time"/> on: an output lives until the next layer has read it.</summary>
    public static Func<int, Moments> Inference(int time, int rows = 0) => i => new Moments(time + i, time + i + 1, null) { Rows = rows };

    /// <summary>A layer.</summary>
    public Layer this[int layer] => _layers[layer];

    /// <summary>[batch x output length] of a layer.</summary>
    public Span<float> Output(int layer, int batch) => _outputs[layer].Span[..(batch * _places[layer].Length)];

    /// <summary>What a layer makes of the rows that the pass sees.</summary>
    public Span<float> Output(int layer, in Batch batch)
    {
        ref readonly var place = ref _places[layer];
        return _outputs[layer].Span.Slice(place.KeepsBatch ? batch.FirstRow * place.Length : 0, batch.Count * place.Length);
    }

    // What a layer saves of a short batch, such as the last of an epoch, is shorter.
    Span<float> Saved(int layer, int batch)
    {
        var saved = _saved[layer].Span;
        ref readonly var place = ref _places[layer];
        return saved.IsEmpty || batch == place.Rows ? saved
            : saved[..(int)_layers[layer].Needs(batch, new PassKind { IsCompact = place.IsCompact }).Saved];
    }

    /// <summary>Whether a layer saves something for its gradients.</summary>
    public bool Saves(int layer) => !_saved[layer].Span.IsEmpty;

    /// <summary>
    /// The input of a layer, or of what stands behind the last: the batch, or the output of the layer before, where it is kept.
    /// </summary>
    public ReadOnlySpan<float> Input(int layer, in Batch batch)
        => layer == batch.FirstLayer ? batch.Inputs : _places[layer - 1].KeptIn == layer - 1 ? Output(layer - 1, batch)
            : Kept(layer - 1, batch);

    // Rows lie closer in the place of longer ones.
    Span<float> Kept(int layer, in Batch batch)
    {
        ref readonly var place = ref _places[layer];
        return _outputs[place.KeptIn].Span.Slice(batch.FirstRow * place.Length, batch.Count * place.Length);
    }

    /// <summary>Puts what a layer has made where later stretches read it.</summary>
    public void Keep(int layer, in Batch batch)
    {
        if (_places[layer].KeptIn != layer) Output(layer, batch).CopyTo(Kept(layer, batch));
    }

    /// <summary>Has a layer take some rows of its input, before a forward pass of the whole batch.</summary>
    public void SaveInput(int layer, in Batch rows)
        => _layers[layer].SaveInput(rows.FirstRow, rows.Count, rows.StepCount, Input(layer, rows), Saved(layer, rows.StepCount));

    /// <summary>Has a layer take its statistics of the whole batch.</summary>
    public void TakeStatistics(int layer, in Batch batch, in ForwardMode mode)
        => _layers[layer].TakeStatistics(batch.Count, _parameters, mode, Input(layer, batch), _saved[layer].Span, _scratch[layer].Span);

    /// <summary>What the forward pass of a layer left for its gradients.</summary>
    /// <param name="layer">which layer</param>
    /// <param name="batch">of the pass</param>
    /// <param name="mode">how the pass was run</param>
    /// <param name="wantsInputGradient">see <see cref="ForwardTrace.WantsInputGradient"/></param>
    /// <param name="sharedGradient">see <see cref="ForwardTrace.SharedGradient"/></param>
    /// <param name="sums">see <see cref="ForwardTrace.Sums"/></param>
    /// <param name="overwritesGradient">see <see cref="ForwardTrace.OverwritesGradient"/></param>
    public ForwardTrace Trace(int layer, in Batch batch, in ForwardMode mode, bool wantsInputGradient, Span<float> sharedGradient = default,
        Span<float> sums = default, bool overwritesGradient = false)
        => new(batch.Count, _parameters, mode, Input(layer, batch), Output(layer, batch), Saved(layer, batch.Count), wantsInputGradient,
            sharedGradient, sums, overwritesGradient)
        {
            IsCompact = _places[layer].IsCompact,
        };

    /// <summary>Runs one layer on its input.</summary>
    public void Forward(int layer, in Batch batch, in ForwardMode mode)
    {
        if (layer < _frozenCount) Run(layer, batch, mode with { IsTraining = false });
        else Run(layer, batch, mode); // no copy: steps of one sample are short
    }

    void Run(int layer, in Batch batch, in ForwardMode mode)
        => _layers[layer].Forward(batch.Count, _parameters, mode, Input(layer, batch), Output(layer, batch), Saved(layer, batch.Count),
            _scratch[layer].Span);

    /// <summary>Runs one layer for both signs of a probe; what belongs to the negative sign is the caller's.</summary>
    public void ForwardPair(int layer, in Batch batch, in Probe plus, ReadOnlySpan<float> minusInput, Span<float> minusOutput,
        Span<float> pairScratch)
        => _layers[layer].ForwardPair(batch.Count, _parameters, plus, Input(layer, batch), minusInput, Output(layer, batch.Count),
            minusOutput, _scratch[layer].Span, pairScratch);

    /// <summary>Runs layers from..to-1, but those that the batch has behind it.</summary>
    public void Forward(int from, int to, in Batch batch, in ForwardMode mode)
    {
        for (int i = Math.Max(from, batch.FirstLayer); i < to; i++) Forward(i, batch, mode);
    }
}
