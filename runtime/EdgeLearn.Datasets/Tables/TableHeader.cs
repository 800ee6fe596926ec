using System.Globalization;

namespace EdgeLearn.Datasets;

/// <summary>Tells a header from a row, and names columns.</summary>
static class TableHeader
{
    // So many columns called 0, 1, 2, ... are no row of data.
    const int LeastCounted = 4;

    /// <summary>Whether the first of some rows has the names of the columns.</summary>
    /// <param name="rows">of the beginning of a table, at least one</param>
    /// <param name="name">what the user calls it</param>
    /// <exception cref="EdgeLearnException">It cannot be told.</exception>
    public static bool IsHeader(List<string[]> rows, string name)
    {
        string[] first = rows[0];
        var rest = rows.GetRange(1, rows.Count - 1);
        if (IsCounted(first)) return !rest.TrueForAll(IsWhole) ? true : throw Undecided(name, "its numbers count the columns");
        if (rest.Count == 0) return first.All(cell => KindOf(cell) == CellKind.Text);
        // The first of the other rows' cells may be a row's name that the header lacks.
        int offset = rest.TrueForAll(row => row.Length == first.Length + 1 && row[^1].Length > 0) ? 1 : 0;
        int names = 0, values = 0;
        for (int i = 0; i < first.Length; i++)
        {
            var kind = KindOf(first[i]);
            var below = rest.Where(row => i + offset < row.Length).Select(row => KindOf(row[i + offset]))
                .Where(other => other != CellKind.Missing).Distinct().ToArray();
            if (kind == CellKind.Missing || below is not [var one] || one == CellKind.Text) continue;
            if (kind == CellKind.Text) names++;
            else if (kind == one) values++;
        }

        if (names > 0 && values == 0) return true;
        if (values > 0 && names == 0)
            return MayBeYears(first, rest, offset) ? throw Undecided(name, "its numbers may be names or values") : false;
        if (names > 0) throw Undecided(name, "some of its cells look like names and some like values");
        return IsHeaderOfTexts(first, rest, name);
    }

    /// <summary>
    /// Whether the first line names a model's columns; a pipe may have brought no other line yet. What names not all of them and could not
    /// be a row is a header as well, of another table.
    /// </summary>
    /// <param name="columns">of the model</param>
    /// <param name="rows">of the beginning of a table, at least one</param>
    /// <param name="name">what the user calls it</param>
    /// <exception cref="EdgeLearnException">It cannot be told.</exception>
    public static bool IsHeaderOf(InputColumns columns, List<string[]> rows, string name)
    {
        string[] first = rows[0];
        bool hasNumbers = columns.Inputs.All(column => int.TryParse(column.Name, CultureInfo.InvariantCulture, out int number)
            && number <= columns.Inputs.Count + columns.Labels.Count);
        if (hasNumbers) return rows.Count > 1 && IsHeader(rows, name);
        if (columns.Inputs.All(column => first.Contains(column.Name))) return true;
        if (first.Length != columns.Inputs.Count) return rows.Count == 1 || IsHeader(rows, name);
        bool isRow = false;
        for (int i = 0; i < first.Length; i++)
        {
            var column = columns.Inputs[i];
            var kind = KindOf(first[i]);
            if (kind == CellKind.Missing) continue;
            if (column.Kind == ColumnKind.Category)
            {
                isRow |= column.Values!.Contains(first[i]);
                continue;
            }

            if (kind != (column.Kind == ColumnKind.Number ? CellKind.Number : CellKind.Time)) return true;
            isRow = true;
        }

        return !isRow;
    }

    /// <summary>The names of the columns in a header.</summary>
    /// <param name="rows">of the beginning of a table</param>
    /// <param name="width">cells of most rows below</param>
    public static string[] Names(List<string[]> rows, int width)
    {
        var names = rows[0].ToList();
        if (width == names.Count + 1 && rows.Count > 1)
        {
            // R writes no name over the names of rows; others write a separator behind each row.
            var below = rows.Skip(1);
            bool isBehind = below.All(row => row.Length <= names.Count || row[^1].Length == 0);
            bool areNamed = below.All(row => row.Length == width) && below.Select(row => row[0]).Distinct().Count() == rows.Count - 1;
            if (isBehind || areNamed) names.Insert(isBehind ? names.Count : 0, "");
        }

        var seen = new HashSet<string>();
        for (int i = 0; i < names.Count; i++)
        {
            string name = names[i];
            for (int copy = 1; name.Length > 0 && !seen.Add(names[i]); copy++)
                names[i] = string.Create(CultureInfo.InvariantCulture, $"{name}.{copy}");
        }

        return [.. names];
    }

    /// <summary>Names where there is no header: those of a comment with as many words, as NumPy writes it, else numbers from 1.</summary>
    public static string[] Numbers(int width, string? comment, char separator, bool isBlank)
    {
        string[] words = comment?.Split(isBlank ? ' ' : separator, StringSplitOptions.TrimEntries) ?? [];
        bool areNames = words.Length == width && words.Distinct().Count() == width
            && words.All(word => KindOf(word) is CellKind.Text or CellKind.Missing);
        return areNames ? words : [.. Enumerable.Range(1, width).Select(i => i.ToString(CultureInfo.InvariantCulture))];
    }

    static CellKind KindOf(string cell)
    {
        var kind = CellText.Read(cell, out _);
        return kind == CellKind.CommaNumber ? CellKind.Number : kind == CellKind.NoNumber ? CellKind.Text : kind;
    }

    // Where nothing below is a number: names stand once, values come again.
    static bool IsHeaderOfTexts(string[] first, List<string[]> rest, string name)
    {
        bool comesAgain = false, repeats = false;
        for (int i = 0; i < first.Length; i++)
        {
            string[] below = [.. rest.Where(row => i < row.Length).Select(row => row[i])];
            comesAgain |= first[i].Length > 0 && below.Contains(first[i]);
            repeats |= below.Distinct().Count() < below.Length;
        }

        if (comesAgain) return false;
        return repeats && first.Distinct().Count() == first.Length ? true : throw Undecided(name, "its cells are texts like those below");
    }

    // 0, 1, 2, ... or 1, 2, 3, ..., as some programs name columns; those that have names may stand between.
    static bool IsCounted(string[] first)
    {
        int counted = 0, start = 0;
        for (int i = 0; i < first.Length; i++)
        {
            if (KindOf(first[i]) is CellKind.Text or CellKind.Missing) continue;
            if (!int.TryParse(first[i], NumberStyles.None, CultureInfo.InvariantCulture, out int number)) return false;
            if (counted++ == 0) start = number - i;
            if (number - i != start || start is < -1 or > 1) return false;
        }

        return counted >= LeastCounted;
    }

    // country,2019,2020: whole numbers beside a text that does not come again where others do.
    static bool MayBeYears(string[] first, List<string[]> rest, int offset)
    {
        bool isWhole = first.All(cell => KindOf(cell) != CellKind.Number || int.TryParse(cell, CultureInfo.InvariantCulture, out _));
        if (!isWhole) return false;
        for (int i = 0; i < first.Length; i++)
        {
            if (KindOf(first[i]) != CellKind.Text) continue;
            string[] below = [.. rest.Where(row => i + offset < row.Length).Select(row => row[i + offset])];
            if (!below.Contains(first[i]) && below.Distinct().Count() <= below.Length / 2) return true;
        }

        return false;
    }

    static bool IsWhole(string[] row) => row.All(cell => !cell.Contains('.', StringComparison.Ordinal));

    static EdgeLearnException Undecided(string name, string why)
        => new($"{name}: is the first line a header? {why}: say --header yes or --header no");
}
