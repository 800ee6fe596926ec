using System.Globalization;

namespace EdgeLearn.Results;

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
