namespace EdgeLearn.Datasets;

/// <summary>
/// Rows with their labels in the order in which they were recorded: tables, or arrays. How many there are and which classes they have is
/// read ahead; nothing else is.
/// </summary>
public abstract class RowSource : IDisposable
{
    private protected RowSource()
    {
    }

    /// <summary>Takes a row.</summary>
    /// <param name="values">of it, NaN where there is none; empty where the row cannot be used</param>
    /// <param name="answers">its class by number, or its targets; NaN where it has none</param>
    /// <param name="complaint">why it cannot be used; null where it can</param>
    public delegate void RowTaker(ReadOnlySpan<double> values, ReadOnlySpan<double> answers, string? complaint);

    /// <summary>What the user calls it.</summary>
    public abstract string Name { get; }

    /// <summary>Values of a row.</summary>
    public abstract int ValueCount { get; }

    /// <summary>Rows, those included that cannot be used.</summary>
    public abstract long Count { get; }

    /// <summary>Classes; 0 where there are real targets.</summary>
    public abstract int ClassCount { get; }

    /// <summary>Real targets of a row; 0 where there are classes.</summary>
    public abstract int TargetCount { get; }

    /// <summary>What the classes are called; null = by their numbers.</summary>
    public IReadOnlyList<string>? ClassNames { get; private protected init; }

    /// <summary>What the columns of a table are; null for arrays.</summary>
    public InputColumns? Columns { get; private protected init; }

    /// <summary>What the user should know, a line each.</summary>
    public IReadOnlyList<string> Notes { get; private protected init; } = [];

    /// <summary>Opens a recording.</summary>
    /// <param name="data">a table; a folder of tables, which follow each other by the dates of their first rows, or of arrays, by their
    /// names; arrays as <see cref="DataCatalog"/> reads them</param>
    /// <param name="options">how it is to be read</param>
    /// <exception cref="EdgeLearnException">There is no such data, or it cannot be read.</exception>
    public static RowSource Open(string data, DataOptions options)
    {
        if (DataCatalog.IsTable(data)) return new TableSource([data], options);
        if (!Directory.Exists(data) || CifarFolder.Find(data) is not null) return new SampleSource([data], options);
        string[] files =
            [.. Directory.EnumerateFiles(data).Where(file => !Path.GetFileName(file).StartsWith('.')).Order(StringComparer.Ordinal)];
        string[] arrays = [.. files.Where(SampleSource.IsInputs)];
        bool hasParts = Array.Exists(arrays, file => ArrayName.Of(file).Part != ArrayPart.Plain);
        if (arrays.Length > 0) return new SampleSource(arrays.Length == 1 || hasParts ? [data] : arrays, options);
        string[] tables = [.. files.Where(TableSource.IsTableName)];
        return tables.Length > 0 ? new TableSource(tables, options) : new SampleSource([data], options);
    }

    /// <summary>Reads all rows from the beginning.</summary>
    /// <param name="take">called with each</param>
    /// <param name="stop">ends it early with <see cref="OperationCanceledException"/></param>
    /// <exception cref="EdgeLearnException">The recording cannot be read any more.</exception>
    public abstract void ReadAll(RowTaker take, CancellationToken stop);

    /// <summary>Frees what is held open.</summary>
    public void Dispose()
    {
        Dispose(disposing: true);
        GC.SuppressFinalize(this);
    }

    /// <summary>Frees what is held open.</summary>
    protected virtual void Dispose(bool disposing)
    {
    }
}
