namespace EdgeLearn;

/// <summary>Options of <see cref="LocalHeads"/>.</summary>
public readonly record struct LocalHeadsOptions()
{
    /// <summary>Units of a hidden layer in each head; 0 = the head is a linear classifier.</summary>
    public int HeadUnits { get; init; }

    /// <summary>Share of similarity matching in what hidden units minimise, 0 to 1; see <see cref="SimilarityObjective"/>.</summary>
    public float Similarity { get; init; }

    /// <summary>Rate of the hidden units as a factor on the run's rate.</summary>
    public float HiddenRateScale { get; init; } = 1;

    /// <summary>
    /// Null: all units learn in every step. Else the steps of the run: each unit learns for an equal share of them, first unit first.
    /// </summary>
    public long? LayerByLayerSteps { get; init; }

    /// <summary>Seed of the heads' starting weights.</summary>
    public ulong Seed { get; init; }
}

/// <summary>
/// Each hidden unit has a classifier of its own at its output, the local head, and both learn from that head's loss on the labels; nothing
/// crosses units. The heads and their update state belong to the rule: they are saved in checkpoints, counted in the plan, and no part of
/// the model.
/// </summary>
/// <remarks>Source: Mostafa, Ramesh, Cauwenberghs 2018 (local errors through auxiliary classifiers); Nokland, Eidnes 2019,
/// arXiv:1901.06656; Belilovsky, Eickenberg, Oyallon 2019, arXiv:1812.11446.</remarks>
public sealed class LocalHeads : LocalLearning
{
    readonly ulong _seed;

    /// <summary>Prepares the rule.</summary>
    /// <param name="network">what learns</param>
    /// <param name="options">of the heads</param>
    /// <param name="headUpdate">learns the heads; used for nothing else</param>
    public LocalHeads(Network network, LocalHeadsOptions options, UpdateRule headUpdate)
        : this(network, options,
            new LocalHeadSet(network, options.HeadUnits, new LocalHeadLoss(network.Loss, IsHinge: false), headUpdate, options.Similarity))
    {
    }

    LocalHeads(Network network, LocalHeadsOptions options, LocalHeadSet heads)
        : base(network, options.HiddenRateScale, options.LayerByLayerSteps, heads) => _seed = options.Seed;

    /// <inheritdoc/>
    public override string Name => "local-heads";

    /// <inheritdoc/>
    private protected override void InitialiseHeads() => Heads!.Initialise(_seed);
}
