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
        _keepsWeights = keepsWeights;
        _objective = objective;
        int count = times.End - times.Lowest;
        _dy = new PlannedBuffer[count];
        _dz = new PlannedBuffer[count];
        _scratch = new PlannedBuffer[count];
        _sums = new PlannedBuffer[count];
        _keepsPlace = new bool[count];
        for (int i = times.Lowest; i < times.End; i++)
        {
            var layer = layers[i];
            int at = i - times.Lowest, time = times.Back(i);
            long outputs = (long)_rows * layer.OutputLength;
            var needs = layer.Needs(_rows, new PassKind(StepRows: IsPart ? batch : 0));
            _keepsPlace[at] = needs.InnerGradient == outputs;
            _dy[at] = plan.Request(layer.Name + ".gradient", MemoryCategory.Activations, outputs,
                i + 1 < times.End ? times.Back(i + 1) : times.Objective, time);
            if (!_keepsPlace[at])
                _dz[at] = plan.Request(layer.Name + ".inner", MemoryCategory.Activations, needs.InnerGradient, time, time);
            var (from, until) = times.SumsOf(i);
            _sums[at] = plan.Request(layer.Name + ".sums", MemoryCategory.Panels, layer.IsTrainable ? needs.Sums : 0, from, until);
            _scratch[at] = plan.Request(layer.Name + ".panel", MemoryCategory.Panels,
                needs.BackScratch(withInput: i > times.Lowest || givesInputGradient), time, time);
        }
    }

    bool IsPart => _times.Rows > 0;

    /// <summary>Runs the unit's layers, but those that the batch has behind it.</summary>
    public void Forward(in Batch batch, in ForwardMode mode) => _layers.Forward(_times.First, _times.End, batch, mode);

    /// <summary>Runs the unit's layers below the one that takes statistics.</summary>
    public void ForwardBelow(in Batch batch, in ForwardMode mode) => _layers.Forward(_times.First, _times.Statistics, batch, mode);

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
        bool saves = _layers[kept].Needs(batch.Count).Saved > 0;
        _layers.Forward(_times.First, saves ? kept + 1 : kept, batch, mode);
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
        var dy = lowest <= top ? Gradient(top, batch.Count) : dx;
        var y = _times.First <= top ? _layers.Output(top, batch) : _layers.Input(_times.End, batch);
        double loss = _objective.Gradient(batch, clock, mode, y, dy, sink);
        if (_keepsWeights && !double.IsFinite(loss)) return loss;
        for (int i = top; i >= (measures ? statistics : lowest); i--)
        {
            var layer = _layers[i];
            var below = i > lowest ? Gradient(i - 1, batch.Count) : dx;
            var trace = _layers.Trace(i, batch, mode, !below.IsEmpty, i == 0 ? _objective.SharedGradient : default,
                IsPart ? _sums[i - lowest].Span : default);
            var scratch = _scratch[i - lowest].Span;
            var dz = _keepsPlace[i - lowest] ? dy : InnerGradient(i, batch.Count);
            if (i < top || !_objective.GoesThroughActivation(batch)) layer.InnerGradient(trace, dy, dz, scratch);
            if (!below.IsEmpty && !(measures && i == statistics)) layer.InputGradient(trace, dz, below, scratch);
            bool learns = layer.IsTrainable;
            if (learns && !IsPart) layer.ParameterGradient(trace, dz, scratch, sink);
            else if (learns && measures == (i == statistics)) layer.AddGradient(trace, dz, scratch);
            dy = below;
        }

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
    public void HandOver(GradientSink sink)
    {
        _objective?.HandOver(sink);
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

/// <summary>
/// The calendar of a unit: its layers run one after the other, then its objective, then the gradient goes back through its layers. With one
/// unit for a whole network these are the moments of backprop; with a unit for each layer, an output is needed no longer than in inference.
/// </summary>
/// <param name="First">index of its first layer</param>
/// <param name="End">index behind its last layer</param>
/// <param name="Lowest">the lowest layer that gets a gradient; <paramref name="End"/> when none does</param>
/// <param name="Start">moment of its first layer</param>
readonly record struct UnitTimes(int First, int End, int Lowest, int Start)
{
    /// <summary>Whether all happens in one moment, that of an objective above another unit.</summary>
    public bool IsAtOnce { get; init; }

    /// <summary>Most rows of the batch that the unit sees at a time; 0 = all of them.</summary>
    public int Rows { get; init; }

    /// <summary>
    /// Layers behind the last that run when all else is done with a part, since what they leave for the next stretch is smaller.
    /// </summary>
    public int Tail { get; init; }

    /// <summary>
    /// The layer that takes statistics of the whole batch, where the unit sees a part at a time: the layers below it run first, for all
    /// parts; -1 = there is none.
    /// </summary>
    public int Statistics { get; init; } = -1;

    /// <summary>First and last moment of the stretch of units that see the same rows at a time; of use with <see cref="Rows"/>.</summary>
    public (int From, int Until) Stretch { get; init; }

    /// <summary>When a layer runs.</summary>
    public int Forward(int layer) => IsAtOnce ? Start : layer < End ? Start + layer - First : Back(Lowest) + 1 + layer - End;

    /// <summary>When the objective is asked.</summary>
    public int Objective => IsAtOnce ? Start : Start + End - First;

    /// <summary>When a layer's gradients are made.</summary>
    public int Back(int layer) => IsAtOnce ? Start : Objective + End - layer;

    /// <summary>The moment behind the last.</summary>
    public int Next => Back(Lowest) + 1 + Tail;

    /// <summary>When the sums of a layer's gradients are needed.</summary>
    public (int From, int Until) SumsOf(int layer) => Rows > 0 ? Stretch : (Back(layer), Back(layer));

    /// <summary>When the buffers of one of its layers are needed.</summary>
    /// <param name="layer">index of the layer</param>
    /// <param name="layers">all layers</param>
    /// <param name="above">the unit that reads the output of this one's last layer; null when none does</param>
    public LayerBuffers.Moments MomentsOf(int layer, ReadOnlySpan<Layer> layers, UnitTimes? above)
    {
        if (layer >= End) return OfTail(layer, layers, above!.Value);
        int until = layer + 1 < End ? Forward(layer + 1) : Tail > 0 ? Forward(End) : Objective;
        if (layer >= Lowest && layers[layer].GradientReadsOutput) until = Math.Max(until, Back(layer));
        if (layer + 1 < End) until = Math.Max(until, ReadUntil(layer + 1, layers));
        else if (above is { } unit && Tail == 0) until = Math.Max(until, unit.ReadsUntil(layers));
        // What leaves the stretch is there for all rows, as long as anybody reads some of them.
        bool leaves = layer + 1 == End && Tail == 0 && above is { } next && (Rows == 0 || next.Stretch != Stretch);
        if (Statistics >= 0) return AroundStatistics(layer, layers, until, above);
        return new LayerBuffers.Moments(Forward(layer), until, layer >= Lowest ? Back(layer) : null)
        {
            Rows = Rows,
            OutputFrom = !leaves ? null : Rows > 0 ? Stretch.From : Forward(layer),
        };
    }

    // What the statistics are taken of is there for the whole batch, and in its place, at last, what leaves the unit.
    LayerBuffers.Moments AroundStatistics(int layer, ReadOnlySpan<Layer> layers, int until, UnitTimes? above)
    {
        int kept = Statistics - 1;
        if (layer == kept) until = above is { } unit ? unit.ReadsUntil(layers) : Stretch.Until;
        return new LayerBuffers.Moments(Forward(layer), until, layer == Statistics ? Stretch.Until : layer >= Lowest ? Back(layer) : null)
        {
            Rows = Rows,
            OutputFrom = layer == kept ? Stretch.From : null,
            Shrinks = layer == kept && above is not null ? (Stretch.Until, layers[End + Tail - 1].OutputLength) : null,
            KeptIn = layer + 1 == End && Tail == 0 && above is not null ? kept : null,
            SavedFrom = layer == Statistics ? Stretch.From : null,
        };
    }

    LayerBuffers.Moments OfTail(int layer, ReadOnlySpan<Layer> layers, UnitTimes above)
    {
        bool isLast = layer + 1 == End + Tail;
        int until = !isLast ? Forward(layer + 1) : Statistics < 0 ? above.ReadsUntil(layers) : Forward(layer);
        return new LayerBuffers.Moments(Forward(layer), until, null)
        {
            Rows = Rows,
            OutputFrom = isLast && Statistics < 0 ? Stretch.From : null,
            KeptIn = isLast && Statistics >= 0 ? Statistics - 1 : null,
        };
    }

    /// <summary>The last moment in which the unit reads what the one below leaves, or the inputs of the batch.</summary>
    public int ReadsUntil(ReadOnlySpan<Layer> layers)
        => Rows > 0 ? Stretch.Until : First < End ? ReadUntil(First, layers) : Objective;

    // The last moment in which a layer reads its input.
    int ReadUntil(int layer, ReadOnlySpan<Layer> layers)
        => layer >= Lowest && layers[layer].GradientReadsInput ? Back(layer) : Forward(layer);
}
