namespace EdgeLearn.Datasets;

/// <summary>
/// Cuts the rows of a table into windows. A series is a run of rows that follow each other within a group, without a gap in time or a row
/// left out, and, where labels stand in runs, with one label; no window lies in two.
/// </summary>
sealed class WindowCut
{
    // A step of time so many times the usual one is a gap.
    const double GapSteps = 3;

    // Windows of a board's series that stay together, so that its parts are the same when the file has grown.
    const int PieceWindows = 8;

    readonly TableFile _table;
    readonly DataOptions _options;
    readonly bool _isGrouped;
    readonly bool _hasTimes;
    readonly int[] _labels;
    readonly int[] _groups;
    readonly double[] _times;
    readonly int[] _order;
    readonly bool _hasClasses;

    /// <summary>Reads what the cut depends on.</summary>
    /// <param name="table">the file</param>
    /// <param name="meaning">of its columns</param>
    /// <param name="options">how the samples are divided later</param>
    /// <param name="rows">that are samples, ascending; null = all</param>
    /// <param name="labels">the class of each of these; null = there are none</param>
    public WindowCut(TableFile table, TableMeaning meaning, DataOptions options, int[]? rows, LabelList? labels)
    {
        (_table, _options, _hasClasses) = (table, options, labels is not null);
        (_isGrouped, _hasTimes) = (meaning.Group >= 0, meaning.Time >= 0);
        _labels = new int[table.Count];
        Array.Fill(_labels, -1);
        int count = rows?.Length ?? table.Count;
        for (int i = 0; i < count; i++) _labels[rows?[i] ?? i] = labels is null ? 0 : labels[i];
        (_groups, _times) = (new int[table.Count], new double[table.Count]);
        int[]? places = _isGrouped ? TableDataset.GroupPlaces(table, meaning.Group) : null;
        table.ForEach((row, cells) =>
        {
            if (places is not null) _groups[row] = places[TableCells.TextOf(cells[meaning.Group])];
            _times[row] = _hasTimes ? cells[meaning.Time] : row;
        });
        _order = [.. Enumerable.Range(0, table.Count)];
        if (_isGrouped || _hasTimes) _order = [.. _order.OrderBy(row => _groups[row]).ThenBy(row => _times[row])];
    }

    /// <summary>Completes the columns of a new model with what the file shows: the usual step, and whether labels stand in runs.</summary>
    public InputColumns Choose(InputColumns columns)
    {
        columns = columns with { Gap = _hasTimes ? GapSteps * UsualStep() : 0 };
        if (!_hasClasses) return columns;
        var within = columns with { EndsAtLabels = true };
        int count = Count(within);
        return count > 0 && 2L * count >= Count(columns) ? within : columns;
    }

    /// <summary>The class of a row of the file.</summary>
    public int LabelOf(int row) => _labels[row];

    /// <summary>Cuts.</summary>
    /// <param name="columns">of the model, which say how long windows are</param>
    /// <param name="isDivided">whether parts to learn from and to be held back are made of the windows</param>
    /// <param name="notes">takes a line for the user</param>
    /// <exception cref="EdgeLearnException">No series is as long as a window.</exception>
    public RowWindows Cut(InputColumns columns, bool isDivided, List<string> notes)
    {
        var series = Series(columns);
        var pieces = _isGrouped || !isDivided ? series : _options.TakesWhole ? Fixed(series, columns) : Divided(series, columns);
        List<int> starts = [], groups = [];
        for (int k = 0; k < pieces.Count; k++)
        {
            var (first, length) = pieces[k];
            for (int start = first; start + columns.Window <= first + length; start += columns.Hop)
            {
                starts.Add(start);
                groups.Add(_isGrouped ? _groups[_order[start]] : k);
            }
        }

        if (starts.Count == 0)
        {
            int longest = series.Count == 0 ? 0 : series.Max(one => one.Length);
            throw new NoSamplesException($"{_table.Name}: no series of {columns.Window} rows for a window; the longest has {longest}");
        }
        bool[] isUsed = new bool[_order.Length];
        foreach (int start in starts) isUsed.AsSpan(start, columns.Window).Fill(true);
        int unused = _order.Length - isUsed.AsSpan().Count(true);
        notes.Add($"{_table.Name}: {NameText.Counted(starts.Count, "window")} of {columns.Window} rows, one every {columns.Hop}, from "
            + $"{NameText.Counted(series.Count(one => one.Length >= columns.Window), "series", "series")}"
            + (!_hasClasses ? "" : columns.EndsAtLabels ? ", each of one label" : ", each with the label of its last row")
            + (unused > 0 ? $"; {NameText.Counted(unused, "row")} in none" : ""));
        return new RowWindows(columns.Window, _order, [.. starts], [.. groups],
            [.. starts.Select(start => _times[_order[start + columns.Window - 1]])]);
    }

    // Runs of places.
    List<(int First, int Length)> Series(InputColumns columns)
    {
        var series = new List<(int First, int Length)>();
        int first = 0;
        for (int place = 0; place <= _order.Length; place++)
        {
            if (place < _order.Length && place > first && Follows(place, columns)) continue;
            if (place > first) series.Add((first, place - first));
            first = place;
            if (place < _order.Length && _labels[_order[place]] < 0) first++;
        }

        return series;
    }

    bool Follows(int place, InputColumns columns)
    {
        int row = _order[place], before = _order[place - 1];
        return _labels[row] >= 0 && _groups[row] == _groups[before]
            && (columns.Gap <= 0 || !_hasTimes || _times[row] - _times[before] <= columns.Gap)
            && (!columns.EndsAtLabels || _labels[row] == _labels[before]);
    }

    int Count(InputColumns columns) => Series(columns).Sum(one => one.Length < columns.Window
        ? 0
        : ((one.Length - columns.Window) / columns.Hop) + 1);

    double UsualStep()
    {
        double[] steps = [.. Enumerable.Range(1, Math.Max(0, _order.Length - 1))
            .Where(place => _groups[_order[place]] == _groups[_order[place - 1]])
            .Select(place => _times[_order[place]] - _times[_order[place - 1]]).Where(step => step > 0).Order()];
        return steps.Length == 0 ? 0 : steps[steps.Length / 2];
    }

    // Where a class has fewer series than there are parts, each of its series is divided: a class must stand on both sides.
    List<(int First, int Length)> Divided(List<(int First, int Length)> series, InputColumns columns)
    {
        if (_options.SplitByTime) return series;
        int parts = _options.Fold?.Count ?? (int)Math.Ceiling(1 / _options.TestFraction);
        int Class((int First, int Length) one) => columns.EndsAtLabels ? _labels[_order[one.First]] : 0;
        var counts = series.Where(one => one.Length >= columns.Window).CountBy(Class).ToDictionary();
        return [.. series.SelectMany(one =>
        {
            int wanted = (parts + counts.GetValueOrDefault(Class(one), parts) - 1) / counts.GetValueOrDefault(Class(one), parts);
            int pieces = Math.Clamp(wanted, 1, Math.Max(1, one.Length / columns.Window));
            return Enumerable.Range(0, pieces).Select(i =>
            {
                int begin = (int)((long)one.Length * i / pieces), end = (int)((long)one.Length * (i + 1) / pieces);
                return (one.First + begin, end - begin);
            });
        })];
    }

    static List<(int First, int Length)> Fixed(List<(int First, int Length)> series, InputColumns columns)
    {
        int piece = columns.Window + ((PieceWindows - 1) * columns.Hop);
        return [.. series.SelectMany(one => Enumerable.Range(0, (one.Length + piece - 1) / piece)
            .Select(i => (one.First + (i * piece), Math.Min(piece, one.Length - (i * piece)))))];
    }
}
