namespace EdgeLearn;

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

    /// <summary>Whether a large vocabulary above the unit is taken some words at a time, see <see cref="StepCut.ByWords"/>.</summary>
    public bool ByWords { get; init; }

    /// <summary>
    /// Layers behind the last that run when all else is done with a part, since what they leave for the next stretch is smaller.
    /// </summary>
    public int Tail { get; init; }

    /// <summary>
    /// The layer that takes statistics of the whole batch, where the unit sees a part at a time: the layers below it run first, for all
    /// parts; -1 = there is none.
    /// </summary>
    public int Statistics { get; init; } = -1;

    /// <summary>Whether the pass is compact, see <see cref="StepCut.IsCompact"/>.</summary>
    public bool IsCompact { get; init; }

    /// <summary>First and last moment of the stretch of units that see the same rows at a time; of use with <see cref="Rows"/>.</summary>
    public (int From, int Until) Stretch { get; init; }

    /// <summary>
    /// Whether what the unit leaves of all rows is there when the last part is done, so that its objective may go over it once more.
    /// </summary>
    public bool KeepsOutput { get; init; }

    /// <summary>When a layer runs.</summary>
    public int Forward(int layer) => IsAtOnce ? Start : layer < End ? Start + layer - First : Back(Lowest) + 1 + layer - End;

    /// <summary>When the objective is asked.</summary>
    public int Objective => ObjectiveAt ?? (IsAtOnce ? Start : Start + End - First);

    /// <summary>
    /// When the objective is asked, where that is not as soon as the unit has run: its gradient is written over the unit's output then.
    /// </summary>
    public int? ObjectiveAt { get; init; }

    /// <summary>Moments that the objective takes, in the last of which it writes its gradient.</summary>
    public int ObjectiveLength { get; init; } = 1;

    /// <summary>When the gradient of the objective is there.</summary>
    public int GradientFrom => Objective + ObjectiveLength - 1;

    /// <summary>When a layer's gradients are made.</summary>
    public int Back(int layer) => IsAtOnce ? Start : GradientFrom + End - layer;

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
        int until = layer + 1 < End ? Forward(layer + 1) : Tail > 0 ? Forward(End) : GradientFrom;
        if (layer >= Lowest && (layers[layer].ReadsOutput(IsCompact) || ObjectiveAt is not null)) until = Math.Max(until, Back(layer));
        if (layer + 1 < End) until = Math.Max(until, ReadUntil(layer + 1, layers));
        else if (above is { } unit && Tail == 0) until = Math.Max(until, unit.ReadsUntil(layers));
        // What leaves the stretch is there for all rows, as long as anybody reads some of them.
        bool leaves = layer + 1 == End && Tail == 0 && above is { } next && (Rows == 0 || next.Stretch != Stretch);
        if (Statistics >= 0) return AroundStatistics(layer, layers, until, above);
        return new LayerBuffers.Moments(Forward(layer), until, layer >= Lowest ? Back(layer) : null)
        {
            Rows = Rows,
            IsCompact = IsCompact,
            IsOverInput = IsOverInput(layer, layers) && !(leaves && Rows > 0),
            OutputFrom = !leaves ? null : Rows > 0 ? Stretch.From : Forward(layer),
        };
    }

    // Whether a layer writes over its input, which nobody reads again: not the unit's own, nor one that is there for the whole batch.
    bool IsOverInput(int layer, ReadOnlySpan<Layer> layers)
        => IsCompact && layer > First && layers[layer].OverwritesInput && layer != Statistics - 1 && layer != Statistics
            && !(layer >= Lowest && layers[layer].ReadsInput(IsCompact))
            && !(layer > Lowest && layers[layer - 1].ReadsOutput(IsCompact));

    // What the statistics are taken of is there for the whole batch, and in its place, at last, what leaves the unit.
    LayerBuffers.Moments AroundStatistics(int layer, ReadOnlySpan<Layer> layers, int until, UnitTimes? above)
    {
        int kept = Statistics - 1;
        if (layer == kept) until = above is { } unit ? unit.ReadsUntil(layers) : Stretch.Until;
        return new LayerBuffers.Moments(Forward(layer), until, layer == Statistics ? Stretch.Until : layer >= Lowest ? Back(layer) : null)
        {
            Rows = Rows,
            IsCompact = IsCompact,
            IsOverInput = IsOverInput(layer, layers),
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
        => Rows > 0 ? Stretch.Until : First < End ? ReadUntil(First, layers) : GradientFrom;

    // The last moment in which a layer reads its input.
    int ReadUntil(int layer, ReadOnlySpan<Layer> layers)
        => layer >= Lowest && layers[layer].ReadsInput(IsCompact) ? Back(layer) : Forward(layer);
}
