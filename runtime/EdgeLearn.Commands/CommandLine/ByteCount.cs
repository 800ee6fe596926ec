using System.Globalization;

namespace EdgeLearn.Commands;

/// <summary>Numbers of bytes as people write them: 2MB, 1.5MiB, 800k, 65536.</summary>
static class ByteCount
{
    static readonly (string Unit, double Bytes)[] s_units =
    [
        ("", 1), ("b", 1), ("k", 1e3), ("kb", 1e3), ("kib", 1024), ("m", 1e6), ("mb", 1e6), ("mib", 1 << 20), ("g", 1e9), ("gb", 1e9),
            ("gib", 1 << 30),
    ];

    /// <summary>Reads a number with a unit; fractions of a byte are dropped.</summary>
    /// <exception cref="EdgeLearnException">It is no such number, or none above 0.</exception>
    public static long Parse(string option, string text)
    {
        int digits = 0;
        while (digits < text.Length && (char.IsAsciiDigit(text[digits]) || text[digits] == '.')) digits++;
        string unit = text[digits..].Trim().ToLowerInvariant();
        foreach (var (word, bytes) in s_units)
        {
            if (word != unit
                || !double.TryParse(text.AsSpan(0, digits), NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out double value))
            {
                continue;
            }
            if (value * bytes is >= 1 and < long.MaxValue) return (long)(value * bytes);
        }

        throw new EdgeLearnException($"{option} {text}: expected a number of bytes above 0, such as 2MB, 1.5MiB or 800k");
    }

    /// <summary>Three digits and a decimal unit.</summary>
    public static string Format(long bytes) => bytes switch
    {
        < 1000 => $"{bytes} B",
        < 1_000_000 => $"{bytes / 1e3:G3} kB",
        < 1_000_000_000 => $"{bytes / 1e6:G3} MB",
        _ => $"{bytes / 1e9:G3} GB",
    };
}
