namespace EdgeLearn;

/// <summary>
/// Each hidden unit has a classifier of its own at its output, the local head, and both learn from that head's loss on the labels; nothing
/// crosses units. The heads and their update state belong to the rule: they are saved in checkpoints, counted in the plan, and no part of
/// the model.
/// </summary>
/// <remarks>Source: Mostafa, Ramesh, Cauwenberghs 2018 (local errors through auxiliary classifiers); Nokland, Eidnes 2019,
/// arXiv:1901.06656; Belilovsky, Eickenberg, Oyallon 2019, arXiv:1812.11446.</remarks>
sealed class LocalHeads : LocalLearning
{
    readonly ulong _seed;

    /// <summary>Prepares the rule.</summary>
    /// <param name="network">what learns</param>
    /// <param name="settings">of the heads</param>
    /// <param name="context">seed, steps and the update of the heads</param>
    public LocalHeads(Network network, LocalHeadsSettings settings, in RuleContext context = default)
        : base(network, settings.HiddenRate ?? 1, settings.LayerByLayer ? context.TotalSteps : null,
            new LocalHeadSet(network, settings.HeadUnits, new LocalHeadLoss(network.Loss, IsHinge: false), context.HeadUpdate,
                settings.Similarity))
        => _seed = context.Seed;

    public override string Name => "local-heads";

    private protected override void InitialiseHeads() => Heads!.Initialise(_seed);
}

/// <summary>Settings of <see cref="LocalHeads"/>.</summary>
public sealed record LocalHeadsSettings : RuleSettings
{
    static readonly IReadOnlyList<Setting> s_rows = new SettingTable<LocalHeadsSettings>(new())
        .OptionalNumber("hidden-rate", "rate of the hidden layers as a factor on --lr; open = 1", s => s.HiddenRate,
            (s, x) => s with { HiddenRate = x }, Limits.From(0))
        .Flag("layer-by-layer", "train one layer after the other, first layer first", s => s.LayerByLayer,
            (s, x) => s with { LayerByLayer = x })
        .Whole("head-units", "units of a hidden layer in each local head, 0 = a linear classifier", s => s.HeadUnits,
            (s, x) => s with { HeadUnits = x }, Limits.From(0).To(65535))
        .Number("similarity", "share of similarity matching in what hidden layers minimise: samples of a class alike, others not",
            s => s.Similarity, (s, x) => s with { Similarity = x }, Limits.From(0).To(1)).Rows;

    /// <summary>Rate of the hidden units as a factor on the run's rate; null = 1.</summary>
    public float? HiddenRate { get; init; }

    /// <summary>Whether each unit learns for an equal share of the run's steps, first unit first, in place of all in every step.</summary>
    public bool LayerByLayer { get; init; }

    /// <summary>Units of a hidden layer in each head; 0 = the head is a linear classifier.</summary>
    public int HeadUnits { get; init; }

    /// <summary>Share of similarity matching in what hidden units minimise, 0 to 1; see <see cref="SimilarityObjective"/>.</summary>
    public float Similarity { get; init; }

    /// <inheritdoc/>
    public override string Word => "local-heads";

    /// <inheritdoc/>
    public override IReadOnlyList<Setting> Rows => s_rows;

    internal override LearningRule Build(Network network, in RuleContext context) => new LocalHeads(network, this, context);

    internal override UpdateSettings UsualUpdate(NetworkKind kind) => UsualOfLocalUnits(kind);

    internal override float? HiddenFactor => HiddenRate ?? 1;

    internal override void CheckNetwork(NetworkSpec network)
    {
        if (network.LabelsSteps && Similarity > 0)
        {
            throw new EdgeLearnException($"--similarity compares samples by their label, the network has a label for each "
                + $"of {network.LabelLength} steps: leave it out");
        }
        base.CheckNetwork(network);
    }
}
