using System.Globalization;
using EdgeLearn.Commands;

namespace EdgeLearn.Cli;

/// <summary>Numbers in the cells of tables; a number that is not known is a dash.</summary>
static class Figures
{
    /// <summary>What stands where nothing is known.</summary>
    public const string None = "-";

    /// <summary>Four decimals: accuracy 0..1, loss.</summary>
    public static string Fraction(double? value) => Number(value, "0.0000");

    /// <summary>One decimal: milliseconds, seconds, degrees.</summary>
    public static string Tenths(double? value) => Number(value, "0.0");

    /// <summary>Three digits and a unit.</summary>
    public static string Bytes(ulong? value) => value is { } bytes ? ByteCount.Format((long)Math.Min(bytes, long.MaxValue)) : None;

    /// <summary>A whole number.</summary>
    public static string Count(ulong? value) => value?.ToString(CultureInfo.InvariantCulture) ?? None;

    /// <summary>The start of a digest, enough to tell models apart.</summary>
    public static string Short(string? digest) => string.IsNullOrEmpty(digest) ? None : digest[..Math.Min(12, digest.Length)];

    static string Number(double? value, string format)
        => value is { } number ? number.ToString(format, CultureInfo.InvariantCulture) : None;
}
