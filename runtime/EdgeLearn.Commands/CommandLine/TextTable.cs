namespace EdgeLearn.Commands;

/// <summary>Rows of text in columns: the first aligned left, the others right.</summary>
sealed class TextTable(params string[] header)
{
    readonly List<string[]> _rows = [header];

    /// <summary>Appends a row; cells may be missing at the end.</summary>
    public void Add(params string[] cells) => _rows.Add(cells);

    public void Write(TextWriter output)
    {
        int columns = _rows.Max(row => row.Length);
        int[] widths = new int[columns];
        foreach (string[] row in _rows)
        {
            for (int i = 0; i < row.Length; i++) widths[i] = Math.Max(widths[i], row[i].Length);
        }

        foreach (string[] row in _rows)
        {
            output.WriteLine(string.Join("  ", row.Select((cell, i) => i == 0 ? cell.PadRight(widths[i]) : cell.PadLeft(widths[i])))
                .TrimEnd());
        }
    }
}
