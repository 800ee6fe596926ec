namespace EdgeLearn;

/// <summary>
/// The calendar of a unit: its layers run one after the other, then its objective, then the gradient goes back through its layers. With
/// one unit for a whole network these are the moments of backprop; with a unit for each layer, an output is needed no longer than in
/// inference.
/// </summary>
/// <param name="First">index of its first layer</param>
/// <param name="End">index behind its last layer</param>
/// <param name="Lowest">the lowest layer that gets a gradient; <paramref name="End"/> when none does</param>
/// <param name="Start">moment of its first layer</param>
readonly record struct UnitTimes(int First, int End, int Lowest, int Start)
{
    /// <summary>Whether all happens in one moment, that of an objective above another unit.</summary>
    public bool IsAtOnce { get; init; }

    /// <summary>When a layer runs.</summary>
    public int Forward(int layer) => IsAtOnce ? Start : Start + layer - First;

    /// <summary>When the objective is asked.</summary>
    public int Objective => Forward(End);

    /// <summary>When a layer's gradients are made.</summary>
    public int Back(int layer) => IsAtOnce ? Start : Objective + End - layer;

    /// <summary>The moment behind the last.</summary>
    public int Next => Back(Lowest) + 1;

    /// <summary>When the buffers of one of its layers are needed.</summary>
    /// <param name="layer">index of the layer</param>
    /// <param name="layers">all layers</param>
    /// <param name="above">the unit that reads the output of this one's last layer; null when none does</param>
    public LayerBuffers.Moments MomentsOf(int layer, ReadOnlySpan<Layer> layers, UnitTimes? above)
    {
        int until = layer + 1 < End ? Forward(layer + 1) : Objective;
        if (layer >= Lowest && layers[layer].GradientReadsOutput) until = Math.Max(until, Back(layer));
        if (layer + 1 < End) until = Math.Max(until, ReadUntil(layer + 1, layers));
        else if (above is { } unit) until = Math.Max(until, unit.First < unit.End ? unit.ReadUntil(layer + 1, layers) : unit.Objective);
        return new LayerBuffers.Moments(Forward(layer), until, layer >= Lowest ? Back(layer) : null);
    }

    // The last moment in which a layer reads its input.
    int ReadUntil(int layer, ReadOnlySpan<Layer> layers)
        => layer >= Lowest && layers[layer].GradientReadsInput ? Back(layer) : Forward(layer);
}
