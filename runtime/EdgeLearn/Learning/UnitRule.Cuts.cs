namespace EdgeLearn;

/// <summary>The cuts of a step that the rule's units allow, and what they cost.</summary>
abstract partial class UnitRule
{
    // The layer of a unit that takes statistics of the whole batch; -1 = there is none, or the unit cannot see parts of it.
    int StatisticsOf(int unit)
    {
        var times = _cut[unit];
        int found = -1, first = times.First;
        // The unit below may run the pools that this one begins with, but then what these leave is not this unit's to write over.
        while (unit > 0 && unit < Last && first < times.End && Network.Layers[first].Slices.Count == 0) first++;
        for (int i = times.First; i < times.End; i++)
        {
            if (!Network.Layers[i].TakesStatistics) continue;
            bool fits = found < 0 && i > first
                && (unit == Last || Network.Layers[i].OutputLength == Network.Layers[times.End - 1].OutputLength);
            if (!fits) return -1;
            found = i;
        }

        return found;
    }

    // Whether a unit can see so many rows of the batch at a time.
    bool TakesParts(int unit, int rows)
    {
        if (unit == Last ? Network.LossHead is not null : !ObjectivesTakeParts(rows)) return false;
        int statistics = StatisticsOf(unit);
        for (int i = _cut[unit].First; i < _cut[unit].End; i++)
        {
            if (!Network.Layers[i].TakesParts(rows) && i != statistics) return false;
        }

        return true;
    }

    internal override IEnumerable<StepCut> Cuts(int batch)
    {
        var cuts = RowCuts(batch);
        if (batch > UnitPass.RowsOverOutput && CanWait())
        {
            var whole = cuts.Where(cut => cut.Stretches[^1].Rows == batch && cut.Stretches[^2].Rows == batch);
            cuts = cuts.Concat(whole.Select(cut => cut with { OverOutput = true }));
        }

        if (Last > 0) cuts = cuts.Concat(CompactCuts(batch));
        bool hasWords = Network.LossHead is not null || Network.Spec.LabelsSteps;
        return hasWords ? cuts.Concat(cuts.Select(cut => cut with { ByWords = true })) : cuts;
    }

    // A unit alone holds the maps of all layers in any case.
    internal override IEnumerable<StepCut> SparingCuts(int batch) => Last > 0 ? [] : CompactCuts(batch);

    IEnumerable<StepCut> CompactCuts(int batch)
        => GainsByMarks() ? RowCuts(batch).Select(cut => cut with { IsCompact = true }) : [];

    // Whether there is something that a compact cut does in another way.
    bool GainsByMarks()
    {
        bool gains = false;
        foreach (var layer in Network.Body) gains |= layer.LeavesMarks || layer.OverwritesInput;
        for (int u = 0; u < Last; u++) gains |= SharedOf(u) > 0;
        return gains;
    }

    // Whether the last hidden unit is a layer alone whose gradient needs no more of its output than the activation's derivative.
    bool CanWait()
    {
        if (Last == 0 || Network.LossHead is not null) return false;
        var hidden = _cut[^2];
        return hidden.Lowest == hidden.End - 1 && Network.Layers[hidden.Lowest] is ActivatedLayer
            && ObjectivesTakeParts(UnitPass.RowsOverOutput);
    }

    IEnumerable<StepCut> RowCuts(int batch)
    {
        yield return StepCut.Whole(_times.Length, batch);
        for (int rows = 1; rows < batch; rows *= 2)
        {
            bool[] takesParts = [.. Enumerable.Range(0, _times.Length).Select(unit => TakesParts(unit, rows))];
            if (takesParts.Any(takes => takes)) yield return CutOf(takesParts, rows, batch, isApart: true);
            for (int units = 1; units <= _times.Length; units++)
            {
                if (takesParts[units - 1]) yield return CutOf(takesParts.AsSpan(0, units), rows, batch);
            }
        }
    }

    // The first units by so many rows where they can, neighbours together but for those with statistics, or each apart; the others as a
    // whole.
    StepCut CutOf(ReadOnlySpan<bool> takesParts, int rows, int batch, bool isApart = false)
    {
        var stretches = new List<Stretch>();
        for (int u = 0; u < _times.Length; u++)
        {
            bool isPart = u < takesParts.Length && takesParts[u], isAlone = !isPart || isApart || StatisticsOf(u) >= 0;
            if (!isAlone && stretches.Count > 0 && stretches[^1].Rows == rows && StatisticsOf(u - 1) < 0)
                stretches[^1] = stretches[^1] with { End = u + 1 };
            else stretches.Add(new Stretch(u, u + 1, isPart ? rows : batch));
        }

        return new StepCut(stretches);
    }

    // What a cut costs that gives other bits: it is the last to be taken.
    const double OtherBits = 1e15;

    // Floats that are read again for each part, weights and sums of their gradients, and those that are made again.
    internal override double CostOf(in StepCut cut, int batch)
    {
        // Scores that are made again, for each unit that has some.
        double cost = cut.ByWords ? (double)batch * Network.OutputLength * _times.Length : 0;
        if (cut.OverOutput) cost += (double)batch * Network.Layers[_cut[^2].Lowest].OutputLength; // copied
        foreach (var layer in Network.Body)
            cost += cut.IsCompact && layer.LeavesMarks ? (double)batch * layer.OutputLength : 0; // looked at once more
        foreach (var stretch in cut.Stretches)
        {
            double weights = 0;
            for (int i = _cut[stretch.First].First; i < _cut[stretch.End - 1].End; i++)
                weights += Network.Layers[i].Slices.Sum(slice => (double)slice.Length);
            for (int i = _cut[stretch.First].First; i < _cut[stretch.End - 1].End && stretch.Rows < batch; i++)
                cost += Network.Layers[i].PartsDiffer ? OtherBits : 0;
            cost += stretch.Rows < batch ? (batch + stretch.Rows - 1) / stretch.Rows * 2 * weights : weights;
            if (stretch.Rows < batch && StatisticsOf(stretch.First) >= 0)
                cost += 8.0 * batch * Network.Layers[_cut[stretch.First].End - 1].OutputLength;
        }

        return cost;
    }
}
