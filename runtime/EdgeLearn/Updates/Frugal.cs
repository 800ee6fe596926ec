using System.IO.Enumeration;

namespace EdgeLearn;

/// <summary>
/// FRUGAL: Adam on a small random part of the weights, a rule without state on the rest. Every <see cref="FrugalSettings.RefreshSteps"/>
/// steps another part is drawn from (<see cref="Seed"/>, period) and Adam starts anew there, with its own count of steps. State: two floats
/// for each weight of the largest part that can be drawn, 0 with rho 0. With rho 1 and no refresh it is Adam, with rho 0 signSGD.
/// </summary>
/// <remarks>Source: Zmushko et al. 2024, arXiv:2411.07837, with the state reset at each refresh as in the released code. Differs: every
/// tensor is projectable unless <see cref="FrugalSettings.StateFull"/> opts it out; columns are drawn anew for each tensor by selection
/// sampling.</remarks>
/// <param name="settings">its numbers</param>
sealed class Frugal(FrugalSettings settings) : UpdateRule(settings)
{
    FrugalState _layout = null!;
    long _period = -1;

    /// <summary>Seed of the draws.</summary>
    public ulong Seed { get; init; }

    int Half => (int)(StateLength / 2);

    protected override long StateLengthOf(ParameterSet parameters)
    {
        _layout = new FrugalState(parameters, settings.Rho, settings.Selection, settings.IsStateFull);
        _period = -1;
        return 2 * (_layout.FullLength + _layout.ActiveLength);
    }

    // The chosen weights of one row, and their gradient.
    protected override long ScratchLength => 2L * _layout.LargestRow;

    public override void Plan(ParameterSet parameters, MemoryPlan plan)
    {
        base.Plan(parameters, plan);
        plan.Account("frugal.columns", MemoryCategory.UpdateState, _layout.ColumnBytes);
    }

    public override void BeginStep(in StepClock clock)
    {
        base.BeginStep(clock);
        long period = settings.RefreshSteps > 0 ? clock.Step / settings.RefreshSteps : 0;
        if (period != _period) _layout.Draw(Seed, _period = period);
        if (settings.RefreshSteps == 0 || clock.Step % settings.RefreshSteps != 0 || StateLength == 0) return;
        State[_layout.FullLength..Half].Clear();
        State[(Half + _layout.FullLength)..].Clear();
    }

    public override void Accept(ParameterSlice slice, int offset, ReadOnlySpan<float> gradient)
    {
        if (!slice.Trainable) return;
        var weights = Parameters[slice].Slice(offset, gradient.Length);
        var place = _layout.Find(slice);
        if (place is null || place.StateOffset < 0) ApplyRemainder(slice, weights, gradient);
        else if (place.ColumnCount > 0) ApplyColumns(place, offset, weights, gradient);
        else ApplyAdam(AdamOf(place), place.StateOffset + offset, weights, gradient);
    }

    Adam.AdamStep AdamOf(FrugalState.Place place)
    {
        long done = place.IsStateFull || settings.RefreshSteps == 0 ? Clock.Step : Clock.Step % settings.RefreshSteps;
        return new Adam.AdamStep(KeepOf(place.Slice), RateOf(place.Slice), settings.Beta1, settings.Beta2, settings.Epsilon, done + 1);
    }

    void ApplyAdam(in Adam.AdamStep step, int stateOffset, Span<float> weights, ReadOnlySpan<float> gradient)
        => Kernels.Update(step, weights, gradient, State.Slice(stateOffset, weights.Length),
            State.Slice(Half + stateOffset, weights.Length));

    void ApplyRemainder(ParameterSlice slice, Span<float> weights, ReadOnlySpan<float> gradient)
    {
        float keep = KeepOf(slice), rate = RateOf(slice) * settings.RemainderRate;
        if (rate == 0 && keep == 1) return;
        if (settings.Remainder == FrugalRemainder.Sign)
            Kernels.Update(new SignSgd.SignStep(keep, rate), weights, gradient, default, default);
        else Kernels.Update(new DecayedDescentStep(keep, rate), weights, gradient, default, default);
    }

    // A panel begins and ends anywhere in a row, so it is taken row by row: the chosen weights move to the scratch, everything left gets
    // the state-free rule, and the chosen come back with Adam's step.
    void ApplyColumns(FrugalState.Place place, int offset, Span<float> weights, ReadOnlySpan<float> gradient)
    {
        var adam = AdamOf(place);
        var columns = _layout.ColumnsOf(place);
        int width = place.Slice.RowLength;
        for (int done = 0; done < weights.Length;)
        {
            int row = (offset + done) / width, column = (offset + done) % width;
            int count = Math.Min(width - column, weights.Length - done);
            int first = FirstAtLeast(columns, column), end = FirstAtLeast(columns, column + count);
            ApplyRow(place, adam, columns[first..end], column, place.StateOffset + row * columns.Length + first, weights.Slice(done, count),
                gradient.Slice(done, count));
            done += count;
        }
    }

    void ApplyRow(FrugalState.Place place, in Adam.AdamStep adam, ReadOnlySpan<int> chosen, int column, int stateOffset,
        Span<float> weights, ReadOnlySpan<float> gradient)
    {
        var activeWeights = Scratch[..chosen.Length];
        var activeGradient = Scratch.Slice(chosen.Length, chosen.Length);
        for (int i = 0; i < chosen.Length; i++)
        {
            activeWeights[i] = weights[chosen[i] - column];
            activeGradient[i] = gradient[chosen[i] - column];
        }

        ApplyRemainder(place.Slice, weights, gradient);
        ApplyAdam(adam, stateOffset, activeWeights, activeGradient);
        for (int i = 0; i < chosen.Length; i++) weights[chosen[i] - column] = activeWeights[i];
    }

    static int FirstAtLeast(ReadOnlySpan<int> ascending, int value)
    {
        int at = ascending.BinarySearch(value);
        return at < 0 ? ~at : at;
    }
}

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
