using System.Globalization;

namespace EdgeLearn;

/// <summary>Ranges of options, refused in one form.</summary>
static class OptionRange
{
    /// <summary>Refuses a value, naming the option that gave it.</summary>
    /// <exception cref="EdgeLearnException">It does not hold.</exception>
    public static void Expect(bool holds, string option, object? actual, string expected)
    {
        if (!holds) throw new EdgeLearnException(string.Create(CultureInfo.InvariantCulture, $"{option} {actual}: expected {expected}"));
    }
}
