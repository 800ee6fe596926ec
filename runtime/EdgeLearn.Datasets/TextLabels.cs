using System.Text;

namespace EdgeLearn.Datasets;

/// <summary>The texts of label arrays, numbered in the order of their first rows until all are known.</summary>
sealed class TextLabels
{
    // Classes have short names; free text in their place is a mistake that should not fill the memory.
    const int Longest = 200;

    static readonly UTF8Encoding s_utf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    readonly Dictionary<string, ushort> _numbers = [];
    readonly Dictionary<string, ushort>.AlternateLookup<ReadOnlySpan<char>> _lookup;

    public TextLabels() => _lookup = _numbers.GetAlternateLookup<ReadOnlySpan<char>>();

    /// <summary>The number of the text of each row.</summary>
    /// <param name="labels">texts, as the numbers of their characters</param>
    /// <param name="known">the file that has all of them already; null where new ones get the next numbers</param>
    /// <exception cref="EdgeLearnException">A text is empty, too long or no text, or it is new and may not be.</exception>
    public ushort[] Read(ArrayFile labels, string? known)
    {
        ushort[] numbers = new ushort[labels.Count];
        float[] values = new float[labels.Header.TextWidth];
        char[] text = new char[2 * Longest];
        for (int row = 0; row < numbers.Length; row++)
        {
            labels.Read(row, values);

            // NumPy fills up with zeros.
            var characters = values.AsSpan(0, values.AsSpan().LastIndexOfAnyExcept(0f) + 1);
            if (characters.Length > (labels.Header.Number == StoredNumber.UInt8 ? 4 * Longest : Longest))
                throw Bad($"is {characters.Length} characters long; the name of a class has at most {Longest}");
            int length = labels.Header.Number == StoredNumber.UInt8 ? FromUtf8(characters, text) : FromCodes(characters, text);
            if (length is < 0 or > Longest) throw Bad("is no text (UTF-8) of at most 200 characters");
            var name = text.AsSpan(0, length);
            if (name.IsWhiteSpace()) throw Bad("is empty");
            if (name.ContainsAnyInRange('\0', '\x1F')) throw Bad("has a control character");
            if (!_lookup.TryGetValue(name, out numbers[row])) numbers[row] = Add(name.ToString());

            EdgeLearnException Bad(string what) => new($"{labels.Name}: the label of row {row} {what}");
        }

        return numbers;

        ushort Add(string name)
        {
            if (known is not null)
                throw new EdgeLearnException($"{labels.Name} has the label '{CellText.Shorten(name)}', which is not in {known}");
            if (_numbers.Count == LabelList.LargestClassCount)
                throw new EdgeLearnException($"{labels.Name} has more than {LabelList.LargestClassCount} different labels");
            return _numbers[name] = (ushort)_numbers.Count;
        }
    }

    /// <summary>All texts in ordinal order.</summary>
    /// <param name="places">the place of each number among them</param>
    public string[] Sorted(out ushort[] places)
    {
        string[] names = [.. _numbers.Keys.Order(StringComparer.Ordinal)];
        places = new ushort[names.Length];
        for (int i = 0; i < names.Length; i++) places[_numbers[names[i]]] = (ushort)i;
        return names;
    }

    static int FromUtf8(ReadOnlySpan<float> values, Span<char> text)
    {
        Span<byte> bytes = stackalloc byte[values.Length];
        for (int i = 0; i < bytes.Length; i++) bytes[i] = (byte)values[i];
        try
        {
            return s_utf8.TryGetChars(bytes, text, out int length) ? length : -1;
        }
        catch (DecoderFallbackException)
        {
            return -1;
        }
    }

    static int FromCodes(ReadOnlySpan<float> values, Span<char> text)
    {
        int length = 0;
        foreach (float value in values)
        {
            // 2^21 holds every character; a larger float might not fit an int.
            if (value >= 1 << 21 || !Rune.TryCreate((int)value, out var rune)) return -1;
            length += rune.EncodeToUtf16(text[length..]);
        }

        return length;
    }
}
