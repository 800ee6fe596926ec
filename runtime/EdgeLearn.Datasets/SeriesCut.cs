using System.Globalization;

namespace EdgeLearn.Datasets;

/// <summary>
/// How windows are cut from the long series of a folder whose index.csv names a file, a condition, a load and a scale for each.
/// </summary>
/// <param name="SampleRate">series of other rates are left out</param>
/// <param name="TrainLoad">load of the series to learn from</param>
/// <param name="TestLoad">load of the series to test with</param>
sealed record SeriesCut(string SampleRate, string TrainLoad, string TestLoad)
{
    /// <summary>Values of a window.</summary>
    public int Length { get; init; } = 1024;

    /// <summary>Values from one window to the next in training; windows for testing do not overlap.</summary>
    public int Stride { get; init; } = 512;

    /// <summary>
    /// Equal stretches that a series falls into. No window crosses them, and each is a group: a split by group tests on stretches that
    /// nothing was learned from.
    /// </summary>
    public int SegmentCount { get; init; } = 10;

    // In the name of every converted file: a new layout is a new name.
    const string LayoutVersion = "edgelearn series 1";
    const int MostSeries = 1000;
    const int LongestSeries = 1 << 24;

    /// <summary>The series of one part, in the order of their classes.</summary>
    /// <param name="folder">with index.csv</param>
    /// <param name="load">which part</param>
    /// <exception cref="EdgeLearnException">There is no usable index.csv, or it names no series for the part.</exception>
    public IReadOnlyList<Series> Read(string folder, string load)
    {
        string path = Path.Combine(folder, "index.csv");
        if (!File.Exists(path)) throw new EdgeLearnException($"{folder} has no index.csv that names its series");
        var rows = new List<Series>();
        string[]? header = null;
        foreach (string line in File.ReadLines(path).Take(MostSeries))
        {
            string[] cells = line.Split(',');
            if (header is null)
            {
                header = cells;
                continue;
            }

            string Cell(string column)
                => Array.IndexOf(header, column) is var at and >= 0 && at < cells.Length
                    ? cells[at]
                    : throw new EdgeLearnException($"{path}: no '{column}' in the line '{CellText.Shorten(line)}'");
            if (Cell("sample_rate") != SampleRate || Cell("load_hp") != load) continue;
            if (!float.TryParse(Cell("scale_g_per_lsb"), NumberStyles.Float, CultureInfo.InvariantCulture, out float scale)
                || !float.IsFinite(scale))
            {
                throw new EdgeLearnException($"{path}: the scale of {Cell("file")} is '{CellText.Shorten(Cell("scale_g_per_lsb"))}'; "
                    + $"expected a number");
            }
            rows.Add(new Series(Path.Combine(folder, Path.GetFileName(Cell("file"))), Cell("condition"), scale));
        }

        if (rows.Count == 0) throw new EdgeLearnException($"{path} names no series of {SampleRate} at load {load}");
        return [.. rows.OrderBy(row => row.Condition, StringComparer.Ordinal)];
    }

    /// <summary>Opens the windows of one part.</summary>
    /// <param name="series">of <see cref="Read"/></param>
    /// <param name="classNames">the conditions in the order of their numbers</param>
    /// <param name="stride">values from one window to the next</param>
    /// <param name="name">what the user calls the data</param>
    /// <param name="cache">where the windows are kept</param>
    /// <exception cref="EdgeLearnException">A series is missing, damaged, shorter than a window, or of a condition that is no
    /// class.</exception>
    public ConvertedArrays Open(IReadOnlyList<Series> series, string[] classNames, int stride, string name, FileCache cache)
    {
        string meaning = string.Create(CultureInfo.InvariantCulture,
            $"{LayoutVersion}\n{Length} {stride} {SegmentCount}\n{string.Join(',', classNames)}");
        foreach (var one in series)
            meaning += string.Create(CultureInfo.InvariantCulture, $"\n{one.Condition} {one.Scale} {GzipFile.Digest(one.Path)}");
        return ConvertedArrays.Open(meaning, name, cache, destination => Write(series, classNames, stride, destination), grouped: true);
    }

    void Write(IReadOnlyList<Series> series, string[] classNames, int stride, Stream destination)
    {
        List<short> labels = [], groups = [];
        ConvertedArrays.ReserveHeader(destination);
        foreach (var one in series)
        {
            int label = Array.IndexOf(classNames, one.Condition);
            if (label < 0)
                throw new EdgeLearnException($"{one.Path} is of the condition {one.Condition}, which no series to learn from has");
            float[] values = one.Values(LongestSeries);
            int segment = values.Length / SegmentCount;
            if (segment < Length)
            {
                throw new EdgeLearnException($"{one.Path} has {values.Length} values; {SegmentCount} stretches of windows of {Length} "
                    + $"need {SegmentCount * Length}");
            }
            for (int group = 0; group < SegmentCount; group++)
            {
                for (int begin = group * segment; begin + Length <= (group + 1) * segment; begin += stride)
                {
                    ConvertedArrays.WriteFloats(destination, values.AsSpan(begin, Length));
                    labels.Add((short)label);
                    groups.Add((short)group);
                }
            }
        }

        ConvertedArrays.WriteHeader(destination, StoredNumber.Float32, labels.Count, Length, 1);
        ConvertedArrays.WriteShorts(destination, labels);
        ConvertedArrays.WriteShorts(destination, groups);
    }
}

/// <summary>One long recording of one sensor, compressed or not, whose values times a scale are physical units.</summary>
/// <param name="Path">IDX or npy, one number a step</param>
/// <param name="Condition">its class</param>
/// <param name="Scale">units of a step of the stored number</param>
sealed record Series(string Path, string Condition, float Scale)
{
    /// <summary>All values in physical units.</summary>
    /// <param name="mostValues">longer series are refused</param>
    /// <exception cref="EdgeLearnException">The file is missing, damaged, too long, or holds more than one number a step.</exception>
    public float[] Values(int mostValues)
    {
        string name = System.IO.Path.GetFileName(Path);
        var header = ArrayHeader.Parse(GzipFile.ReadStart(Path), name);
        if (header.Item.Length != 1) throw new EdgeLearnException($"{name} has {header.Item.Length} numbers a step; expected one");
        if (header.Count > mostValues)
            throw new EdgeLearnException($"{name} has {header.Count} values; at most {mostValues} can be cut into windows");
        byte[] bytes = new byte[header.TotalBytes];
        using (var content = GzipFile.OpenContent(Path))
        {
            try
            {
                int count = content.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false);
                header.CheckLength(count, name);
            }
            catch (Exception e) when (e is InvalidDataException or IOException)
            {
                throw GzipFile.Damaged(name, e);
            }
        }

        float[] values = new float[header.Count];
        using var stored = new ArrayFile(new ByteSource(bytes, name), header);
        stored.Read(0, values.Length, values);
        for (int i = 0; i < values.Length; i++) values[i] *= Scale;
        return values;
    }
}
