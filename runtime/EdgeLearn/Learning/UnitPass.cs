namespace EdgeLearn;

/// <summary>
/// A stretch of layers that learns as one: they run forward, then the gradient that an <see cref="Objective"/> finds at their end goes back
/// to the lowest layer that learns, and each layer's own gradients are used up as they appear. A rule is a list of these.
/// </summary>
sealed class UnitPass
{
    readonly LayerBuffers _layers;
    readonly UnitTimes _times;
    readonly int _rows;
    readonly bool _keepsWeights;
    readonly Objective? _objective;
    readonly PlannedBuffer[] _dy;
    readonly PlannedBuffer[] _dz;
    readonly PlannedBuffer[] _scratch;
    readonly PlannedBuffer[] _sums;
    readonly bool[] _keepsPlace; // whether dz lies where dy lies
    readonly bool[] _overwrites; // whether dx lies there too

    /// <summary>
    /// Rows for which the objective is asked at a time where its gradient is written over the output, and those that are read of inputs.
    /// </summary>
    public const int RowsOverOutput = 8;

    /// <summary>Asks the plan for the buffers of the way back.</summary>
    /// <param name="layers">of the network, planned at these times</param>
    /// <param name="plan">collects the buffers</param>
    /// <param name="batch">most rows of the step's batch</param>
    /// <param name="times">which layers, when, and how many rows at a time</param>
    /// <param name="objective">on top; null when the unit only runs forward</param>
    /// <param name="givesInputGradient">whether the gradient by the unit's input will be asked for</param>
    /// <param name="keepsWeights">whether weights that gave a loss that is not finite are left as they are, so that what went wrong can
    /// still be found; where units learn by themselves, the weights of the one that ran away show it</param>
    public UnitPass(LayerBuffers layers, MemoryPlan plan, int batch, in UnitTimes times, Objective? objective,
        bool givesInputGradient = false, bool keepsWeights = false)
    {
        _layers = layers;
        _times = times;
        _rows = times.Rows == 0 ? batch : times.Rows;
        (IsPart, IsOverOutput) = (times.Rows > 0, times.ObjectiveAt is not null);
        _keepsWeights = keepsWeights;
        _objective = objective;
        int count = times.End - times.Lowest;
        _dy = new PlannedBuffer[count];
        _dz = new PlannedBuffer[count];
        _scratch = new PlannedBuffer[count];
        _sums = new PlannedBuffer[count];
        _keepsPlace = new bool[count];
        _overwrites = new bool[count];
        var needs = new LayerNeeds[count];
        for (int at = 0; at < count; at++)
        {
            var layer = layers[times.Lowest + at];
            needs[at] = layer.Needs(_rows, new PassKind(StepRows: IsPart ? batch : 0) { IsCompact = times.IsCompact });
            _keepsPlace[at] = needs[at].IsInPlace;
            _overwrites[at] = at > 0 && needs[at].IsInPlace && layer.OverwritesGradient;
        }

        for (int i = times.End - 1; i >= times.Lowest; i--)
        {
            var layer = layers[i];
            int at = i - times.Lowest, time = times.Back(i);
            if (i == times.End - 1 || !_overwrites[at + 1])
            {
                int last = i;
                while (_overwrites[last - times.Lowest]) last--;
                _dy[at] = plan.Request(layer.Name + ".gradient", MemoryCategory.Activations,
                    (long)(IsOverOutput ? RowsOverOutput : _rows) * layer.OutputLength,
                    i + 1 < times.End ? times.Back(i + 1) : times.GradientFrom, times.Back(last));
            }
            else
            {
                _dy[at] = _dy[at + 1];
            }

            if (!_keepsPlace[at])
                _dz[at] = plan.Request(layer.Name + ".inner", MemoryCategory.Activations, needs[at].InnerGradient, time, time);
            var (from, until) = times.SumsOf(i);
            _sums[at] = plan.Request(layer.Name + ".sums", MemoryCategory.Panels, layer.IsTrainable ? needs[at].Sums : 0, from, until);
            _scratch[at] = plan.Request(layer.Name + ".panel", MemoryCategory.Panels,
                needs[at].BackScratch(withInput: i > times.Lowest || givesInputGradient), time, time);
        }
    }

    bool IsPart { get; } // asked in every step, which may be short

    bool IsOverOutput { get; }

    /// <summary>Runs the unit's layers, but those that the batch has behind it.</summary>
    public void Forward(in Batch batch, in ForwardMode mode) => _layers.Forward(_times.First, _times.End, batch, mode);

    /// <summary>Has the first layer take its inputs, which are read some rows at a time.</summary>
    public void SaveInputs(in Batch batch)
    {
        for (int first = 0; first < batch.Count; first += RowsOverOutput)
            _layers.SaveInput(_times.First, batch.Rows(first, Math.Min(RowsOverOutput, batch.Count - first)));
    }

    /// <summary>Runs the unit's layers below the one that takes statistics.</summary>
    public void ForwardBelow(in Batch batch, in ForwardMode mode) => _layers.Forward(_times.First, _times.Statistics, batch, mode);

    /// <summary>Whether the gradient comes down to the layer that takes statistics, which then needs sums over the batch.</summary>
    public bool Measures => _times.Statistics >= _times.Lowest;

    /// <summary>Takes the statistics of the whole batch, of what <see cref="ForwardBelow"/> left of its parts.</summary>
    public void TakeStatistics(in Batch batch, in ForwardMode mode) => _layers.TakeStatistics(_times.Statistics, batch, mode);

    /// <summary>Runs the layer that takes statistics, which are known now, and those above it.</summary>
    public void ForwardAbove(in Batch batch, in ForwardMode mode) => _layers.Forward(_times.Statistics, _times.End, batch, mode);

    /// <summary>
    /// Makes again what the way back through the layers below reads of these rows; the output below the statistics is there for all.
    /// </summary>
    public void ForwardBelowAgain(in Batch batch, in ForwardMode mode)
    {
        int kept = _times.Statistics - 1;
        _layers.Forward(_times.First, _layers.Saves(kept) ? kept + 1 : kept, batch, mode);
    }

    /// <summary>
    /// Adds to the sums over the batch that the layer with statistics needs before its first input gradient, from what
    /// <see cref="ForwardAbove"/> left.
    /// </summary>
    public void Measure(in Batch batch, in StepClock clock, in ForwardMode mode, GradientSink sink)
        => Back(batch, clock, mode, sink, default, measures: true);

    /// <summary>
    /// Leaves what later stretches read, the outputs as they are or as the layers behind the unit make them smaller; the last that is done
    /// with a part.
    /// </summary>
    public void Keep(in Batch batch, in ForwardMode mode)
    {
        _layers.Forward(_times.End, _times.End + _times.Tail, batch, mode);
        if (_times.End + _times.Tail > _times.First) _layers.Keep(_times.End + _times.Tail - 1, batch);
    }

    /// <summary>
    /// From what <see cref="Forward"/> left to updated weights or, where the unit sees a part of the batch, to sums of gradients. The
    /// gradient by a layer's input is taken before the layer's own update.
    /// </summary>
    /// <param name="batch">of the forward pass; a part begins the sums where its first row is the batch's</param>
    /// <param name="clock">of the step</param>
    /// <param name="mode">how it was run</param>
    /// <param name="sink">takes the gradients</param>
    /// <param name="dx">[batch x inputs] gradient by the unit's input, written; empty when nobody wants it</param>
    /// <returns>the sum of the objective over the batch; 0 without an objective</returns>
    public double Learn(in Batch batch, in StepClock clock, in ForwardMode mode, GradientSink sink, Span<float> dx = default)
        => Back(batch, clock, mode, sink, dx, measures: false);

    double Back(in Batch batch, in StepClock clock, in ForwardMode mode, GradientSink sink, Span<float> dx, bool measures)
    {
        if (_objective is null) return 0;
        int lowest = _times.Lowest, top = _times.End - 1, statistics = _times.Statistics;
        if (IsPart && batch.FirstRow == 0) BeginSums(measures);
        var dy = IsOverOutput ? _layers.Output(top, batch) : lowest <= top ? Gradient(top, batch.Count) : dx;
        var y = OutputOf(batch);
        double loss = IsOverOutput ? GradientOverOutput(batch, clock, mode, sink) : _objective.Gradient(batch, clock, mode, y, dy, sink);
        if (_keepsWeights && !double.IsFinite(loss)) return loss;
        for (int i = top; i >= (measures ? statistics : lowest); i--)
        {
            var layer = _layers[i];
            var below = i > lowest ? Gradient(i - 1, batch.Count) : dx;
            var trace = _layers.Trace(i, batch, mode, !below.IsEmpty, i == 0 ? _objective.SharedGradient : default,
                IsPart ? _sums[i - lowest].Span : default, _overwrites[i - lowest]);
            var scratch = _scratch[i - lowest].Span;
            var dz = _keepsPlace[i - lowest] ? dy : InnerGradient(i, batch.Count);
            bool isInner = i == top && (IsOverOutput || _objective.GoesThroughActivation(batch));
            if (!isInner) layer.InnerGradient(trace, dy, dz, scratch);
            bool learns = layer.IsTrainable;
            if (learns && IsPart && measures == (i == statistics)) layer.AddGradient(trace, dz, scratch);
            if (!below.IsEmpty && !(measures && i == statistics)) layer.InputGradient(trace, dz, below, scratch);
            if (learns && !IsPart) layer.ParameterGradient(trace, dz, scratch, sink);
            dy = below;
        }

        return loss;
    }

    // What the batch has behind it are its inputs.
    ReadOnlySpan<float> OutputOf(in Batch batch)
        => _times.First < _times.End && batch.FirstLayer < _times.End ? _layers.Output(_times.End - 1, batch)
            : _layers.Input(_times.End, batch);

    // The dz of the top layer in the place of its output, some rows at a time.
    double GradientOverOutput(in Batch batch, in StepClock clock, in ForwardMode mode, GradientSink sink)
    {
        int top = _times.End - 1;
        double loss = 0;
        for (int first = 0; first < batch.Count; first += RowsOverOutput)
        {
            var rows = batch.Rows(first, Math.Min(RowsOverOutput, batch.Count - first), readsInputs: false);
            var y = _layers.Output(top, rows);
            var dy = _dy[top - _times.Lowest].Span[..y.Length];
            loss += _objective!.Gradient(rows, clock, mode, y, dy, sink);
            if (!_objective.GoesThroughActivation(rows))
                _layers[top].InnerGradient(_layers.Trace(top, rows, mode, wantsInputGradient: false), dy, dy, default);
            dy.CopyTo(y);
        }

        _objective!.HandOver(batch, default, sink);
        return loss;
    }

    // The layer with statistics has its sums from a pass of its own.
    void BeginSums(bool measures)
    {
        for (int i = _times.Lowest; i < _times.End; i++)
        {
            if (measures == (i == _times.Statistics)) _sums[i - _times.Lowest].Span.Clear();
        }
    }

    /// <summary>Hands the sums over all parts of a batch to the sink, first those of the objective.</summary>
    /// <param name="batch">of the step</param>
    /// <param name="sink">takes them</param>
    public void HandOver(in Batch batch, GradientSink sink)
    {
        _objective?.HandOver(batch, _times.KeepsOutput ? OutputOf(batch) : default, sink);
        for (int i = _times.End - 1; i >= _times.Lowest; i--)
        {
            if (_layers[i].IsTrainable) _layers[i].HandOver(_sums[i - _times.Lowest].Span, _scratch[i - _times.Lowest].Span, sink);
        }
    }

    Span<float> InnerGradient(int layer, int batch)
    {
        var dz = _dz[layer - _times.Lowest].Span;
        return batch == _rows ? dz : dz[..(int)_layers[layer].Needs(batch).InnerGradient];
    }

    Span<float> Gradient(int layer, int batch) => _dy[layer - _times.Lowest].Span[..(batch * _layers[layer].OutputLength)];
}
