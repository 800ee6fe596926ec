using System.Buffers.Binary;
using System.Globalization;

namespace EdgeLearn.Datasets;

/// <summary>
/// The labels of arrays as classes from 0 on. Whole numbers stay as they are; where some are negative, the different numbers are classes in
/// their order, named by themselves. Texts are names of classes, in ordinal order. A row of one 1 among zeros is the number of its column.
/// </summary>
/// <param name="Train">the class of each training sample</param>
/// <param name="Test">the class of each test sample; null where there is no such file</param>
/// <param name="Names">of the classes, where they have names</param>
/// <param name="ClassCount">columns of rows of one 1; else 0</param>
/// <param name="Notice">one line for the user; null where all is as expected</param>
sealed record ArrayLabels(ArrayFile Train, ArrayFile? Test, string[]? Names, int ClassCount = 0, string? Notice = null)
{
    // More unused numbers than these are worth a line: each costs an output.
    const int FewUnused = 3;

    /// <summary>Reads labels; the files belong to the result.</summary>
    /// <param name="train">labels to learn from</param>
    /// <param name="test">labels to test with, among those to learn from where they are names or negative; null for none</param>
    /// <param name="folder">where a file with names of classes may lie; null for nowhere</param>
    /// <exception cref="EdgeLearnException">A label is no class, or the two files or the names do not fit each other.</exception>
    public static ArrayLabels Read(ArrayFile train, ArrayFile? test, string? folder)
    {
        bool isText = train.Header.TextWidth > 0;
        if (test is not null && test.Header.TextWidth > 0 != isText)
        {
            throw new EdgeLearnException($"of {train.Name} and {test.Name} one holds text and one numbers; expected the same labels in "
                + "both");
        }
        if (isText) return Named(train, test);

        int[] used = Used(train, null), all = test is null ? used : Used(train, test);
        var file = folder is null ? null : ClassNameFile.Find(folder);
        return all[0] < 0 ? Negative(train, test, used, file) : Numbered(train, test, all, file);
    }

    /// <summary>The groups of samples as numbers from 0 on, whatever they are called; the file belongs to the result.</summary>
    /// <exception cref="EdgeLearnException">There is not one whole number or text a sample.</exception>
    public static ArrayFile Groups(ArrayFile rows)
    {
        if (rows.Header.TextWidth > 0) return Named(rows, null).Train;
        if (rows.Header.Item.Length != 1) return rows;
        int[] used = Used(rows, null);
        return used[0] < 0 ? Made(rows, value => Array.BinarySearch(used, value)) : rows;
    }

    static ArrayLabels Named(ArrayFile train, ArrayFile? test)
    {
        var texts = new TextLabels();
        ushort[] first = texts.Read(train, null), testFirst = test is null ? [] : texts.Read(test, train.Name);
        string[] names = texts.Sorted(out ushort[] places);
        return new(Made(train, first, places), test is null ? null : Made(test, testFirst, places), names);
    }

    static ArrayLabels Negative(ArrayFile train, ArrayFile? test, int[] used, ClassNameFile? file)
    {
        string[] numbers = Array.ConvertAll(used, value => value.ToString(CultureInfo.InvariantCulture));
        string some = string.Join(", ", numbers.Take(4)) + (used.Length > 4 ? ", ..." : "");
        return new(Made(train, Place), test is null ? null : Made(test, Place), file?.NamesOfValues(used) ?? numbers)
        {
            Notice = $"{train.Name}: some labels are negative, so the {used.Length} different numbers ({some}) are classes in this "
                + "order",
        };

        int Place(int value) => Array.BinarySearch(used, value) is >= 0 and int place ? place : throw new EdgeLearnException(
            $"{test?.Name} has the label {value}, which is not in {train.Name}; where labels are negative, expected the same in both");
    }

    static ArrayLabels Numbered(ArrayFile train, ArrayFile? test, int[] used, ClassNameFile? file)
    {
        int columns = Math.Max(train.Header.Item.Length, test?.Header.Item.Length ?? 1);
        if (columns > 1) used = [.. Enumerable.Range(0, Math.Max(columns, used[^1] + 1))];
        string? notice = null;
        string[]? names = file?.NamesOf(used, out notice);
        int unused = used[^1] + 1 - used.Length;
        if (names is null && unused > FewUnused)
        {
            notice = $"{train.Name}: {used.Length} classes are numbered up to {used[^1]}, and the {unused} unused numbers cost an "
                + "output each; number them from 0 without gaps to save memory";
        }

        return new(OneNumber(train), test is null ? null : OneNumber(test), names, columns > 1 ? used.Length : 0, notice);
    }

    static ArrayFile OneNumber(ArrayFile labels) => labels.Header.Item.Length == 1 ? labels : Made(labels, column => column);

    // The different labels of one or two files, ascending.
    static int[] Used(ArrayFile labels, ArrayFile? more)
    {
        var used = new HashSet<int>();
        foreach (int value in Values(labels)) used.Add(value);
        if (more is not null) used.UnionWith(Values(more));
        int[] sorted = [.. used];
        Array.Sort(sorted);
        return sorted;
    }

    /// <summary>The label of each row: its number, or the place of the 1 among zeros.</summary>
    static IEnumerable<int> Values(ArrayFile labels)
    {
        int width = labels.Header.Item.Length;
        if (width > LabelList.LargestClassCount || labels.Header.Item.Rank > 1)
        {
            throw new EdgeLearnException($"{labels.Name} has labels of {labels.Header.Item} values; expected one a sample, or one column a "
                + $"class, at most {LabelList.LargestClassCount}");
        }
        float[] values = new float[width * Math.Clamp(4096 / width, 1, labels.Count)];
        for (int row = 0, at = values.Length; row < labels.Count; row++, at += width)
        {
            if (at == values.Length)
            {
                int rows = Math.Min(values.Length / width, labels.Count - row);
                labels.Read(row, rows, values.AsSpan(0, rows * width));
                at = 0;
            }

            yield return width == 1 ? WholeNumber(labels, row, values[at]) : Column(labels, row, values.AsSpan(at, width));
        }
    }

    static int WholeNumber(ArrayFile labels, int row, float value)
        => MathF.Abs(value) < LabelList.LargestClassCount && value == MathF.Floor(value) ? (int)value : throw new EdgeLearnException(
            $"{labels.Name}: the label of row {row} is {FormattableString.Invariant($"{value}")}; expected a whole number from 0 "
            + $"to {LabelList.LargestClassCount - 1}, or --loss mean-square for real targets");

    static int Column(ArrayFile labels, int row, ReadOnlySpan<float> values)
    {
        int place = values.IndexOf(1f);
        bool isOne = place >= 0 && !values[..place].ContainsAnyExcept(0f) && !values[(place + 1)..].ContainsAnyExcept(0f);
        return isOne ? place : throw new EdgeLearnException($"{labels.Name} has {values.Length} values a sample, and row {row} is not "
            + "one 1 among zeros; expected one label each: save it with .argmax(axis=1), or use --loss mean-square for real targets");
    }

    static ArrayFile Made(ArrayFile from, Func<int, int> classOf)
    {
        byte[] bytes = new byte[from.Count * sizeof(ushort)];
        int row = 0;
        foreach (int value in Values(from)) Set(bytes, row++, classOf(value));
        return Made(from, bytes);
    }

    static ArrayFile Made(ArrayFile from, ushort[] numbers, ushort[] places)
    {
        byte[] bytes = new byte[numbers.Length * sizeof(ushort)];
        for (int row = 0; row < numbers.Length; row++) Set(bytes, row, places[numbers[row]]);
        return Made(from, bytes);
    }

    static void Set(byte[] bytes, int row, int number)
        => BinaryPrimitives.WriteUInt16LittleEndian(bytes.AsSpan(row * sizeof(ushort)), (ushort)number);

    static ArrayFile Made(ArrayFile from, byte[] classes)
    {
        from.Dispose();
        var header = new ArrayHeader(StoredNumber.UInt16, BigEndian: false, from.Count, Shape.Vector(1), 1, 0);
        return new ArrayFile(new ByteSource(classes, from.Name), header);
    }
}
