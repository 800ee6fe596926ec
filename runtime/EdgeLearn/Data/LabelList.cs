namespace EdgeLearn;

/// <summary>The class of every sample, held in memory as 1 byte each (2 where there are more than 256 classes).</summary>
sealed class LabelList
{
    /// <summary>Labels reach from 0 to this less one.</summary>
    public const int LargestClassCount = 1 << 16;

    readonly byte[]? _bytes;
    readonly ushort[]? _shorts;

    /// <summary>Copies labels.</summary>
    /// <exception cref="EdgeLearnException">A label is not in 0..<see cref="LargestClassCount"/>-1.</exception>
    public LabelList(ReadOnlySpan<int> labels, string name = "labels")
    {
        int largest = -1;
        for (int i = 0; i < labels.Length; i++)
        {
            if ((uint)labels[i] >= LargestClassCount) throw OutOfRange(name, i, labels[i]);
            largest = Math.Max(largest, labels[i]);
        }

        Count = labels.Length;
        ClassCount = largest + 1;
        if (largest < 256) _bytes = new byte[Count];
        else _shorts = new ushort[Count];
        for (int i = 0; i < labels.Length; i++)
        {
            if (_bytes is not null) _bytes[i] = (byte)labels[i];
            else _shorts![i] = (ushort)labels[i];
        }
    }

    LabelList(byte[]? bytes, ushort[]? shorts, int classCount)
    {
        _bytes = bytes;
        _shorts = shorts;
        Count = bytes?.Length ?? shorts!.Length;
        ClassCount = classCount;
    }

    /// <summary>Samples.</summary>
    public int Count { get; }

    /// <summary>The largest label plus one.</summary>
    public int ClassCount { get; }

    /// <summary>The class of a sample.</summary>
    public int this[int index] => _bytes is not null ? _bytes[index] : _shorts![index];

    /// <summary>Reads a file of whole numbers, one a sample, of any stored type.</summary>
    /// <exception cref="EdgeLearnException">More than one value a sample, a fraction, or a label out of range.</exception>
    public static LabelList Read(ArrayFile file)
    {
        file.RefuseText();
        if (file.Header.Item.Length != 1)
            throw new EdgeLearnException($"{file.Name} has {file.Header.Item.Length} values a sample; expected one label each");
        int largest = -1;
        byte[] bytes = new byte[file.Count];
        ushort[]? shorts = null;
        Span<float> run = stackalloc float[256];
        for (int i = 0; i < file.Count; i++)
        {
            if (i % run.Length == 0)
            {
                int count = Math.Min(run.Length, file.Count - i);
                file.Read(i, count, run[..count]);
            }

            float value = run[i % run.Length];
            if (!(value >= 0 && value < LargestClassCount) || value != MathF.Floor(value)) throw OutOfRange(file.Name, i, value);
            int label = (int)value;
            largest = Math.Max(largest, label);
            if (label > 255 && shorts is null)
            {
                shorts = new ushort[file.Count];
                for (int j = 0; j < i; j++) shorts[j] = bytes[j];
            }

            if (shorts is not null) shorts[i] = (ushort)label;
            else bytes[i] = (byte)label;
        }

        return new LabelList(shorts is null ? bytes : null, shorts, largest + 1);
    }

    /// <summary>The labels that samples of one or two lists have, ascending.</summary>
    public static int[] Used(LabelList first, LabelList? second)
    {
        bool[] used = new bool[Math.Max(first.ClassCount, second?.ClassCount ?? 0)];
        for (int i = 0; i < first.Count; i++) used[first[i]] = true;
        for (int i = 0; i < second?.Count; i++) used[second[i]] = true;
        return [.. Enumerable.Range(0, used.Length).Where(label => used[label])];
    }

    static EdgeLearnException OutOfRange(string name, int index, float label) =>
        new(string.Create(System.Globalization.CultureInfo.InvariantCulture,
        $"{name}: the label of row {index} is {label}; expected a whole number from 0 "
        + $"to {LargestClassCount - 1}"));
}
