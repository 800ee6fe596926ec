using nietras.SeparatedValues;

namespace EdgeLearn.Datasets;

/// <summary>The labels of rows that are read one by one: collected first, to find the classes, or looked up among them.</summary>
/// <param name="columns">that hold them; one where there are classes</param>
/// <param name="areClasses">whether they are names of classes, and not real targets</param>
sealed class RowLabels(IReadOnlyList<string> columns, bool areClasses)
{
    readonly int[] _places = new int[columns.Count];
    readonly Dictionary<string, int> _codes = [];

    /// <summary>The class or the targets of the last row; NaN where it has none.</summary>
    public double[] Values { get; } = new double[columns.Count];

    /// <summary>The classes; null while their names are collected.</summary>
    public KnownClasses? Classes { get; set; }

    /// <summary>What was collected.</summary>
    public ColumnScan Seen { get; } = new() { Name = columns[0], IsNamed = true, IsDictionary = true };

    /// <summary>Finds the columns in a table.</summary>
    /// <exception cref="EdgeLearnException">One is not there.</exception>
    public void Begin(string[] names, string table)
    {
        for (int i = 0; i < _places.Length; i++)
        {
            _places[i] = Array.IndexOf(names, columns[i]);
            if (_places[i] < 0)
            {
                throw new EdgeLearnException($"{table} has no column '{CellText.Shorten(columns[i])}'; its columns are "
                    + CellText.Shorten(string.Join(", ", names)));
            }
        }
    }

    /// <summary>Reads the labels of a row.</summary>
    /// <returns>Why they cannot be used; null where they can.</returns>
    public string? Read(SepReader.Row row)
    {
        for (int i = 0; i < _places.Length; i++)
        {
            Values[i] = double.NaN;
            if (_places[i] >= row.ColCount) return $"column '{CellText.Shorten(columns[i])}': the row ends before it";
            var cell = TableReader.Unquoted(row[_places[i]].Span);
            if (CellText.IsMissingLabel(cell)) continue;
            if ((areClasses ? ReadClass(cell) : ReadTarget(i, cell)) is { } complaint)
                return $"column '{CellText.Shorten(columns[i])}': '{CellText.Shorten(cell)}' {complaint}";
        }

        return null;
    }

    string? ReadTarget(int i, ReadOnlySpan<char> cell)
    {
        var kind = CellText.Read(cell, out double value);
        if (kind is not (CellKind.Number or CellKind.CommaNumber)) return "is no number to predict";
        Values[i] = value;
        return null;
    }

    string? ReadClass(ReadOnlySpan<char> cell)
    {
        if (_codes.GetAlternateLookup<ReadOnlySpan<char>>().TryGetValue(cell, out int code))
        {
            Values[0] = code;
            return null;
        }

        string text = cell.ToString();
        if (Classes is null) return Collect(text);
        code = Classes.IndexOf(text);
        if (code < 0) return $"is none of the classes ({Classes.Text})";
        _codes.Add(text, code);
        Values[0] = code;
        return null;
    }

    string? Collect(string text)
    {
        if (Seen.Values.Count == LabelList.LargestClassCount) return $"is one of more than {LabelList.LargestClassCount} different labels";
        if (CellText.Read(text, out double value) is CellKind.Number or CellKind.CommaNumber)
        {
            Seen.Numbers++;
            Seen.IsWhole &= value == Math.Floor(value);
        }

        Seen.Texts++;
        Seen.Values.Add(text);
        Values[0] = _codes[text] = _codes.Count;
        return null;
    }

    /// <summary>Looks labels up among classes from here on.</summary>
    public void Use(KnownClasses classes)
    {
        _codes.Clear();
        Classes = classes;
    }
}
