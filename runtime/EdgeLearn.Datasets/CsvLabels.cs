using System.Globalization;
using System.Runtime.InteropServices;

namespace EdgeLearn.Datasets;

/// <summary>
/// Collects the label column of a csv: whole numbers are classes as they are, names become classes in sorted order, and for regression
/// every number is taken as it is. The first row decides whether labels are numbers or names.
/// </summary>
sealed class CsvLabels
{
    // A class has a short name; free text in the label column is a mistake that should not fill the memory.
    const int LongestName = 200;

    readonly bool _regression;
    readonly string[]? _fixedNames;
    readonly bool _fixed;
    readonly List<ushort> _classes = [];
    readonly List<float> _targets = [];
    readonly Dictionary<string, ushort> _numbers = [];
    readonly Dictionary<string, ushort>.AlternateLookup<ReadOnlySpan<char>> _lookup;
    bool _named;

    public CsvLabels(bool regression, CsvSchema? like)
    {
        _regression = regression;
        _fixed = like is not null;
        _fixedNames = like?.ClassNames;
        _named = _fixedNames is not null;
        for (int i = 0; _fixedNames is not null && i < _fixedNames.Length; i++) _numbers[_fixedNames[i]] = (ushort)i;
        _lookup = _numbers.GetAlternateLookup<ReadOnlySpan<char>>();
    }

    public int Count => _regression ? _targets.Count : _classes.Count;

    /// <summary>Takes the label of the next row; what is wrong with it, or null.</summary>
    public string? Add(ReadOnlySpan<char> cell)
    {
        bool isNumber = float.TryParse(cell, NumberStyles.Float, CultureInfo.InvariantCulture, out float value);
        if (_regression)
        {
            if (!isNumber || !float.IsFinite(value)) return $"'{Shorten(cell)}' is not a finite number";
            _targets.Add(value);
            return null;
        }

        if (cell.IsEmpty) return "the label is empty";
        if (Count == 0 && !_fixed) _named = !isNumber;
        return _named ? AddName(cell) : AddNumber(cell, isNumber, value);
    }

    /// <summary>Labels as float32, names numbered in sorted order; to be called once.</summary>
    public ReadOnlySpan<float> Finish(out string[]? names)
    {
        names = _fixedNames;
        if (_regression) return CollectionsMarshal.AsSpan(_targets);
        ushort[]? sortedPlace = null;
        if (_named && !_fixed)
        {
            names = [.. _numbers.Keys.Order(StringComparer.Ordinal)];
            sortedPlace = new ushort[names.Length];
            for (int i = 0; i < names.Length; i++) sortedPlace[_numbers[names[i]]] = (ushort)i;
        }

        foreach (ushort label in _classes) _targets.Add(sortedPlace is null ? label : sortedPlace[label]);
        return CollectionsMarshal.AsSpan(_targets);
    }

    /// <summary>A cell as a message shows it.</summary>
    public static string Shorten(ReadOnlySpan<char> cell) => cell.Length <= 40 ? cell.ToString() : string.Concat(cell[..40], "...");

    string? AddNumber(ReadOnlySpan<char> cell, bool isNumber, float value)
    {
        if (!isNumber) return $"the label '{Shorten(cell)}' is no number, but the labels before it are";
        if (!(value >= 0 && value < LabelList.LargestClassCount) || value != MathF.Floor(value))
            return $"the label is {Shorten(cell)}; expected a whole number from 0 to {LabelList.LargestClassCount - 1}, or a name";
        _classes.Add((ushort)value);
        return null;
    }

    string? AddName(ReadOnlySpan<char> cell)
    {
        if (!_lookup.TryGetValue(cell, out ushort number))
        {
            if (_fixed) return $"the label '{Shorten(cell)}' is not in the training file";
            if (cell.Length > LongestName) return $"the label has {cell.Length} characters; a class name has at most {LongestName}";
            if (_numbers.Count == LabelList.LargestClassCount) return $"more than {LabelList.LargestClassCount} different labels";
            number = (ushort)_numbers.Count;
            _numbers[cell.ToString()] = number;
        }

        _classes.Add(number);
        return null;
    }
}

/// <summary>Collects the group column of a csv: any short text is a group, and groups are numbered in sorted order.</summary>
sealed class CsvGroups
{
    // A group has a short name; free text in its column is a mistake that should not fill the memory.
    const int LongestName = 200;

    readonly List<float> _rows = [];
    readonly Dictionary<string, ushort> _numbers = [];
    readonly Dictionary<string, ushort>.AlternateLookup<ReadOnlySpan<char>> _lookup;

    public CsvGroups() => _lookup = _numbers.GetAlternateLookup<ReadOnlySpan<char>>();

    /// <summary>Takes the group of the next row; what is wrong with it, or null.</summary>
    public string? Add(ReadOnlySpan<char> cell)
    {
        if (cell.IsEmpty) return "the group is empty";
        if (!_lookup.TryGetValue(cell, out ushort number))
        {
            if (cell.Length > LongestName) return $"the group has {cell.Length} characters; the name of a group has at most {LongestName}";
            if (_numbers.Count == LabelList.LargestClassCount) return $"more than {LabelList.LargestClassCount} different groups";
            number = (ushort)_numbers.Count;
            _numbers[cell.ToString()] = number;
        }

        _rows.Add(number);
        return null;
    }

    /// <summary>The number of every row's group, by the sorted order of their names; to be called once.</summary>
    public ReadOnlySpan<float> Finish()
    {
        float[] sortedPlace = new float[_numbers.Count];
        int place = 0;
        foreach (string name in _numbers.Keys.Order(StringComparer.Ordinal)) sortedPlace[_numbers[name]] = place++;
        var rows = CollectionsMarshal.AsSpan(_rows);
        for (int i = 0; i < rows.Length; i++) rows[i] = sortedPlace[(int)rows[i]];
        return rows;
    }
}
