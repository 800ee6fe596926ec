using System.Globalization;
using System.Text;

namespace EdgeLearn.Datasets;

/// <summary>A csv that was converted once into the cache and is read by position from there.</summary>
sealed class CsvTable
{
    // In the name of every converted file: a new layout is a new name.
    const string LayoutVersion = "edgelearn csv 1";

    CsvTable(ByteSource source, ArrayHeader features, ArrayHeader labels, ArrayHeader? groups, CsvSchema schema)
    {
        Inputs = new ArrayFile(source, features);
        Labels = new ArrayFile(source, labels);
        Groups = groups is { } header ? new ArrayFile(source, header) : null;
        Schema = schema;
    }

    /// <summary>The features; owns the open file together with <see cref="Labels"/>.</summary>
    public ArrayFile Inputs { get; }

    /// <summary>One number a row: its class, or its target.</summary>
    public ArrayFile Labels { get; }

    /// <summary>The number of each row's group; null where no group column was named.</summary>
    public ArrayFile? Groups { get; }

    /// <summary>Columns and classes.</summary>
    public CsvSchema Schema { get; }

    /// <summary>Opens a csv, converting it first where that has not been done.</summary>
    /// <param name="path">the csv, compressed or not</param>
    /// <param name="options">label and group column, classes or regression</param>
    /// <param name="cache">where converted files are kept</param>
    /// <param name="like">the schema that it must share; null takes its own</param>
    /// <exception cref="EdgeLearnException">The csv is empty, ragged, too large, or has a cell that cannot be used.</exception>
    public static CsvTable Open(string path, DataOptions options, FileCache cache, CsvSchema? like)
    {
        string name = Path.GetFileName(path);
        string meaning =
            $"{LayoutVersion}\n{GzipFile.Digest(path)}\n{options.Regression}\n{like is null}\n{like?.Key ?? options.LabelColumn}";
        if (options.GroupColumn is { } group) meaning += $"\ngroup\n{group}";
        string key = Convert.ToHexStringLower(Sha256.Hash(Encoding.UTF8.GetBytes(meaning)));
        var source = cache.GetOrCreate(key + ".table", name, -1, new CsvConversion(path, options, like).Write);
        try
        {
            return Read(source, options.GroupColumn is not null);
        }
        catch (Exception e) when (e is EdgeLearnException or FormatException or OverflowException)
        {
            source.Dispose();
            throw new EdgeLearnException($"the converted file {Path.Combine(cache.Folder, key)}.table is damaged; delete it and try again",
                e);
        }
    }

    static CsvTable Read(ByteSource source, bool grouped)
    {
        var features = ConvertedArrays.HeaderAt(source, 0);
        var labels = Next(source, features);
        ArrayHeader? groups = grouped ? Next(source, labels) : null;
        if (groups is { } header && header.Count != features.Count) throw new FormatException("there is not one group a row");
        long end = (groups ?? labels).TotalBytes;

        // The schema is as long as a header line of the csv and the names of its classes.
        byte[] text = new byte[checked((int)(source.Length - end))];
        source.Read(end, text);
        return new CsvTable(source, features, labels, groups, ParseSchema(Encoding.UTF8.GetString(text).Split('\n')));
    }

    static ArrayHeader Next(ByteSource source, ArrayHeader before)
    {
        var next = ConvertedArrays.HeaderAt(source, before.TotalBytes);
        if (next.TotalBytes > source.Length) next.CheckLength(source.Length, source.Name);
        return next;
    }

    static CsvSchema ParseSchema(ReadOnlySpan<string> lines)
    {
        int featureCount = Number(lines[0]);
        if (featureCount < 1 || featureCount > lines.Length - 4) throw new FormatException("the schema is cut short");
        int classCount = Number(lines[featureCount + 2]);
        var names = lines[(featureCount + 3)..^1];
        if (names.Length != Math.Max(0, classCount) || lines[^1] != CsvSchema.EndMark) throw new FormatException("the schema is cut short");
        return new CsvSchema([.. lines.Slice(1, featureCount)], lines[featureCount + 1], classCount < 0 ? null : [.. names]);
    }

    static int Number(string line) => int.Parse(line, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture);
}

/// <summary>
/// What a csv holds: its feature columns in order, its label column, and the names of its classes where labels are names.
/// </summary>
sealed record CsvSchema(string[] Features, string Label, string[]? ClassNames)
{
    /// <summary>The last line of a stored schema, by which one that was cut short is known.</summary>
    public const string EndMark = "end";

    /// <summary>Text that two schemas share only when they mean the same.</summary>
    public string Key
        => string.Join('\n', [$"{Features.Length}", .. Features, Label, $"{ClassNames?.Length ?? -1}", .. ClassNames ?? [], EndMark]);
}
