namespace EdgeLearn.Commands;

/// <summary>What a run is told whose recurrent layers take their gradients through a few steps only.</summary>
static class TruncationWarning
{
    /// <summary>One line for each such layer.</summary>
    /// <param name="spec">the network</param>
    /// <param name="writer">of warnings</param>
    public static void Write(NetworkSpec spec, TextWriter writer)
    {
        for (int i = 0; i < spec.Layers.Count; i++)
        {
            var layer = spec.Layers[i] is AdaptedSpec adapted ? adapted.Inner : spec.Layers[i];
            int steps = spec.InputOf(i).Height;
            if (layer is RecurrentSpec { Truncation: { } window } && window < steps)
                writer.WriteLine($"warning: layers.{i} ({layer.ToShorthand(Activation.Identity)}) takes gradients through {window} of {steps} steps at most: short windows hurt, on har-hapt's 128 steps 8 cost 2 to 3 points of accuracy, 32 at most one (docs/forward-only.md)");
        }
    }
}
