namespace EdgeLearn;

/// <summary>Networks that take the same update where nobody says one.</summary>
enum NetworkKind
{
    /// <summary>Text, real numbers, convolutions with norms over images, and mixtures.</summary>
    Other,

    /// <summary>Dense layers and random windows.</summary>
    Dense,

    /// <summary>Convolutions without norms.</summary>
    Plain,

    /// <summary>Convolutions with norms over sequences.</summary>
    NormedSequence,

    /// <summary>Recurrent layers below a dense one.</summary>
    Recurrent,
}

/// <summary>Which network is of which kind.</summary>
static class NetworkKinds
{
    /// <summary>The kind of a network.</summary>
    public static NetworkKind KindOf(this NetworkSpec network)
    {
        if (network.LabelsSteps || !network.Loss.IsClassification) return NetworkKind.Other;
        LayerSpec[] shared = [.. network.Layers.Where(HasSharedWeights)];
        if (shared.Length == 0) return NetworkKind.Dense;
        if (shared.All(layer => layer is RecurrentSpec)) return NetworkKind.Recurrent;
        bool hasNorms = network.Layers.Any(layer => layer.Role == LayerRole.Norm);
        if (!hasNorms && shared.All(layer => layer is Conv1dSpec or Conv2dSpec)) return NetworkKind.Plain;
        return hasNorms && shared.All(layer => layer is Conv1dSpec) ? NetworkKind.NormedSequence : NetworkKind.Other;
    }

    /// <summary>Whether a layer uses its weights in more than one place.</summary>
    public static bool HasSharedWeights(LayerSpec layer)
        => layer is not (DenseSpec or ReceptiveFieldSpec) && layer.Role == LayerRole.Learner;
}
