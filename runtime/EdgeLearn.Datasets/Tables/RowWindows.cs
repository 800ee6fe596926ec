namespace EdgeLearn.Datasets;

/// <summary>Windows of rows that follow each other, each a sample: which rows they hold, and of which series they are cut.</summary>
/// <param name="length">rows of a window</param>
/// <param name="order">the row of the file at each place in time; a window holds places that follow each other</param>
/// <param name="starts">the first place of each window</param>
/// <param name="groups">the series of each window, or the group that the file gives it</param>
/// <param name="times">of the last row of each window</param>
sealed class RowWindows(int length, int[] order, int[] starts, int[] groups, double[] times)
{
    /// <summary>Windows.</summary>
    public int Count => starts.Length;

    /// <summary>Rows of each.</summary>
    public int Length => length;

    /// <summary>The series of each window, or the group that the file gives it: what stays together when samples are divided.</summary>
    public int[] Groups => groups;

    /// <summary>The time of the last row of each window, or its place in the file.</summary>
    public double[] Times => times;

    /// <summary>A row of the file.</summary>
    /// <param name="window">0..Count-1</param>
    /// <param name="step">0..Length-1</param>
    public int Row(int window, int step) => order[starts[window] + step];

    /// <summary>The last row, whose label a window has.</summary>
    public int LastRow(int window) => Row(window, length - 1);

    /// <summary>Tells whether a window shares no row with some others.</summary>
    /// <param name="others">from which it must stand apart</param>
    public Func<int, bool> IsApartFrom(IEnumerable<int> others)
    {
        bool[] isTaken = Taken(others);
        return window => !isTaken.AsSpan(starts[window], length).Contains(true);
    }

    /// <summary>The rows of some windows, each once, ascending.</summary>
    public int[] RowsOf(IEnumerable<int> windows)
    {
        bool[] isTaken = Taken(windows);
        int[] rows = [.. order.Where((_, place) => isTaken[place])];
        Array.Sort(rows);
        return rows;
    }

    bool[] Taken(IEnumerable<int> windows)
    {
        bool[] isTaken = new bool[order.Length];
        foreach (int window in windows) isTaken.AsSpan(starts[window], length).Fill(true);
        return isTaken;
    }
}
