namespace EdgeLearn;

/// <summary>
/// FRUGAL: Adam on a small random part of the weights, a rule without state on the rest. Every
/// <see cref="FrugalSettings.RefreshSteps"/> steps another part is drawn from (<see cref="Seed"/>, period) and Adam starts anew there, with
/// its own count of steps. State: two floats for each
/// weight of the largest part that can be drawn, 0 with rho 0. With rho 1 and no refresh it is Adam, with rho 0 signSGD.
/// </summary>
/// <remarks>
/// Source: Zmushko et al. 2024, arXiv:2411.07837, with the state reset at each refresh as in the released code. Differs: every tensor is
/// projectable unless
/// <see cref="FrugalSettings.StateFull"/> opts it out; columns are drawn anew for each tensor by selection sampling.
/// </remarks>
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
