using System.Globalization;

namespace EdgeLearn.Datasets;

/// <summary>
/// The names of classes from a text file beside the data, one a line. Where every line has a number before the name (or behind it, after a
/// comma or tab), the name belongs to that number; else the lines stand in the order of the labels from 0.
/// </summary>
sealed class ClassNameFile
{
    // A file of names is short; anything longer is something else.
    const int LongestBytes = 1 << 20;

    // Between a number and a name beside it; a blank only behind the number, for "sensor 1" is a name.
    const string Separators = "\t,;:=|";

    static readonly string[] s_fileNames = ["classes.txt", "activity_labels.txt", "batches.meta.txt", "fine_label_names.txt"];

    readonly string _path;
    readonly string[] _lines;
    readonly Dictionary<int, string>? _names;

    ClassNameFile(string path, string[] lines)
    {
        _path = path;
        _lines = lines;
        _names = Numbered(FromFront, 0) ?? Numbered(FromEnd, 0);
        if (_names is null && lines.Length > 2 && Numbered(FromFront, 1) is not null)
            throw new EdgeLearnException($"{path}: every line but the first has a number before its name; give it one or remove it");
        var seen = new HashSet<string>();
        foreach (string name in _names is null ? lines : [.. _names.Values])
        {
            if (!seen.Add(name))
                throw new EdgeLearnException($"{path} has two classes '{CellText.Shorten(name)}'; expected each name once");
        }
    }

    delegate bool NumberedLine(string line, out int number, out string name);

    /// <summary>The file of a folder, or null where there is none.</summary>
    /// <exception cref="EdgeLearnException">It gives a number or a name twice.</exception>
    public static ClassNameFile? Find(string folder)
    {
        foreach (string file in s_fileNames)
        {
            string path = Path.Combine(folder, file);
            if (!File.Exists(path) || new FileInfo(path).Length > LongestBytes) continue;
            string[] lines = [.. File.ReadLines(path).Select(line => line.Trim()).Where(line => line.Length > 0)];
            if (lines.Length > 0) return new ClassNameFile(path, lines);
        }

        return null;
    }

    /// <summary>The names of the labels from 0 on.</summary>
    /// <param name="used">the labels that there are, ascending, none negative</param>
    /// <param name="notice">one line for the user where labels count from 0 and the file from 1; else null</param>
    /// <exception cref="EdgeLearnException">There is no name for a label, or it is not clear which.</exception>
    public string[] NamesOf(int[] used, out string? notice)
    {
        notice = null;
        if (_names is null)
        {
            return _lines.Length > used[^1] ? _lines : throw new EdgeLearnException(
                $"{_path} has {_lines.Length} names, the labels go up to {used[^1]}; expected one line for each class");
        }

        int first = int.MaxValue, last = int.MinValue;
        foreach (int number in _names.Keys) (first, last) = (Math.Min(first, number), Math.Max(last, number));
        bool isSame = HasAll(used), isShifted = first == 1 && last == _names.Count && used[^1] < last;
        if (isSame == isShifted || last >= LabelList.LargestClassCount || first < 0)
        {
            throw new EdgeLearnException($"{_path} has the numbers {first} to {last} and the labels are {used[0]} to {used[^1]}, so it is "
                + "not clear which name is whose; give every label's own number before its name");
        }
        if (isShifted) notice = $"{_path} counts classes from 1 and the labels count from 0: class 1 is label 0, and so on";
        int shift = isShifted ? 1 : 0;
        string[] names = new string[last + 1 - shift];
        for (int i = 0; i < names.Length; i++) names[i] = _names.TryGetValue(i + shift, out string? name) ? name : $"unused {i}";
        return names;
    }

    /// <summary>The names of some numbers, whatever they are.</summary>
    /// <param name="values">ascending</param>
    /// <exception cref="EdgeLearnException">There is not one name for each.</exception>
    public string[] NamesOfValues(int[] values)
    {
        if (_names is null && _lines.Length == values.Length) return _lines;
        if (_names is null || !HasAll(values))
        {
            throw new EdgeLearnException($"{_path} does not name each of the labels from {values[0]} to {values[^1]}; give every label's "
                + "own number before its name");
        }
        return Array.ConvertAll(values, value => _names[value]);
    }

    bool HasAll(int[] values) => Array.TrueForAll(values, _names!.ContainsKey);

    // Names by their numbers, from a line on; null where a line has none.
    Dictionary<int, string>? Numbered(NumberedLine read, int from)
    {
        var names = new Dictionary<int, string>();
        int? twice = null;
        for (int i = from; i < _lines.Length; i++)
        {
            if (!read(_lines[i], out int number, out string name)) return null;
            if (!names.TryAdd(number, name)) twice = number;
        }

        return twice is null ? names : throw new EdgeLearnException($"{_path} gives the number {twice} to two classes; expected each once");
    }

    // "1 WALKING", "1,WALKING", "1: WALKING", "1. WALKING"; "1.5 kg" is a name.
    static bool FromFront(string line, out int number, out string name)
    {
        int end = 0;
        while (end < line.Length && (char.IsAsciiDigit(line[end]) || line[end] is '+' or '-')) end++;
        bool isSeparated = end < line.Length && (line[end] == ' ' || Separators.Contains(line[end])
            || (line[end] is '.' or ')' && end + 1 < line.Length && line[end + 1] == ' '));
        name = isSeparated ? line[(end + 1)..].Trim() : "";
        return IsNumber(line.AsSpan(0, end), out number) && name.Length > 0;
    }

    // "WALKING,1".
    static bool FromEnd(string line, out int number, out string name)
    {
        int at = line.Length;
        while (at > 0 && !Separators.Contains(line[at - 1])) at--;
        name = at > 0 ? line[..(at - 1)].Trim() : "";
        return IsNumber(line.AsSpan(at).Trim(), out number) && name.Length > 0;
    }

    static bool IsNumber(ReadOnlySpan<char> text, out int number)
        => int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out number);
}
