namespace EdgeLearn.Commands;

/// <summary>
/// Rows of text in columns: the first aligned left, the others right. In a window that is too narrow the texts that may be shortened are,
/// then the last columns are left out and named below: so the most important stand first.
/// </summary>
sealed class TextTable(params string[] header)
{
    const int Gap = 2;

    List<string[]> _rows = [header];
    int[] _widths = [];
    int[] _numbers = [];

    /// <summary>Heads of the columns that may be shortened.</summary>
    public IReadOnlyList<string> Texts { get; init; } = [];

    /// <summary>So much of a text still says something.</summary>
    public int LeastText { get; init; } = 8;

    /// <summary>Widths that the columns have at least, so that rows that come later stand below the first.</summary>
    public IReadOnlyList<int> Widths
    {
        init => _widths = [.. value];
    }

    /// <summary>Appends a row; cells may be missing at the end.</summary>
    public void Add(params string[] cells) => _rows.Add(cells);

    /// <summary>Prints what was added since the last time.</summary>
    public void Write(TextWriter output) => Write(output, Terminal.ColumnsOf(output));

    /// <summary>Prints what was added since the last time.</summary>
    /// <param name="output">where to</param>
    /// <param name="columns">of the window; null = there is none, and nothing is cut</param>
    public void Write(TextWriter output, int? columns)
    {
        if (_rows.Count == 0) return;
        bool isFirst = ReferenceEquals(_rows[0], header);
        int count = Math.Max(_widths.Length, _rows.Max(row => row.Length));
        Array.Resize(ref _widths, count);
        Array.Resize(ref _numbers, count);
        foreach (string[] row in _rows)
        {
            for (int i = 0; i < row.Length; i++)
            {
                _widths[i] = Math.Max(_widths[i], row[i].Length);
                if (row[i].All(letter => char.IsAsciiDigit(letter) || letter == ',')) _numbers[i] = Math.Max(_numbers[i], row[i].Length);
            }
        }

        int[] shown = columns is { } most ? Fit(most) : _widths;
        foreach (string[] row in _rows)
        {
            output.WriteLine(string.Join(new string(' ', Gap), row.Take(shown.Length).Select((cell, i)
                => Terminal.Cut(cell, shown[i]) is var text && i == 0 ? text.PadRight(shown[i]) : text.PadLeft(shown[i]))).TrimEnd());
        }

        if (isFirst && shown.Length < count)
        {
            Terminal.WriteWords(output, columns, 0, $"a wider window, or --json, shows {string.Join(", ", header[shown.Length..]
                .Where(head => head.Length > 0))}");
        }
        _rows = [];
    }

    // As many columns as fit, and their widths.
    int[] Fit(int most)
    {
        for (int count = _widths.Length; ; count--)
        {
            int[] widths = _widths[..count];
            int over = widths.Sum() + (Gap * (count - 1)) - most;
            while (over > 0 && Longest(widths) is >= 0 and var longest)
            {
                widths[longest]--;
                over--;
            }
            if (over <= 0 || count <= 2) return widths;
        }
    }

    // The longest text that can still be shortened; a number never is. -1 = none.
    int Longest(int[] widths)
    {
        int longest = -1;
        for (int i = 0; i < Math.Min(widths.Length, header.Length); i++)
        {
            if (Texts.Contains(header[i]) && widths[i] > Math.Max(LeastText, _numbers[i]) && (longest < 0 || widths[i] > widths[longest]))
                longest = i;
        }

        return longest;
    }
}

/// <summary>Named facts, one below the other; in a window long ones go on between words, under their beginning.</summary>
sealed class FactList
{
    readonly List<(string Name, string Text)> _facts = [];

    public void Add(string name, string text) => _facts.Add((name, text));

    public void Write(TextWriter output) => Write(output, Terminal.ColumnsOf(output));

    /// <summary>Prints them.</summary>
    /// <param name="output">where to</param>
    /// <param name="columns">of the window; null = there is none</param>
    public void Write(TextWriter output, int? columns)
    {
        int indent = _facts.Max(fact => fact.Name.Length) + 2;
        foreach (var (name, text) in _facts) Terminal.WriteWords(output, columns, indent, name.PadRight(indent) + text);
    }
}
