using System.Globalization;

namespace EdgeLearn.Results;

/// <summary>What the jobs of one row came to.</summary>
sealed class ResultValues
{
    readonly IReadOnlyDictionary<string, ResultEntry> _entries;

    /// <param name="entries">by the job's name</param>
    public ResultValues(IReadOnlyDictionary<string, ResultEntry> entries) => _entries = entries;

    /// <summary>One value of one job; not a number when the job failed or has no such value.</summary>
    public double Value(string job, string value = "accuracy")
        => _entries.TryGetValue(job, out var entry) && entry.Values.TryGetValue(value, out double found) ? found : double.NaN;

    /// <summary>One value of several jobs, such as those of all seeds; those that failed are left out.</summary>
    public Spread Over(IEnumerable<string> jobs, string value = "accuracy")
        => new([.. jobs.Select(job => Value(job, value)).Where(double.IsFinite)]);

    /// <summary>Why a job has no values; null when it has.</summary>
    public string? Failure(string job) => _entries.TryGetValue(job, out var entry) ? entry.Failure : "it was not run";
}

/// <summary>Values of one cell over seeds.</summary>
readonly record struct Spread(IReadOnlyList<double> Values)
{
    /// <summary>Not a number without values.</summary>
    public double Mean => Values.Count == 0 ? double.NaN : Values.Average();

    /// <summary>Sample standard deviation; 0 for one seed.</summary>
    public double Deviation
    {
        get
        {
            double mean = Mean;
            return Values.Count < 2 ? 0 : Math.Sqrt(Values.Sum(value => (value - mean) * (value - mean)) / (Values.Count - 1));
        }
    }

    /// <summary>In percent: mean, and the deviation where there is more than one seed.</summary>
    public string Percent => Values.Count < 2
        ? string.Create(CultureInfo.InvariantCulture, $"{100 * Mean:F2}")
        : string.Create(CultureInfo.InvariantCulture, $"{100 * Mean:F2} ± {100 * Deviation:F2}");
}
