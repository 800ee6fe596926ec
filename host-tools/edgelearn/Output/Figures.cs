using System.Globalization;
using EdgeLearn.Commands;

namespace EdgeLearn.Cli;

/// <summary>Numbers in the cells of tables; a number that is not known is a dash.</summary>
static class Figures
{
    /// <summary>What stands where nothing is known.</summary>
    public const string None = "-";

    /// <summary>Four decimals: accuracy 0..1, loss.</summary>
    public static string Fraction(double? value) => value is { } number ? $"{number:0.0000}" : None;

    /// <summary>One decimal: milliseconds, seconds, degrees.</summary>
    public static string Tenths(double? value) => value is { } number ? $"{number:0.0}" : None;

    /// <summary>Three digits and a unit.</summary>
    public static string Bytes(ulong? value) => value is { } bytes ? ByteCount.Format((long)Math.Min(bytes, long.MaxValue)) : None;

    public static string Count(ulong? value) => value is { } count ? $"{count}" : None;

    /// <summary>The version of a model; 0 = there is none.</summary>
    public static string Version(ulong version) => version == 0 ? None : $"v{version}";

    /// <summary>The start of a digest, enough to tell models apart.</summary>
    public static string Short(string? digest) => string.IsNullOrEmpty(digest) ? None : digest[..Math.Min(12, digest.Length)];
}

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
