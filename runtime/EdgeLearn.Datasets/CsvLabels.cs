using System.Globalization;
using System.Runtime.InteropServices;

namespace EdgeLearn.Datasets;

/// <summary>
/// Collects the label column of a csv: whole numbers are classes as they are, names become classes in sorted order, and for regression
/// every number is taken as it is. The first row decides whether labels are numbers or names.
/// </summary>
sealed class CsvLabels
{
    readonly bool _regression;
    readonly string[]? _fixedNames;
    readonly bool _fixed;
    readonly List<ushort> _classes = [];
    readonly List<float> _targets = [];
    readonly CsvNames _names = new();
    bool _named;

    public CsvLabels(bool regression, CsvSchema? like)
    {
        _regression = regression;
        _fixed = like is not null;
        _fixedNames = like?.ClassNames;
        _named = _fixedNames is not null;
        foreach (string name in _fixedNames ?? []) _names.Add(name);
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
        if (_named && !_fixed) sortedPlace = _names.SortedPlaces(out names);
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
        if (_fixed && !_names.TryFind(cell, out _)) return $"the label '{Shorten(cell)}' is not in the training file";
        string? complaint = _names.Find(cell, "label", "a class name", out ushort number);
        if (complaint is null) _classes.Add(number);
        return complaint;
    }
}

/// <summary>Collects the group column of a csv: any short text is a group, and groups are numbered in sorted order.</summary>
sealed class CsvGroups
{
    readonly List<float> _rows = [];
    readonly CsvNames _names = new();

    /// <summary>Takes the group of the next row; what is wrong with it, or null.</summary>
    public string? Add(ReadOnlySpan<char> cell)
    {
        if (cell.IsEmpty) return "the group is empty";
        string? complaint = _names.Find(cell, "group", "the name of a group", out ushort number);
        if (complaint is null) _rows.Add(number);
        return complaint;
    }

    /// <summary>The number of every row's group, by the sorted order of their names; to be called once.</summary>
    public ReadOnlySpan<float> Finish()
    {
        ushort[] sortedPlace = _names.SortedPlaces(out _);
        var rows = CollectionsMarshal.AsSpan(_rows);
        for (int i = 0; i < rows.Length; i++) rows[i] = sortedPlace[(int)rows[i]];
        return rows;
    }
}

/// <summary>Names as they come, numbered in the order of their first rows until all are known.</summary>
sealed class CsvNames
{
    // Classes and groups have short names; free text in their column is a mistake that should not fill the memory.
    const int Longest = 200;

    readonly Dictionary<string, ushort> _numbers = [];
    readonly Dictionary<string, ushort>.AlternateLookup<ReadOnlySpan<char>> _lookup;

    public CsvNames() => _lookup = _numbers.GetAlternateLookup<ReadOnlySpan<char>>();

    /// <summary>The number of a name that is known already.</summary>
    public bool TryFind(ReadOnlySpan<char> name, out ushort number) => _lookup.TryGetValue(name, out number);

    /// <summary>Gives a name the next number.</summary>
    public ushort Add(string name) => _numbers[name] = (ushort)_numbers.Count;

    /// <summary>The number of a name, known or new; returns what is wrong with it, or null.</summary>
    /// <param name="name">from a cell</param>
    /// <param name="what">what it names: label or group</param>
    /// <param name="longest">what has a greatest length, in words</param>
    /// <param name="number">of the name</param>
    public string? Find(ReadOnlySpan<char> name, string what, string longest, out ushort number)
    {
        if (TryFind(name, out number)) return null;
        if (name.Length > Longest) return $"the {what} has {name.Length} characters; {longest} has at most {Longest}";
        if (_numbers.Count == LabelList.LargestClassCount) return $"more than {LabelList.LargestClassCount} different {what}s";
        number = Add(name.ToString());
        return null;
    }

    /// <summary>The place of each number in the sorted order of the names.</summary>
    public ushort[] SortedPlaces(out string[] sorted)
    {
        sorted = [.. _numbers.Keys.Order(StringComparer.Ordinal)];
        ushort[] places = new ushort[sorted.Length];
        for (int i = 0; i < sorted.Length; i++) places[_numbers[sorted[i]]] = (ushort)i;
        return places;
    }
}
