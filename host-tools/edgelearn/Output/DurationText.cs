using System.Globalization;
using EdgeLearn.Commands;

namespace EdgeLearn.Cli;

/// <summary>Lengths of time as people write them: 90, 90s, 10m, 2h, 7d.</summary>
static class DurationText
{
    static readonly (char Unit, double Seconds)[] s_units = [('s', 1), ('m', 60), ('h', 3600), ('d', 86400)];

    /// <summary>An option that takes a length of time.</summary>
    public static System.CommandLine.Option<TimeSpan?> Option(string name, string description) =>
        OptionText.Parsed<TimeSpan?>(name, "TIME", description, text => Parse(name, text));

    /// <summary>Reads a length of time above 0; a number alone is seconds.</summary>
    /// <exception cref="EdgeLearnException">It is no such thing, or longer than a year.</exception>
    public static TimeSpan Parse(string option, string text)
    {
        double scale = 1;
        string digits = text;
        foreach (var (unit, seconds) in s_units)
        {
            if (!text.EndsWith(unit)) continue;
            scale = seconds;
            digits = text[..^1];
        }

        bool isNumber = double.TryParse(digits, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out double value);
        if (!isNumber || value <= 0 || value * scale > 366 * 86400.0)
            throw new EdgeLearnException($"{option} {text}: expected a time above 0 and up to a year, such as 90s, 10m, 2h or 7d");
        return TimeSpan.FromSeconds(value * scale);
    }

    /// <summary>How long ago something was, in the largest whole unit.</summary>
    public static string Ago(long unixMs, DateTimeOffset now)
    {
        if (unixMs == 0) return "never";
        double seconds = Math.Max(0, (now - DateTimeOffset.FromUnixTimeMilliseconds(unixMs)).TotalSeconds);
        var (unit, length) = s_units[0];
        foreach (var candidate in s_units)
        {
            if (seconds >= candidate.Seconds) (unit, length) = candidate;
        }

        return $"{Math.Floor(seconds / length):0} {unit} ago";
    }
}
