using System.Buffers;
using System.Globalization;

namespace EdgeLearn.Datasets;

/// <summary>What the text of a cell is.</summary>
enum CellKind
{
    /// <summary>One of the words for no value.</summary>
    Missing,

    /// <summary>A finite number in one written form.</summary>
    Number,

    /// <summary>A number whose decimal mark is a comma.</summary>
    CommaNumber,

    /// <summary>A date, a time of day, or both: seconds since 1970.</summary>
    Time,

    /// <summary>Looks like a number and is none: 1,234.5 or 1.5D+03 or 1e999.</summary>
    NoNumber,

    /// <summary>Anything else.</summary>
    Text,
}

/// <summary>Reads cells of tables.</summary>
static class CellText
{
    const int MostDigits = 15;

    static readonly double[] s_powersOfTen = [.. Enumerable.Range(0, 23).Select(i => Math.Pow(10, i))];

    static readonly SearchValues<char> s_numberMarks = SearchValues.Create("0123456789.,'_ \u00A0\u202FeEdD+-");

    static readonly string[] s_missingWords = ["NA", "N/A", "#N/A", "NaN", "null", "?", "-nan", "+nan"];

    /// <summary>Whether a label is one of the words for no value, whatever the case.</summary>
    public static bool IsMissingLabel(ReadOnlySpan<char> cell)
    {
        if (cell.Length is 0 or > 4) return cell.IsEmpty;
        foreach (string word in s_missingWords)
        {
            if (cell.Equals(word, StringComparison.OrdinalIgnoreCase)) return true;
        }

        return false;
    }

    /// <summary>Whether an input is one of the words for no value; a class may be called none, and a label be a dash.</summary>
    public static bool IsMissing(ReadOnlySpan<char> cell)
        => IsMissingLabel(cell) || cell is "-" || cell.Equals("none", StringComparison.OrdinalIgnoreCase);

    /// <summary>What a cell is.</summary>
    /// <param name="cell">without quotes, and without blanks around it</param>
    /// <param name="value">the number, or the seconds since 1970; 0 for other kinds</param>
    public static CellKind Read(ReadOnlySpan<char> cell, out double value)
    {
        value = 0;
        if (cell.IsEmpty) return CellKind.Missing;
        if (TryDigits(cell, out value)) return CellKind.Number;
        if (IsMissing(cell)) return CellKind.Missing;
        char first = cell[0] is '-' or '+' && cell.Length > 1 ? cell[1] : cell[0];
        if (!char.IsAsciiDigit(first) && first is not ('.' or ',')) return IsInfinity(cell) ? CellKind.NoNumber : CellKind.Text;
        if (IsNumber(cell, '.'))
        {
            value = double.Parse(cell, NumberStyles.Float, CultureInfo.InvariantCulture);
            return double.IsFinite(value) ? CellKind.Number : CellKind.NoNumber;
        }

        if (IsNumber(cell, ','))
        {
            Span<char> pointed = stackalloc char[cell.Length];
            cell.Replace(pointed, ',', '.');
            value = double.Parse(pointed, NumberStyles.Float, CultureInfo.InvariantCulture);
            return double.IsFinite(value) ? CellKind.CommaNumber : CellKind.NoNumber;
        }

        if (TimeText.TryRead(cell, out value)) return CellKind.Time;
        return LooksLikeNumber(cell) ? CellKind.NoNumber : CellKind.Text;
    }

    /// <summary>Whether 1,234 may as well be meant for a thousand: one to three digits, then three.</summary>
    /// <param name="cell">a number</param>
    /// <param name="mark">that stands in it</param>
    public static bool MayBeThousands(ReadOnlySpan<char> cell, char mark = ',')
    {
        cell = cell.TrimStart("+-");
        int at = cell.IndexOf(mark);
        return at is 1 or 2 or 3 && cell[0] != '0' && cell.Length == at + 4 && !cell.ContainsAny('e', 'E');
    }

    /// <summary>A cell as a message shows it.</summary>
    public static string Shorten(ReadOnlySpan<char> cell)
    {
        string text = cell.Length <= 40 ? cell.ToString() : string.Concat(cell[..40], "...");
        return text.ReplaceLineEndings(" ");
    }

    // Most numbers are short: below 2^53, with a power of ten that a double holds, the quotient is the nearest double.
    // Source: Clinger, "How to Read Floating Point Numbers Accurately", PLDI 1990.
    static bool TryDigits(ReadOnlySpan<char> cell, out double value)
    {
        value = 0;
        int i = cell[0] is '-' or '+' ? 1 : 0, digits = 0, point = -1;
        long whole = 0;
        for (; i < cell.Length; i++)
        {
            uint digit = (uint)(cell[i] - '0');
            if (digit <= 9)
            {
                whole = (whole * 10) + digit;
                if (++digits > MostDigits) return false;
            }
            else if (cell[i] == '.' && point < 0)
            {
                point = digits;
            }
            else
            {
                return false;
            }
        }

        if (digits == 0) return false;
        value = point < 0 ? whole : whole / s_powersOfTen[digits - point];
        if (cell[0] == '-') value = -value;
        return true;
    }

    // [+-] digits [mark digits] [e [+-] digits], with a digit on one side of the mark at least.
    static bool IsNumber(ReadOnlySpan<char> cell, char mark)
    {
        int i = cell[0] is '-' or '+' ? 1 : 0, digits = 0;
        for (; i < cell.Length && char.IsAsciiDigit(cell[i]); i++) digits++;
        if (i < cell.Length && cell[i] == mark)
        {
            for (i++; i < cell.Length && char.IsAsciiDigit(cell[i]); i++) digits++;
        }

        if (digits == 0) return false;
        if (i == cell.Length) return true;
        if (cell[i] is not ('e' or 'E')) return false;
        i++;
        if (i < cell.Length && cell[i] is '-' or '+') i++;
        int exponent = i;
        while (i < cell.Length && char.IsAsciiDigit(cell[i])) i++;
        return i == cell.Length && i > exponent;
    }

    // Digits and what people write among them.
    static bool LooksLikeNumber(ReadOnlySpan<char> cell)
        => cell.Length <= 40 && cell.TrimStart("+-").TrimEnd("%").IndexOfAnyExcept(s_numberMarks) < 0;

    static bool IsInfinity(ReadOnlySpan<char> cell)
    {
        cell = cell.TrimStart("+-");
        return cell.Equals("inf", StringComparison.OrdinalIgnoreCase) || cell.Equals("infinity", StringComparison.OrdinalIgnoreCase);
    }
}
