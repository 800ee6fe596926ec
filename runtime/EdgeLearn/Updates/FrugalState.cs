namespace EdgeLearn;

/// <summary>
/// Where <see cref="Frugal"/> keeps the state of each tensor: planned for the largest selection that can be drawn, filled anew by every
/// draw. A draw depends only on (seed, period), so that it is repeated after a restart instead of stored.
/// </summary>
sealed class FrugalState
{
    readonly Dictionary<ParameterSlice, Place> _places = [];
    readonly List<Place> _projectable = [];
    readonly FrugalSelection _selection;
    readonly int _blockCount;
    readonly int[] _columns;

    /// <summary>One tensor's part.</summary>
    internal sealed class Place
    {
        /// <summary>The tensor.</summary>
        public required ParameterSlice Slice { get; init; }

        /// <summary>Whether it has plain Adam throughout.</summary>
        public bool IsStateFull { get; init; }

        /// <summary>First float of its state in each half; -1 = none in this period.</summary>
        public int StateOffset { get; set; } = -1;

        /// <summary>First of its entries in the list of chosen columns.</summary>
        public int ColumnOffset { get; init; }

        /// <summary>Chosen columns; 0 in block mode.</summary>
        public int ColumnCount { get; init; }
    }

    /// <summary>Finds the largest selection for these parameters.</summary>
    /// <param name="parameters">tensors that do not learn get no state</param>
    /// <param name="rho">fraction with state</param>
    /// <param name="selection">what is drawn</param>
    /// <param name="stateFull">tensors that keep their state throughout</param>
    public FrugalState(ParameterSet parameters, double rho, FrugalSelection selection, Func<ParameterSlice, bool>? stateFull)
    {
        _selection = selection;
        int columns = 0;
        long active = 0;
        foreach (var slice in parameters.Slices)
        {
            if (!slice.Learns) continue;
            if (stateFull?.Invoke(slice) == true)
            {
                _places.Add(slice, new Place { Slice = slice, IsStateFull = true, StateOffset = FullLength });
                FullLength += slice.Length;
                continue;
            }

            int chosen = selection == FrugalSelection.Columns ? (int)(rho * slice.RowLength) : 0;
            var place = new Place
            {
                Slice = slice,
                ColumnOffset = columns,
                ColumnCount = chosen,
                StateOffset = chosen > 0 ? (int)active : -1
            };
            columns += chosen;
            active += (long)chosen * (slice.Length / slice.RowLength);
            LargestRow = Math.Max(LargestRow, chosen);
            _projectable.Add(place);
            _places.Add(slice, place);
        }

        _columns = new int[columns];
        _blockCount = selection == FrugalSelection.Block && rho > 0
            ? Math.Max(1, (int)Math.Round(rho * _projectable.Count, MidpointRounding.AwayFromZero)) : 0;
        _blockCount = Math.Min(_blockCount, _projectable.Count);
        ActiveLength = selection == FrugalSelection.Block ? LargestBlocks() : active;
        foreach (var place in _projectable) place.StateOffset += place.StateOffset >= 0 ? FullLength : 0;
    }

    /// <summary>Weights of the tensors that keep their state throughout; their state comes first in each half.</summary>
    public int FullLength { get; }

    /// <summary>Most weights that are active in a period; their state follows.</summary>
    public long ActiveLength { get; }

    /// <summary>Most chosen columns of one tensor.</summary>
    public int LargestRow { get; }

    /// <summary>Bytes of the list of chosen columns.</summary>
    public long ColumnBytes => (long)_columns.Length * sizeof(int);

    long LargestBlocks() => _projectable.Select(place => (long)place.Slice.Length).OrderDescending().Take(_blockCount).Sum();

    /// <summary>The part of a tensor, or null when nothing is kept for it, ever.</summary>
    public Place? Find(ParameterSlice slice) => _places.GetValueOrDefault(slice);

    /// <summary>The chosen columns of a tensor, ascending.</summary>
    public ReadOnlySpan<int> ColumnsOf(Place place) => _columns.AsSpan(place.ColumnOffset, place.ColumnCount);

    /// <summary>Draws the selection of a period. Allocates nothing.</summary>
    public void Draw(ulong seed, long period)
    {
        ulong key = Noise.Derive(seed, (ulong)period);
        if (_selection == FrugalSelection.Block)
        {
            DrawBlocks(key);
        }
        else
        {
            foreach (var place in _projectable)
            {
                DrawColumns(Noise.Key(key, place.Slice.NameHash), place.Slice.RowLength,
                    _columns.AsSpan(place.ColumnOffset, place.ColumnCount));
            }
        }
    }

    // Selection sampling (Knuth, algorithm S): every subset of the wanted size is equally likely, and it comes out in ascending order.
    static void DrawColumns(ulong key, int columns, Span<int> chosen)
    {
        int count = 0;
        for (int i = 0; count < chosen.Length; i++)
        {
            if (IsChosen(key, i, columns - i, chosen.Length - count)) chosen[count++] = i;
        }
    }

    void DrawBlocks(ulong key)
    {
        int count = 0, offset = FullLength;
        for (int i = 0; i < _projectable.Count; i++)
        {
            var place = _projectable[i];
            bool chosen = count < _blockCount && IsChosen(key, i, _projectable.Count - i, _blockCount - count);
            place.StateOffset = chosen ? offset : -1;
            if (!chosen) continue;
            offset += place.Slice.Length;
            count++;
        }
    }

    // True with odds wanted / left; certain when all that are left are wanted.
    static bool IsChosen(ulong key, int index, int left, int wanted)
        => (long)(((ulong)Noise.Word(key, (ulong)index) * (ulong)left) >> 32) < wanted;
}
