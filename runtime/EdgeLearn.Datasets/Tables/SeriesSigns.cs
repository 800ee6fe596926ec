using System.Globalization;

namespace EdgeLearn.Datasets;

/// <summary>Tells whether rows that are judged one by one look like a series, of which windows would say more.</summary>
static class SeriesSigns
{
    // Enough to tell; a table may have millions.
    const int MostRows = 20_000;
    const int FewestRows = 40;
    const double FewestRunRows = 5;

    // In a random order there are so many times more runs of a label.
    const double FewerRuns = 10;

    // Correlation of a row's inputs with those of the row before it.
    const double LeastCorrelation = 0.2;

    static readonly string[] s_timeNames = ["time", "timestamp", "t", "date", "datetime", "epoch", "seconds", "elapsed"];

    /// <summary>A line that says so; null where they do not look like one, or the user has said what they are.</summary>
    /// <param name="table">the file</param>
    /// <param name="meaning">of its columns</param>
    /// <param name="options">whether the user has said it</param>
    /// <param name="rows">that are samples; null = all</param>
    /// <param name="labels">the class of each; null = there are none</param>
    public static string? Of(TableFile table, TableMeaning meaning, DataOptions options, int[]? rows, LabelList? labels)
    {
        int count = rows?.Length ?? table.Count;
        if (options.Window is not null || count < FewestRows) return null;
        var (why, window) = OfLabels(table, meaning, rows, labels) ?? OfTimes(table, meaning) ?? default;
        return why is null ? null : $"{table.Name}: rows look like a series ({why}) and are judged one by one; --window {window} takes "
            + $"{window} rows that follow each other as one sample, --window 1 says that rows stand alone";
    }

    static (string Why, int Window)? OfLabels(TableFile table, TableMeaning meaning, int[]? rows, LabelList? labels)
    {
        if (labels is null || labels.Count < FewestRows) return null;
        int[] counts = new int[labels.ClassCount];
        int runs = 1;
        for (int i = 0; i < labels.Count; i++)
        {
            counts[labels[i]]++;
            if (i > 0 && labels[i] != labels[i - 1]) runs++;
        }

        int classes = counts.Count(count => count > 0);
        double length = (double)labels.Count / runs;
        double expected = labels.Count * (1 - counts.Sum(count => Math.Pow((double)count / labels.Count, 2)));
        if (classes < 2 || length < FewestRunRows || runs * FewerRuns > expected) return null;
        // Rows that are sorted by class stand in as many runs, and need not be a series.
        if (runs == classes && Correlation(table, meaning, rows, labels) < Math.Max(LeastCorrelation, 4 / Math.Sqrt(labels.Count)))
            return null;
        int window = Math.Clamp(1 << (int)Math.Log2(Math.Max(2, length / 4)), 4, 128);
        return (string.Create(CultureInfo.InvariantCulture, $"labels stand in runs of about {length:N0} rows"), window);
    }

    static (string Why, int Window)? OfTimes(TableFile table, TableMeaning meaning)
    {
        const int Usual = 16;
        if (meaning.Time >= 0) return ($"'{table.Scan.Columns[meaning.Time].Name}' is their time", Usual);
        int[] columns = [.. meaning.Sources.Distinct().Where(source => table.Scan.Columns[source] is var column
            && (column.Times > 0 || (column.Numbers > 0 && s_timeNames.Contains(column.Name.ToLowerInvariant()))))];
        foreach (int column in columns)
        {
            if (Ascends(table, column)) return ($"'{table.Scan.Columns[column].Name}' ascends", Usual);
        }

        return null;
    }

    static bool Ascends(TableFile table, int column)
    {
        double before = double.NegativeInfinity;
        int greater = 0;
        bool descends = false;
        table.ForEach((_, cells) =>
        {
            double time = cells[column];
            descends |= !(time >= before);
            if (time > before) greater++;
            before = time;
        }, MostRows);
        return !descends && greater > Math.Min(table.Count, MostRows) / 2;
    }

    // The mean over the inputs of |sum (x_t - m)(x_t+1 - m)| / sum (x_t - m)^2 within runs of a label, whose mean is m.
    static double Correlation(TableFile table, TableMeaning meaning, int[]? rows, LabelList labels)
    {
        int[] numbers = [.. meaning.Sources.Distinct()
            .Where(source => table.Scan.Columns[source] is { Numbers: > 0, Missing: 0, Texts: 0 })];
        int count = Math.Min(labels.Count, MostRows);
        double[][] values = [.. numbers.Select(_ => new double[count])];
        int next = 0;
        table.ForEach((row, cells) =>
        {
            if (next == count || row != (rows?[next] ?? next)) return;
            for (int k = 0; k < numbers.Length; k++) values[k][next] = cells[numbers[k]];
            next++;
        }, (rows?[count - 1] ?? (count - 1)) + 1);

        return numbers.Length == 0 ? 0 : values.Average(column => Math.Abs(Correlation(column, labels)));
    }

    static double Correlation(double[] values, LabelList labels)
    {
        double products = 0, squares = 0;
        for (int first = 0, end; first < values.Length; first = end)
        {
            end = first + 1;
            while (end < values.Length && labels[end] == labels[first]) end++;
            double mean = values.AsSpan(first, end - first).ToArray().Average();
            for (int i = first; i < end; i++)
            {
                squares += (values[i] - mean) * (values[i] - mean);
                if (i > first) products += (values[i] - mean) * (values[i - 1] - mean);
            }
        }

        return squares == 0 ? 0 : products / squares;
    }
}
