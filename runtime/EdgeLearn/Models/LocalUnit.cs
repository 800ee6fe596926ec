namespace EdgeLearn;

/// <summary>
/// A stretch of layers that a forward-only rule trains by itself: one layer with weights, or one block, with the norm and activation that
/// follow, and before it the layers without weights that prepare its input. No signal crosses units.
/// </summary>
/// <param name="First">index of its first layer</param>
/// <param name="Learner">index of the layer with weights, or of the block</param>
/// <param name="End">index behind its last layer</param>
readonly record struct LocalUnit(int First, int Learner, int End)
{
    /// <summary>
    /// Divides layers into units; every layer belongs to exactly one. Layers without weights at the end belong to the last unit. Empty when
    /// no layer has weights.
    /// </summary>
    public static IReadOnlyList<LocalUnit> Of(IReadOnlyList<LayerSpec> layers)
    {
        var units = new List<LocalUnit>();
        int first = 0;
        for (int i = 0; i < layers.Count; i++)
        {
            if (layers[i].Role != LayerRole.Learner) continue;
            int end = i + 1;
            while (end < layers.Count && layers[end].Role is LayerRole.Norm or LayerRole.Activation) end++;
            units.Add(new LocalUnit(first, i, end));
            first = end;
        }

        if (units.Count > 0) units[^1] = units[^1] with { End = layers.Count };
        return units;
    }
}
