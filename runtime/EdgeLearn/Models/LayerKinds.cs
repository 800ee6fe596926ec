namespace EdgeLearn;

/// <summary>How one kind of layer is read.</summary>
/// <param name="Word">the JSON form's "kind"</param>
/// <param name="Example">one layer of this kind in shorthand</param>
/// <param name="Parse">reads the shorthand; null when it is of another kind</param>
/// <param name="Read">reads the JSON form</param>
sealed record LayerKind(string Word, string Example, Func<LayerText, LayerSpec?> Parse, Func<LayerJson, LayerSpec> Read);

/// <summary>All kinds of layers. A new layer is a file of its own and a line here.</summary>
static class LayerKinds
{
    /// <summary>In the order in which the shorthand is tried.</summary>
    public static IReadOnlyList<LayerKind> All { get; } =
    [
        DenseSpec.Kind,
        ReceptiveFieldSpec.Kind,
        Conv2dSpec.Kind,
        Conv1dSpec.Kind,
        LocallyConnectedSpec.Kind,
        PoolSpec.Kind,
        GlobalPoolSpec.Kind,
        ActivationSpec.Kind,
        BatchNormSpec.Kind,
        RowNormSpec.LayerNormKind,
        RowNormSpec.RmsNormKind,
        DropoutSpec.Kind,
        ResidualSpec.Kind,
        FlattenSpec.Kind,
        ReshapeSpec.Kind,
        GruSpec.Kind,
        LstmSpec.Kind,
        RnnSpec.Kind,
        EmbeddingSpec.Kind,
        PositionSpec.Kind,
        SinusoidSpec.Kind,
        StepwiseDenseSpec.Kind,
        AttentionSpec.Kind,
        MlpSpec.Kind,
        TokenHeadSpec.Kind,
        LowRankSpec.Kind,
        ScaleShiftSpec.Kind,
        BottleneckSpec.Kind,
    ];

    /// <summary>The kind of this word.</summary>
    /// <exception cref="EdgeLearnException">There is none.</exception>
    public static LayerKind Named(string word, string fileName) => All.FirstOrDefault(kind => kind.Word == word)
        ?? throw new EdgeLearnException($"{fileName}: unknown kind of layer '{word}': expected one "
            + $"of {string.Join(", ", All.Select(kind => kind.Word))}");

    /// <summary>Reads one layer of the shorthand.</summary>
    /// <exception cref="EdgeLearnException">It is of no kind, or its numbers make no sense.</exception>
    public static LayerSpec Parse(LayerText text)
    {
        foreach (var kind in All)
        {
            if (kind.Parse(text) is not { } spec) continue;
            text.ExpectNothingLeft();
            return spec;
        }

        throw text.Wrong($"one of {string.Join(", ", All.Select(kind => kind.Example))}");
    }
}
