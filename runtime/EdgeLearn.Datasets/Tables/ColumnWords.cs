namespace EdgeLearn.Datasets;

/// <summary>What the options say about columns, found among the names that a table has: a name may hold a comma itself.</summary>
sealed class ColumnWords
{
    static readonly string[] s_labelNames = ["label", "class", "target", "y"];

    static readonly (string Word, ColumnKind Kind)[] s_kinds =
    [
        ("number", ColumnKind.Number), ("category", ColumnKind.Category), ("time", ColumnKind.Time), ("elapsed", ColumnKind.Elapsed),
    ];

    readonly DataOptions _options;

    /// <summary>Reads the options.</summary>
    /// <param name="options">their texts</param>
    /// <param name="names">of the table's columns</param>
    /// <exception cref="EdgeLearnException">A kind is none.</exception>
    public ColumnWords(DataOptions options, IEnumerable<string> names)
    {
        string[] known = [.. names];
        _options = options;
        Labels = Names(options.LabelColumn, known);
        Ignored = Names(options.Ignored, known);
        Kinds = KindsOf(options.ColumnKinds, known);
    }

    /// <summary>Label columns; empty where nobody says which.</summary>
    public IReadOnlyList<string> Labels { get; }

    /// <summary>Columns that are left out.</summary>
    public IReadOnlyList<string> Ignored { get; }

    /// <summary>Kinds that were said.</summary>
    public IReadOnlyDictionary<string, ColumnKind> Kinds { get; }

    /// <summary>Texts that two tables' cells share only where the options mean the same for them.</summary>
    public static IEnumerable<string> Meaning(DataOptions options) =>
    [
        $"{options.Header} {options.WholeLinesOnly} {options.Regression}", $"{options.LabelColumn}", $"{options.Ignored}",
        $"{options.ColumnKinds}", $"{options.GroupColumn}", $"{options.TimeColumn}", .. ModelDictionaries(options),
    ];

    /// <summary>The label's column where nobody says which: the model's, one that is called so, or the last that has values.</summary>
    public int DefaultLabel(IReadOnlyList<ColumnScan> columns, Func<int, bool> isEmpty)
    {
        string?[] taken = [_options.GroupColumn, _options.TimeColumn, .. Ignored];
        int[] free =
            [.. Enumerable.Range(0, columns.Count).Where(i => !taken.Contains(columns[i].Name) && (columns[i].IsNamed || !isEmpty(i)))];
        int[] named = [.. free.Where(i => s_labelNames.Contains(columns[i].Name.ToLowerInvariant()))];
        return named.Length == 1 ? named[0] : free.LastOrDefault(columns.Count - 1);
    }

    /// <summary>Whether the cells of a column are texts whatever they look like.</summary>
    public bool IsDictionary(string name, bool isDefaultLabel)
    {
        if (name == _options.GroupColumn || ModelDictionaries(_options).Contains(name)) return true;
        if (Kinds.TryGetValue(name, out var kind)) return kind == ColumnKind.Category;
        if (_options.Regression) return false;
        return Labels.Count > 0 ? Labels.Contains(name) : isDefaultLabel && _options.Columns is null;
    }

    static IEnumerable<string> ModelDictionaries(DataOptions options)
    {
        if (options.Columns is not { } columns) return [];
        var categories = columns.Inputs.Where(input => input.Kind == ColumnKind.Category).Select(input => input.Name);
        return options.Regression || options.LabelColumn is not null ? categories : categories.Concat(columns.Labels);
    }

    static Dictionary<string, ColumnKind> KindsOf(string? text, string[] known)
    {
        var kinds = new Dictionary<string, ColumnKind>();
        foreach (string part in Names(text, known, "="))
        {
            int end = part.LastIndexOf('=');
            string word = part[(end + 1)..];
            var found = Array.Find(s_kinds, kind => kind.Word == word);
            if (end < 1 || found.Word is null)
            {
                throw new EdgeLearnException($"--columns {part}: expected NAME=KIND, with the kind one of "
                    + $"{string.Join(", ", s_kinds.Select(kind => kind.Word))}");
            }
            kinds[part[..end]] = found.Kind;
        }

        return kinds;
    }

    // Pieces between commas, of which several that follow each other may be one name.
    static List<string> Names(string? text, string[] known, string? behind = null)
    {
        var names = new List<string>();
        string[] pieces = text?.Split(',') ?? [];
        for (int begin = 0; begin < pieces.Length;)
        {
            int end = pieces.Length;
            for (; end > begin + 1; end--)
            {
                string joined = string.Join(',', pieces[begin..end]);
                int length = behind is null ? joined.Length : Math.Max(0, joined.LastIndexOf(behind, StringComparison.Ordinal));
                if (known.Contains(joined[..length])) break;
            }

            names.Add(string.Join(',', pieces[begin..end]) is var name && known.Contains(name) ? name : name.Trim());
            begin = end;
        }

        return names;
    }
}
