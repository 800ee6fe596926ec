using System.Text;
using nietras.SeparatedValues;

namespace EdgeLearn.Datasets;

/// <summary>How the text of a table is written: found out from its first lines.</summary>
/// <param name="Separator">between cells; a tab where runs of blanks separate them</param>
/// <param name="IsBlank">whether runs of blanks separate cells</param>
/// <param name="SkippedBytes">comments and a line such as <c>sep=;</c> before the table</param>
/// <param name="SkippedLines">how many lines those are</param>
/// <param name="HasHeader">whether the first line has the names</param>
/// <param name="Names">of the columns, in order; unnamed ones are empty</param>
/// <param name="EmptyColumns">columns without a value in the first rows</param>
/// <param name="Repeated">names that the header has more than once; the second is called a.1</param>
sealed record TableDialect(char Separator, bool IsBlank, int SkippedBytes, int SkippedLines, bool HasHeader, string[] Names,
    int[] EmptyColumns, string[] Repeated)
{
    const int LinesLookedAt = 50;
    static readonly char[] s_separators = ['\t', ';', '|', ','];

    /// <summary>Looks at the beginning of a text, and takes what is before the table out of it.</summary>
    /// <param name="text">from its beginning on</param>
    /// <param name="choice">whether there is a header</param>
    /// <param name="name">what the user calls the text</param>
    /// <param name="known">columns of a model, by whose names a header is told from a row; null = there is no model</param>
    /// <exception cref="EdgeLearnException">There is no table, or it cannot be told whether it has a header.</exception>
    public static TableDialect Begin(TableText text, HeaderChoice choice, string name, InputColumns? known = null)
    {
        var dialect = Of(text.Peek(), choice, name, known);
        text.Skip(dialect.SkippedBytes);
        if (dialect.IsBlank) text.SeparateByBlanks();
        return dialect;
    }

    static TableDialect Of(ReadOnlySpan<byte> start, HeaderChoice choice, string name, InputColumns? known)
    {
        string text = Encoding.UTF8.GetString(start);
        int at = 0, lines = 0;
        char? said = null;
        string? comment = null;
        while (at < text.Length)
        {
            int end = text.IndexOf('\n', at);
            string line = text[at..(end < 0 ? text.Length : end)].Trim();
            bool isSeparator = said is null && IsSeparatorLine(line, out said);
            if (line.Length > 0 && line[0] != '#' && !isSeparator) break;
            if (line.Length > 0 && line[0] == '#') comment = line.TrimStart('#').Trim();
            at = end < 0 ? text.Length : end + 1;
            lines++;
        }

        int bytes = Encoding.UTF8.GetByteCount(text.AsSpan(0, at));
        text = text[at..];
        if (string.IsNullOrWhiteSpace(text)) throw new EdgeLearnException($"{name} is empty; expected rows of numbers, with a header line");
        var sample = LinesOf(text);
        char separator = said ?? SeparatorOf(sample, out bool isBlank);
        isBlank = said is null && separator == ' ';
        if (isBlank) separator = '\t';
        var rows = Rows(isBlank ? string.Join('\n', sample.Select(BlankRuns.Collapse)) : string.Join('\n', sample), separator);
        int width = rows.Skip(rows.Count > 1 ? 1 : 0).CountBy(row => row.Length).MaxBy(width => width.Value).Key;
        bool hasHeader = choice != HeaderChoice.Auto
            ? choice == HeaderChoice.Yes
            : known is null ? TableHeader.IsHeader(rows, name) : TableHeader.IsHeaderOf(known, rows, name);
        string[] names = hasHeader ? TableHeader.Names(rows, width) : TableHeader.Numbers(width, comment, separator, isBlank);
        var below = rows.Skip(hasHeader ? 1 : 0);
        int[] empty = [.. Enumerable.Range(0, names.Length).Where(i => below.All(row => i >= row.Length || row[i].Length == 0))];
        string[] repeated = hasHeader
            ? [.. rows[0].Where(cell => cell.Length > 0).CountBy(cell => cell).Where(cell => cell.Value > 1).Select(cell => cell.Key)] : [];
        return new TableDialect(separator, isBlank, bytes, lines, hasHeader, names, empty, repeated);
    }

    /// <summary>The rows of a short text, cells unquoted and without blanks around them.</summary>
    static List<string[]> Rows(string text, char separator)
    {
        var rows = new List<string[]>();
        using var reader = Reader(separator).FromText(text);
        foreach (var row in reader)
        {
            string[] cells = new string[row.ColCount];
            for (int i = 0; i < cells.Length; i++) cells[i] = TableReader.Unquoted(row[i].Span).ToString();
            if (cells.Any(cell => cell.Length > 0)) rows.Add(cells);
        }

        return rows;
    }

    /// <summary>How rows are read, here and later.</summary>
    public static SepReaderOptions Reader(char separator) => new(new Sep(separator))
    {
        HasHeader = false,
        DisableColCountCheck = true,
    };

    // A line break within quotes belongs to its line.
    static List<string> LinesOf(string text)
    {
        var lines = new List<string>();
        int begin = 0;
        bool quoted = false;
        for (int i = 0; i < text.Length && lines.Count < LinesLookedAt; i++)
        {
            if (text[i] == '"') quoted = !quoted;
            if (quoted || text[i] is not ('\n' or '\r')) continue;
            Add(text[begin..i]);
            begin = i + 1;
        }

        if (begin < text.Length && lines.Count < LinesLookedAt) Add(text[begin..]);
        return lines;

        void Add(string line)
        {
            if (!string.IsNullOrWhiteSpace(line)) lines.Add(line);
        }
    }

    // The separator that cuts all lines, a header's perhaps but for one, into as many cells; of several, which leave one another in their
    // cells, the one that leaves the least. A semicolon or tab comes before a comma, which may be a decimal mark.
    static char SeparatorOf(List<string> lines, out bool isBlank)
    {
        isBlank = false;
        char[] cutting = [.. s_separators.Where(separator => Misfit(lines, separator) <= 1)];
        if (cutting.Length == 1) return cutting[0];
        if (cutting.Length > 1)
            return cutting.MinBy(separator => (Misfit(lines, separator), ShareHolding(lines, separator, cutting)));

        int[] blanks = [.. lines.Select(line => Count(BlankRuns.Collapse(line), '\t'))];
        bool hasOthers = lines.Any(line => s_separators.Any(separator => separator != '\t' && Count(line, separator) > 0));
        isBlank = !hasOthers && blanks[^1] > 0 && blanks.All(count => count == blanks[^1]);
        if (isBlank) return ' ';

        // Ragged lines are refused later, with their numbers: by the separator that is most often there.
        return s_separators.MaxBy(separator => lines.Count(line => Count(line, separator) > 0));
    }

    // By how many cells the first line differs from the others, which have all as many.
    static int Misfit(List<string> lines, char separator)
    {
        int[] counts = [.. lines.Select(line => Count(line, separator))];
        return counts[^1] > 0 && counts.Skip(1).All(count => count == counts[^1]) ? Math.Abs(counts[0] - counts[^1]) : int.MaxValue;
    }

    // The share of cells, numbers apart, that hold another separator.
    static double ShareHolding(List<string> lines, char separator, char[] separators)
    {
        string[] cells = [.. Rows(string.Join('\n', lines), separator).SelectMany(row => row)];
        return (double)cells.Count(cell => CellText.Read(cell, out _) != CellKind.CommaNumber
            && separators.Any(other => Count(cell, other) > 0)) / cells.Length;
    }

    static int Count(string line, char separator)
    {
        int count = 0;
        bool quoted = false;
        foreach (char c in line)
        {
            if (c == '"') quoted = !quoted;
            else if (!quoted && c == separator) count++;
        }

        return count;
    }

    static bool IsSeparatorLine(string line, out char? separator)
    {
        line = line.Trim('"');
        bool says = line.Length == 5 && line.StartsWith("sep=", StringComparison.OrdinalIgnoreCase);
        separator = says ? line[4] : null;
        return says;
    }
}
