using System.Globalization;

namespace EdgeLearn.Commands;

/// <summary>Numbers as people read them, written in one way by all commands; a number that is not known is a dash.</summary>
static class NumberText
{
    /// <summary>What stands where nothing is known.</summary>
    public const string None = "-";

    /// <summary>Four decimals: accuracy 0..1, loss.</summary>
    public static string Fraction(double? value) => value is { } number ? $"{number:F4}" : None;

    /// <summary>Three digits, and no more than three decimals: the time of a step.</summary>
    public static string Milliseconds(double? value)
        => value is { } ms ? ms.ToString(ms >= 100 ? "N0" : ms >= 10 ? "N1" : ms >= 1 ? "N2" : "N3", CultureInfo.InvariantCulture) : None;

    /// <summary>One decimal: seconds, degrees.</summary>
    public static string Tenths(double? value) => value is { } number ? $"{number:N1}" : None;

    /// <summary>Three digits and a unit.</summary>
    public static string Bytes(ulong? value) => value is { } bytes ? ByteCount.Format((long)Math.Min(bytes, long.MaxValue)) : None;

    /// <summary>A whole number with its thousands apart.</summary>
    public static string Count(ulong? value) => value is { } count ? $"{count:N0}" : None;

    /// <summary>How many there are of something: "1 row", "2 rows".</summary>
    public static string Counted(double count, string one, string? more = null) => NameText.Counted(count, one, more);

    /// <summary>The version of a model; 0 = there is none.</summary>
    public static string Version(ulong version) => version == 0 ? None : $"v{version}";

    /// <summary>The start of a digest, enough to tell models apart.</summary>
    public static string Short(string? digest) => string.IsNullOrEmpty(digest) ? None : digest[..Math.Min(12, digest.Length)];

    /// <summary>A length of time in its two largest units: "12.3 s", "3 min 20 s", "2 h 5 min", "3 d 4 h".</summary>
    public static string Duration(double seconds)
    {
        if (!double.IsFinite(seconds)) return None;
        if (seconds < 59.95) return $"{seconds:0.#} s";
        double whole = Math.Round(seconds), days = Math.Floor(whole / 86400);
        double hours = Math.Floor(whole / 3600) % 24, minutes = Math.Floor(whole / 60) % 60;
        if (days > 0) return $"{days:N0} d {hours} h";
        return hours > 0 ? $"{hours} h {minutes} min" : $"{minutes} min {whole % 60} s";
    }

    /// <summary>Date and time of day as this machine has them; JSON has the zone too.</summary>
    public static string Time(DateTimeOffset time)
        => time.ToLocalTime().ToString("yyyy-MM-dd HH:mm:ss", CultureInfo.InvariantCulture);
}
