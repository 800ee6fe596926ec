using System.IO.Enumeration;

namespace EdgeLearn;

/// <summary>Settings of <see cref="Frugal"/>.</summary>
public sealed record FrugalSettings : UpdateSettings
{
    static readonly IReadOnlyList<Setting> s_rows = TableOf(new FrugalSettings())
        .Number("rho", "fraction of the weights with state: 0 = none at all, 1 = Adam", s => s.Rho, (s, x) => s with { Rho = x },
            Limits.From(0).To(1))
        .Word("selection", "what is drawn, columns of every matrix or whole tensors", s => s.Selection,
            (s, x) => s with { Selection = x }, [("columns", FrugalSelection.Columns), ("block", FrugalSelection.Block)])
        .Whole("refresh", "steps between two draws, 0 = one draw", s => s.RefreshSteps, (s, x) => s with { RefreshSteps = x },
            Limits.From(0))
        .Word("remainder", "rule of the weights without state", s => s.Remainder, (s, x) => s with { Remainder = x },
            [("sign", FrugalRemainder.Sign), ("plain", FrugalRemainder.Plain)])
        .Number("remainder-rate", "their rate as a factor; 0 leaves them as they are", s => s.RemainderRate,
            (s, x) => s with { RemainderRate = x }, Limits.From(0))
        .Text("state-full", "tensors with plain Adam throughout, such as '*.bias'", "PATTERN", s => s.StateFull,
            (s, x) => s with { StateFull = x })
        .Number("beta1", "decay of the mean gradient", s => s.Beta1, (s, x) => s with { Beta1 = x }, Limits.From(0).Below(1))
        .Number("beta2", "decay of the mean squared gradient", s => s.Beta2, (s, x) => s with { Beta2 = x }, Limits.From(0).Below(1))
        .Number("adam-epsilon", "keeps the division finite", s => s.Epsilon, (s, x) => s with { Epsilon = x }, Limits.From(0)).Rows;

    /// <summary>Fraction of the weights with state, in [0, 1].</summary>
    public double Rho { get; init; } = 0.25;

    /// <summary>What is drawn: columns of every matrix, or whole tensors.</summary>
    public FrugalSelection Selection { get; init; } = FrugalSelection.Columns;

    /// <summary>Steps between two draws; 0 = the first draw is kept.</summary>
    public long RefreshSteps { get; init; } = 200;

    /// <summary>What happens to the weights without state.</summary>
    public FrugalRemainder Remainder { get; init; } = FrugalRemainder.Sign;

    /// <summary>
    /// Factor on the rate of the weights without state; the authors use 1 from scratch and 0.1 for fine-tuning. 0 leaves them as they are.
    /// </summary>
    public float RemainderRate { get; init; } = 1;

    /// <summary>
    /// Tensors that have plain Adam throughout (the paper: embeddings, norms, biases, the head): a name in which * stands for anything,
    /// such as <c>*.bias</c>; null = none.
    /// </summary>
    public string? StateFull { get; init; }

    /// <summary>Decay of the mean gradient.</summary>
    public float Beta1 { get; init; } = 0.9f;

    /// <summary>Decay of the mean squared gradient.</summary>
    public float Beta2 { get; init; } = 0.999f;

    /// <summary>Keeps the division finite.</summary>
    public float Epsilon { get; init; } = 1e-8f;

    /// <inheritdoc/>
    public override string Word => "frugal";

    /// <inheritdoc/>
    public override IReadOnlyList<Setting> Rows => s_rows;

    /// <inheritdoc/>
    public override UpdateRule Build(ulong seed)
        => new Frugal(this) { RoundingSeed = RoundingSeedOf(seed), Seed = Noise.Derive(seed, 3) };

    internal override bool NeedsFloatWeights => true;

    /// <summary>Whether a tensor has plain Adam throughout.</summary>
    internal bool IsStateFull(ParameterSlice slice)
        => StateFull is { } pattern && FileSystemName.MatchesSimpleExpression(pattern, slice.Name, ignoreCase: false);
}

/// <summary>Which part of the weights <see cref="Frugal"/> keeps state for in one period.</summary>
public enum FrugalSelection
{
    /// <summary>floor(rho * n) random columns of every matrix with n columns; a vector of n values is a matrix of one row.</summary>
    Columns,

    /// <summary>Whole tensors: rho times their number, rounded, at least one when rho is above 0.</summary>
    Block,
}

/// <summary>What <see cref="Frugal"/> does to the weights without state.</summary>
public enum FrugalRemainder
{
    /// <summary>w = keep * w - rate * sign(g).</summary>
    Sign,

    /// <summary>w = keep * w - rate * g.</summary>
    Plain,
}
