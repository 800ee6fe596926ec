namespace EdgeLearn.Datasets;

/// <summary>
/// The classes of a table's label column, by name: the model's, where there is one, else the different labels of the file.
/// </summary>
static class TableLabels
{
    /// <summary>
    /// The names of the classes of a new model: numbers in the order of numbers, named by what stands in the file; names in sorted order.
    /// Null where the labels are 0, 1, 2, ... themselves.
    /// </summary>
    /// <param name="table">the file</param>
    /// <param name="label">its label column</param>
    /// <exception cref="EdgeLearnException">The labels are fractions, or so many numbers that they are hardly classes.</exception>
    public static string[]? NewNames(TableFile table, ColumnScan label)
    {
        bool areNumbers = label.Numbers == label.Texts;
        if (!areNumbers) return [.. label.Values.Order(StringComparer.Ordinal)];
        if (!label.IsWhole)
        {
            throw new EdgeLearnException($"{table.Name}: the labels in '{CellText.Shorten(label.Name)}' are fractions, such as "
                + $"{label.Values.First(value => Number(value) % 1 != 0)}: predict numbers with --loss mean-square, or name the label's "
                + $"column with --label");
        }
        int distinct = label.Values.Select(Identity).Distinct().Count();
        if (distinct > MostSingles && distinct > label.Texts / 2)
        {
            throw new EdgeLearnException($"{table.Name}: '{CellText.Shorten(label.Name)}' has {distinct} different numbers in "
                + $"{label.Texts} rows, hardly classes: predict numbers with --loss mean-square, or name the label's column with --label");
        }

        // 1 and 1.0 are one number; the shorter text is its name.
        string[] names = [.. label.Values.GroupBy(Identity)
            .Select(group => group.OrderBy(text => text.Length).ThenBy(text => text, StringComparer.Ordinal).First())
            .OrderBy(Number).ThenBy(text => text.Length).ThenBy(text => text, StringComparer.Ordinal)];
        bool areOwn = true;
        for (int i = 0; i < names.Length; i++) areOwn &= Number(names[i]) == i;
        return areOwn ? null : names;
    }

    /// <summary>The classes of a new model: see <see cref="NewNames"/>.</summary>
    /// <exception cref="EdgeLearnException">The labels are hardly classes.</exception>
    public static KnownClasses NewClasses(TableFile table, ColumnScan label)
    {
        string[]? names = NewNames(table, label);
        return new KnownClasses(names, names?.Length ?? label.Values.Select(Identity).Distinct().Count(), table.Name);
    }

    const int MostSingles = 50;

    // From here on two whole numbers may be one double: they are told apart by their texts.
    const double FirstMerged = 1L << 53;

    /// <summary>The place of a name in a list of classes or values; numbers are equal however they are written. -1 = not there.</summary>
    public static int IndexOf(IReadOnlyList<string> names, string name)
    {
        for (int i = 0; i < names.Count; i++)
        {
            if (names[i] == name) return i;
        }

        if (CellText.Read(name, out double number) is not (CellKind.Number or CellKind.CommaNumber)) return -1;
        for (int i = 0; i < names.Count; i++)
        {
            if (CellText.Read(names[i], out double other) is not (CellKind.Number or CellKind.CommaNumber)) continue;
            if (number == other && Math.Abs(number) < FirstMerged) return i;
        }

        return -1;
    }

    /// <summary>Whether all labels of a file are among some classes.</summary>
    public static bool Fit(ColumnScan label, KnownClasses classes) => label.Values.TrueForAll(value => classes.IndexOf(value) >= 0);

    /// <summary>The class of each different label of a file.</summary>
    /// <param name="table">the file</param>
    /// <param name="label">its label column</param>
    /// <param name="classes">that they are looked up in</param>
    /// <exception cref="EdgeLearnException">A label is none of the classes.</exception>
    public static int[] Classes(TableFile table, ColumnScan label, KnownClasses classes)
    {
        int[] found = [.. label.Values.Select(classes.IndexOf)];
        int unknown = found.IndexOf(-1);
        return unknown < 0
            ? found
            : throw new EdgeLearnException($"{table.Name}: the label '{CellText.Shorten(label.Values[unknown])}' in "
                + $"'{CellText.Shorten(label.Name)}' is none of the classes of {classes.Owner} ({classes.Text}): {KnownClasses.Remedy}");
    }

    /// <summary>What is equal of two texts of one number.</summary>
    public static (double Number, string? Text) Identity(string text)
    {
        double number = Number(text);
        return (number, Math.Abs(number) < FirstMerged ? null : text);
    }

    /// <summary>The number that a text is; 0 where it is none.</summary>
    public static double Number(string text)
    {
        CellText.Read(text, out double value);
        return value;
    }
}
