using System.Globalization;

namespace EdgeLearn;

/// <summary>Names out of files as they stand in messages: one line, of a length that is read, and nothing that moves a cursor.</summary>
static class NameText
{
    const int MostListed = 12;

    /// <summary>Names as a text: <c>a, b and c</c>; where they are many, the first of them and how many more there are.</summary>
    public static string Listed(IReadOnlyList<string> names)
    {
        string[] shown = [.. names.Take(MostListed).Select(name => Shown(name))];
        if (names.Count > MostListed) return $"{string.Join(", ", shown)} and {names.Count - MostListed} more";
        return shown.Length < 2 ? string.Concat(shown) : $"{string.Join(", ", shown[..^1])} and {shown[^1]}";
    }

    /// <summary>How many there are of something: "1 row", "2 rows".</summary>
    /// <param name="count">how many</param>
    /// <param name="one">the word for one of them</param>
    /// <param name="more">the word for several; null = an s behind that of one</param>
    public static string Counted(double count, string one, string? more = null)
        => string.Create(CultureInfo.InvariantCulture, $"{count:#,0.##} {(count == 1 ? one : more ?? one + "s")}");

    /// <summary>The first of some texts, and how many more there are: <c>a, b and 3 more</c>.</summary>
    public static string First(IReadOnlyCollection<string> texts, int most)
    {
        string first = string.Join(", ", texts.Take(most));
        return texts.Count <= most ? first : $"{first} and {texts.Count - most} more";
    }

    /// <summary>A text with a question mark for each letter that cannot be seen, cut where it is long.</summary>
    /// <param name="text">of a file</param>
    /// <param name="longest">letters of it</param>
    public static string Shown(string text, int longest = 80)
    {
        string seen = string.Concat(text.Take(longest).Select(letter => IsSeen(letter) ? letter : '?'));
        return text.Length > longest ? seen + "..." : seen;
    }

    static bool IsSeen(char letter) => char.GetUnicodeCategory(letter) is not (UnicodeCategory.Control or UnicodeCategory.Format
        or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator);
}
