namespace EdgeLearn;

/// <summary>
/// The layers of a local head where a sample has a label for each step: a classifier over the features of each step, the same weights for
/// all of them, behind the average over so many steps as one label has at the unit's output.
/// </summary>
static class StepHead
{
    /// <summary>The layers, first to last.</summary>
    /// <param name="network">has labels for steps</param>
    /// <param name="name">of the unit, for errors</param>
    /// <param name="shape">what the next unit reads</param>
    /// <param name="hiddenUnits">of a hidden layer; 0 = none</param>
    /// <exception cref="EdgeLearnException">The shape is no sequence whose steps can be matched with the labels.</exception>
    public static IEnumerable<LayerSpec> Of(NetworkSpec network, string name, Shape shape, int hiddenUnits)
    {
        int labels = network.LabelLength;
        if (shape.Rank != 2 || shape.Height % labels != 0)
            throw new EdgeLearnException($"{name} leaves {shape}, on which a local head cannot classify {labels} steps: expected a "
                + $"sequence of {labels} steps, or a multiple of it; use backprop or zo");
        if (shape.Height > labels) yield return new PoolSpec(shape.Height / labels, 0, IsMean: true);
        if (hiddenUnits > 0) yield return new StepwiseDenseSpec(hiddenUnits, Activation.Relu);
        yield return new StepwiseDenseSpec(network.ClassCount, Activation.Identity);
    }
}
