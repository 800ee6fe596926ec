namespace EdgeLearn.Commands;

/// <summary>What a run is told whose recurrent layers take their gradients through a few steps only.</summary>
static class TruncationWarning
{
    /// <summary>One line for each such layer; none where no gradient goes back.</summary>
    /// <param name="spec">the network</param>
    /// <param name="rule">that trains it</param>
    /// <param name="writer">of warnings</param>
    public static void Write(NetworkSpec spec, RuleSettings rule, TextWriter writer)
    {
        if (rule is ZerothOrderSettings) return;
        for (int i = 0; i < spec.Layers.Count; i++) Write(spec.Layers[i], $"layers.{i}", spec.InputOf(i).Height, writer);
    }

    static void Write(LayerSpec layer, string name, int steps, TextWriter writer)
    {
        if (layer is AdaptedSpec adapted) Write(adapted.Inner, name, steps, writer);
        if (layer is ResidualSpec residual)
        {
            foreach (var inner in residual.Body.Concat(residual.Shortcut)) Write(inner, name, steps, writer);
        }

        if (layer is RecurrentSpec { Truncation: { } window } && window < steps)
        {
            writer.WriteLine($"warning: {name} ({layer.ToShorthand(Activation.Identity)}) takes gradients through {window} of {steps} "
                + $"steps at most; short windows hurt: docs/forward-only.md shows by how much");
        }
    }
}
