using System.Globalization;
using System.Text;
using EdgeLearn.Commands;
using EdgeLearn.Datasets;

namespace EdgeLearn.Results;

/// <summary>What all rows share: how much is to be run, and the data, opened once. Jobs may use it from several threads.</summary>
sealed class ResultScope : IDisposable
{
    readonly Lock _lock = new();
    readonly Dictionary<(string Name, int Fold, int Folds), DataSplit> _opened = [];
    readonly Dictionary<DataSplit, string> _signatures = [];

    /// <param name="seedCount">seeds of a row</param>
    /// <param name="isQuick">whether rows are shortened</param>
    public ResultScope(int seedCount, bool isQuick)
    {
        SeedCount = seedCount;
        IsQuick = isQuick;
    }

    /// <summary>Most training samples of a row with <c>--quick</c>.</summary>
    public const int QuickSamples = 3000;

    /// <summary>Seeds of a row, unless it asks for more.</summary>
    public int SeedCount { get; }

    /// <summary>Whether there are 8 minutes and not 110: rows take fewer samples, epochs and seeds.</summary>
    public bool IsQuick { get; }

    /// <summary>The seeds of a row.</summary>
    /// <param name="least">how many it asks for; with <see cref="IsQuick"/> there is one</param>
    public ulong[] Seeds(int least = 0)
        => [.. Enumerable.Range(1, IsQuick ? SeedCount : Math.Max(SeedCount, least)).Select(seed => (ulong)seed)];

    /// <summary>Epochs of a row: a third of them, at least two, with <see cref="IsQuick"/>.</summary>
    public int Epochs(int whole) => IsQuick ? Math.Min(whole, Math.Max(2, whole / 3)) : whole;

    /// <summary>The data, opened once; it belongs to the scope.</summary>
    /// <param name="name">as <c>--data</c> takes it</param>
    /// <param name="fold">part and count for cross-validation, else (0, 0)</param>
    /// <exception cref="EdgeLearnException">It is not on this machine.</exception>
    public DataSplit Data(string name, int fold = 0, int folds = 0)
    {
        lock (_lock)
        {
            if (_opened.TryGetValue((name, fold, folds), out var known)) return known;
            var split = DataCatalog.Open(name, new DataOptions { Fold = folds == 0 ? null : (fold, folds) });
            _opened.Add((name, fold, folds), split);
            return split;
        }
    }

    /// <summary>The training samples: all, or with <see cref="IsQuick"/> an evenly spread part.</summary>
    public Dataset Training(DataSplit data)
    {
        if (!IsQuick || data.Train.Count <= QuickSamples) return data.Train;
        return new DatasetView(data.Train,
            [.. Enumerable.Range(0, QuickSamples).Select(i => (int)((long)i * data.Train.Count / QuickSamples))]);
    }

    /// <summary>Text that two data sets share only when they are the same, in all likelihood: counts, labels, and some inputs.</summary>
    public string Signature(DataSplit data)
    {
        lock (_lock)
        {
            if (_signatures.TryGetValue(data, out string? known)) return known;
            var text = new StringBuilder();
            foreach (var part in (Dataset[])[data.Train, data.Test]) Describe(part, text);
            return _signatures[data] = Convert.ToHexStringLower(Sha256.Hash(Encoding.UTF8.GetBytes(text.ToString())))[..16];
        }
    }

    public void Dispose()
    {
        foreach (var split in _opened.Values) split.Dispose();
    }

    static void Describe(Dataset part, StringBuilder text)
    {
        const int Probes = 200;
        text.Append(CultureInfo.InvariantCulture, $"{part.Count} {part.InputShape} {part.ClassCount}\n");
        float[] row = new float[part.InputLength];
        for (int i = 0; i < Math.Min(Probes, part.Count); i++)
        {
            part.ReadInput((int)((long)i * part.Count / Probes) % part.Count, row);
            double sum = 0;
            for (int j = 0; j < row.Length; j++) sum += row[j] * (1 + (j % 7));
            text.Append(CultureInfo.InvariantCulture, $"{sum:R}\n");
        }

        if (part.ClassCount > 0) text.AppendJoin(',', part.Labels());
    }
}
