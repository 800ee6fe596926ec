namespace EdgeLearn.Datasets;

/// <summary>
/// Decides what becomes of the columns of a table that a new model is made for: numbers as they are, dates as hour and weekday, texts of
/// few values as categories; row numbers, names of rows, constants and free text are left out and named. What can be meant in two ways is
/// refused, with the option that says it.
/// </summary>
sealed class ColumnChoice(TableFile table, DataOptions options)
{
    readonly ColumnWords _words = new(options, table.Scan.Columns.Select(column => column.Name));

    static readonly string[] s_numberNames = ["id", "index", "idx", "row", "no", "nr", "no.", "nr.", "#", "sample", "rownum"];

    readonly TableScan _scan = table.Scan;
    readonly Dictionary<string, string> _leftOut = [];

    /// <summary>The columns of a model for this table.</summary>
    /// <exception cref="EdgeLearnException">A column cannot be used as it is, or none is left.</exception>
    public InputColumns Choose()
    {
        CheckNames();
        string[] labels = LabelNames();
        var inputs = new List<InputColumn>();
        for (int i = 0; i < _scan.Columns.Count; i++)
        {
            var column = _scan.Columns[i];
            if (labels.Contains(column.Name) || column.Name == options.GroupColumn) continue;
            if (_words.Ignored.Contains(column.Name)) _leftOut[column.Name] = "as told";
            else if (column.Name == options.TimeColumn && !_words.Kinds.ContainsKey(column.Name)) _leftOut[column.Name] = "the time";
            else if (Use(column, i) is { } input) inputs.Add(input);
        }

        if (inputs.Count == 0 && _leftOut.Count == 0)
            throw new EdgeLearnException($"{table.Name} has {_scan.Columns.Count} columns; expected features, a label and a group");
        if (inputs.Count == 0)
        {
            string why = string.Join("; ", _leftOut.Take(5).Select(column => $"{CellText.Shorten(column.Key)}: {column.Value}"));
            throw new EdgeLearnException($"{table.Name} has no column to learn from besides its label ({why})");
        }

        RefuseMissing(inputs);
        return new InputColumns(inputs, labels)
        {
            LeftOut = _leftOut,
            Group = options.GroupColumn,
            DropsMissing = options.Missing == MissingChoice.Drop,
            TimeColumn = options.TimeColumn,
            Window = options.Window is > 1 and var window ? window : 0,
            Hop = options.Window is > 1 ? options.Hop ?? (options.Window.Value + 1) / 2 : 0,
        };
    }

    // A name that no column has is a slip of the pen.
    void CheckNames()
    {
        var names = _words.Ignored.Concat(_words.Kinds.Keys).Concat(_words.Labels).Append(options.GroupColumn)
            .Append(options.TimeColumn);
        foreach (string? name in names)
        {
            if (name is not null && !_scan.Columns.Exists(column => column.Name == name)) throw NoColumn(table, name);
        }
    }

    string[] LabelNames()
    {
        string[] labels = _words.Labels.Count > 0 ? [.. _words.Labels] : [_scan.Columns[_scan.DefaultLabel].Name];
        foreach (string label in labels)
        {
            if (label == options.GroupColumn)
                throw new EdgeLearnException($"{table.Name}: the column '{label}' cannot be both label and group");
        }

        return labels;
    }

    InputColumn? Use(ColumnScan column, int place)
    {
        InputColumn? input;
        if (_words.Kinds.TryGetValue(column.Name, out var kind)) input = Forced(column, kind);
        else if (column.Numbers + column.Times + column.Texts == 0) return LeaveOut(column, "it is empty");
        else if (column.Texts > 0) input = OfTexts(column);
        else if (column.Times > 0) input = OfTimes(column);
        else input = OfNumbers(column, place);
        return input is not null && column.Missing > 0 && options.Missing == MissingChoice.Indicator
            ? input with { HasIndicator = true } : input;
    }

    // Names the first such cell of the file, and how many rows have one.
    void RefuseMissing(List<InputColumn> inputs)
    {
        if (options.Missing != MissingChoice.Refuse) return;
        int[] places = [.. inputs.Select(input => _scan.Columns.FindIndex(column => column.Name == input.Name))
            .Where(i => _scan.Columns[i].Missing > 0)];
        if (places.Length == 0) return;
        var first = places.Select(i => _scan.Columns[i]).MinBy(column => column.MissingLine)!;
        int rows = 0;
        table.ForEach((_, cells) =>
        {
            foreach (int i in places)
            {
                if (!TableCells.IsMissing(cells[i])) continue;
                rows++;
                return;
            }
        });
        string without = rows == 1 ? "1 row has such a cell" : $"{rows} rows have such a cell";
        throw Bad(first, first.MissingLine, $"there is no value, and {without}; --missing drop leaves such rows out, --missing mean fills "
            + $"in the mean, and --ignore {Quoted(first.Name)} leaves the column out");
    }

    InputColumn Forced(ColumnScan column, ColumnKind kind)
    {
        if (kind == ColumnKind.Category)
        {
            return column.Values.Count > 0
                ? Category(column)
                : throw new EdgeLearnException($"{table.Name}: the column '{column.Name}' is empty; it cannot be a category");
        }
        if (column.Texts > 0 && column.NoNumberLine > 0) throw NoNumber(column);
        string what = kind == ColumnKind.Number ? "number" : "date";
        if (column.Texts > 0) throw Bad(column, column.TextLine, $"'{column.FirstText}' is no {what}");
        bool fits = kind == ColumnKind.Number ? column.Times == 0 : column.Numbers == 0;
        if (!fits)
        {
            throw new EdgeLearnException($"{table.Name}: the column '{column.Name}' holds {(column.Times > 0 ? "dates" : "numbers")}, not "
                + $"what --columns {Quoted(column.Name)}={kind.ToString().ToLowerInvariant()} takes");
        }
        return new InputColumn(column.Name, kind) { HasHours = column.HasHours, Start = kind == ColumnKind.Elapsed ? column.Least : 0 };
    }

    InputColumn? OfTexts(ColumnScan column)
    {
        if (column.NoNumberLine > 0) throw NoNumber(column);
        if (column.Numbers > 0)
        {
            throw Bad(column, column.TextLine, $"'{column.FirstText}' is not a number, as {column.Numbers} other "
                + $"{(column.Numbers == 1 ? "cell is" : "cells are")}; --columns {Quoted(column.Name)}=category takes all as names, and "
                + $"--ignore {Quoted(column.Name)} leaves the column out");
        }
        if (column.Times > 0) return LeaveOut(column, "dates and other texts");
        if (column.HasMoreValues) return LeaveOut(column, $"text of more than {ColumnScan.MostValues} values");
        if (column.Values.Count == column.Texts && column.Texts > 2) return LeaveOut(column, "another text in each row");
        if (column.Values.Count == 1 && column.Missing == 0) return LeaveOut(column, $"always '{column.FirstText}'");
        return Category(column);
    }

    static InputColumn Category(ColumnScan column)
        => new(column.Name, ColumnKind.Category) { Values = [.. column.Values.Order(StringComparer.Ordinal)] };

    InputColumn OfTimes(ColumnScan column)
    {
        if (column.Numbers > 0)
        {
            throw new EdgeLearnException($"{table.Name}: the column '{CellText.Shorten(column.Name)}' holds dates and numbers; leave it "
                + $"out with --ignore {Quoted(column.Name)}");
        }
        return new InputColumn(column.Name, ColumnKind.Time) { HasHours = column.HasHours };
    }

    InputColumn? OfNumbers(ColumnScan column, int place)
    {
        bool isFirst = place == 0, isUnnamed = !column.IsNamed || IsPandasIndex(column.Name);
        bool isNumber = isUnnamed || IsNumberName(column.Name);
        if (_scan.Rows > 2 && column.Counts && isNumber && (isFirst || !isUnnamed)) return LeaveOut(column, "it counts the rows");
        if (_scan.HasHeader && isNumber && column.IsWhole && column.Missing == 0 && _scan.Rows > 2 && IsDistinct(place))
            return LeaveOut(column, $"{(isUnnamed ? "it has no name, and " : "")}another whole number in each row");
        if (!_scan.HasHeader || column.IsNamed) return new InputColumn(column.Name, ColumnKind.Number);
        throw new EdgeLearnException($"{table.Name}: {column.Name} has no name; give it one in the header, or leave it out with --ignore "
            + $"{Quoted(column.Name)}");
    }

    // What pandas calls a column without a name.
    static bool IsPandasIndex(string name) => name.StartsWith("Unnamed: ", StringComparison.OrdinalIgnoreCase);

    // id, sample_id, PassengerId and the like.
    static bool IsNumberName(string name) => s_numberNames.Contains(name.ToLowerInvariant())
        || name.EndsWith("Id", StringComparison.Ordinal) || name.EndsWith("_id", StringComparison.OrdinalIgnoreCase);

    bool IsDistinct(int place)
    {
        double[] values = new double[table.Count];
        table.ForEach((row, cells) => values[row] = cells[place]);
        Array.Sort(values);
        for (int i = 1; i < values.Length; i++)
        {
            if (values[i] == values[i - 1]) return false;
        }

        return true;
    }

    InputColumn? LeaveOut(ColumnScan column, string why)
    {
        _leftOut[column.Name] = why;
        return null;
    }

    EdgeLearnException NoNumber(ColumnScan column)
        => Bad(column, column.NoNumberLine, $"'{column.NoNumber}' is not a number here; expected digits with a point, such as 1234.5 (or "
            + $"--columns {Quoted(column.Name)}=category, or --ignore {Quoted(column.Name)})");

    EdgeLearnException Bad(ColumnScan column, long line, string complaint) => Bad(table, column.Name, line, complaint);

    /// <summary>What is wrong with a cell.</summary>
    public static EdgeLearnException Bad(TableFile table, string column, long line, string complaint)
        => new($"{table.Name}, line {line}, column '{CellText.Shorten(column)}': {complaint}");

    /// <summary>A column that was named is not there.</summary>
    public static EdgeLearnException NoColumn(TableFile table, string name)
        => new($"{table.Name} has no column '{CellText.Shorten(name)}'; its columns are "
            + CellText.Shorten(string.Join(", ", table.Scan.Columns.Select(column => column.Name))));

    static string Quoted(string name) => name.Any(c => !char.IsLetterOrDigit(c) && c is not ('_' or '-' or '.')) ? $"'{name}'" : name;
}
