using System.Runtime.InteropServices;

namespace EdgeLearn.Datasets;

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
        var sortedPlace = new float[_numbers.Count];
        int place = 0;
        foreach (string name in _numbers.Keys.Order(StringComparer.Ordinal)) sortedPlace[_numbers[name]] = place++;
        var rows = CollectionsMarshal.AsSpan(_rows);
        for (int i = 0; i < rows.Length; i++) rows[i] = sortedPlace[(int)rows[i]];
        return rows;
    }
}
