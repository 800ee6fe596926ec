using System.Buffers.Binary;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using nietras.SeparatedValues;

namespace EdgeLearn.Datasets;

/// <summary>
/// Turns a csv into what can be read by position, in one pass with the memory of one row and the labels: an npy array of the features
/// (float32), an npy array of the labels (float32), where a group column is named another of the groups' numbers (float32), then the schema
/// as text. NumPy reads the arrays by loads from the open file, one after the other.
/// </summary>
/// <param name="path">the csv, compressed or not</param>
/// <param name="options">label column, classes or regression</param>
/// <param name="like">the schema that it must share; null takes its own</param>
sealed class CsvConversion(string path, DataOptions options, CsvSchema? like)
{
    const int ProgressRows = 4096;

    readonly string _name = Path.GetFileName(path);
    string[] _columns = [];
    int _labelIndex;
    int _groupIndex = -1;

    /// <summary>Writes the converted file.</summary>
    /// <exception cref="EdgeLearnException">The csv is empty, ragged, too large, or has a cell that cannot be used.</exception>
    public void Write(Stream destination)
    {
        using var guard = new TextGuard(GzipFile.OpenContent(path), _name, FileCache.DefaultLimitBytes);
        using var reader = Open(guard);
        if (reader.IsEmpty || !reader.HasHeader)
            throw new EdgeLearnException($"{_name} is empty; expected a header line and rows of numbers");
        ReadHeader(reader.Header);
        var labels = new CsvLabels(options.Regression, like);
        var groups = new CsvGroups();
        byte[] header = new byte[NpyFile.WrittenHeaderBytes];
        destination.Write(header);
        string[] features = Features();
        float[] row = new float[features.Length];
        foreach (var line in reader)
        {
            if (IsBlank(line)) continue;
            ReadRow(line, row, labels, groups);
            WriteFloats(destination, row);
            if (labels.Count % ProgressRows == 0) Report(guard.Bytes);
        }

        if (labels.Count == 0) throw new EdgeLearnException($"{_name} has a header and no rows");
        int count = labels.Count;
        var values = labels.Finish(out string[]? names);
        NpyFile.WriteHeader(header, StoredNumber.Float32, count);
        destination.Write(header);
        WriteFloats(destination, values);
        if (_groupIndex >= 0)
        {
            destination.Write(header);
            WriteFloats(destination, groups.Finish());
        }

        var schema = new CsvSchema(features, _columns[_labelIndex], names);
        destination.Write(Encoding.UTF8.GetBytes(schema.Key));
        NpyFile.WriteHeader(header, StoredNumber.Float32, count, row.Length);
        destination.Position = 0;
        destination.Write(header);
        destination.Seek(0, SeekOrigin.End);
    }

    SepReader Open(TextGuard guard)
    {
        try
        {
            // Quotes stay part of a cell: an unclosed one would make the reader hold the rest of the file as a single cell.
            return Sep.Reader(o => o with { DisableColCountCheck = true, DisableQuotesParsing = true }).From(guard);
        }
        catch (Exception e) when (e is ArgumentException or InvalidDataException or NotSupportedException)
        {
            throw new EdgeLearnException($"{_name}: the header cannot be used: {e.Message.ReplaceLineEndings(" ")}", e);
        }
    }

    void ReadHeader(SepReaderHeader header)
    {
        _columns = [.. header.ColNames.Select(name => Unquote(name).ToString())];
        if (_columns.All(IsNumber) || _columns.Any(name => IsNumber(name) && !name.All(char.IsAsciiDigit)))
            throw new EdgeLearnException($"{_name} starts with numbers; expected a header line with the names of the columns");
        if (_columns.Length < 2)
            throw new EdgeLearnException($"{_name} has 1 column, '{CsvLabels.Shorten(_columns[0])}'; expected features and a label");
        string? label = like?.Label ?? options.LabelColumn;
        if (options.GroupColumn is { } group) _groupIndex = IndexOf(group);
        int last = _groupIndex == _columns.Length - 1 ? _columns.Length - 2 : _columns.Length - 1;
        _labelIndex = label is null ? last : IndexOf(label);
        if (_labelIndex == _groupIndex) throw new EdgeLearnException($"{_name}: the column '{label}' cannot be both label and group");
        if (_groupIndex >= 0 && _columns.Length < 3)
            throw new EdgeLearnException($"{_name} has 2 columns; expected features, a label and a group");
        if (like is null) return;
        if (!like.Features.AsSpan().SequenceEqual(Features()))
            throw new EdgeLearnException($"{_name} has other columns than the training file: {Difference(like.Features, Features())}");
    }

    int IndexOf(string column)
    {
        int index = Array.IndexOf(_columns, column);
        return index >= 0
            ? index
            : throw new EdgeLearnException($"{_name} has no column '{column}'; its columns "
                + $"are {CsvLabels.Shorten(string.Join(", ", _columns))}");
    }

    void ReadRow(SepReader.Row line, float[] row, CsvLabels labels, CsvGroups groups)
    {
        if (line.ColCount != _columns.Length)
        {
            throw new EdgeLearnException($"{_name}, line {line.LineNumberFrom}: {line.ColCount} cells; expected {_columns.Length} as in "
                + $"the header");
        }
        int feature = 0;
        for (int i = 0; i < _columns.Length; i++)
        {
            var cell = line[i];
            if (i == _labelIndex)
            {
                if (labels.Add(Unquote(cell.Span)) is { } complaint) throw Bad(line, i, complaint);
                continue;
            }

            if (i == _groupIndex)
            {
                if (groups.Add(Unquote(cell.Span)) is { } complaint) throw Bad(line, i, complaint);
                continue;
            }

            if (!cell.TryParse(out float value)
                && !float.TryParse(Unquote(cell.Span), NumberStyles.Float, CultureInfo.InvariantCulture, out value))
            {
                throw Bad(line, i, cell.Span.Trim().IsEmpty ? "the cell is empty" : $"'{CsvLabels.Shorten(cell.Span)}' is not a number");
            }
            if (!float.IsFinite(value)) throw Bad(line, i, $"'{CsvLabels.Shorten(cell.Span)}' is not a finite number");
            row[feature++] = value;
        }
    }

    EdgeLearnException Bad(SepReader.Row line, int column, string complaint) =>
        new($"{_name}, line {line.LineNumberFrom}, column '{CsvLabels.Shorten(_columns[column])}': {complaint}");

    string[] Features() => [.. _columns.Where((_, i) => i != _labelIndex && i != _groupIndex)];

    void Report(long bytes)
        => options.Progress?.Invoke(new DataProgress($"reading {_name}", bytes, Math.Max(bytes, new FileInfo(path).Length)));

    static string Difference(string[] expected, string[] actual)
    {
        if (expected.Length != actual.Length) return $"{actual.Length} features, expected {expected.Length}";
        int at = 0;
        while (expected[at] == actual[at]) at++;
        return $"feature {at} is '{CsvLabels.Shorten(actual[at])}', expected '{CsvLabels.Shorten(expected[at])}'";
    }

    // Columns may be named 0, 1, 2, ...; a name like 5.1 is a row of data.
    static bool IsNumber(string name) => double.TryParse(name, NumberStyles.Float, CultureInfo.InvariantCulture, out _);

    static bool IsBlank(SepReader.Row line) => line.ColCount <= 1 && line.Span.Trim().IsEmpty;

    static ReadOnlySpan<char> Unquote(ReadOnlySpan<char> cell)
    {
        cell = cell.Trim();
        return cell.Length >= 2 && cell[0] == '"' && cell[^1] == '"' ? cell[1..^1] : cell;
    }

    /// <summary>Writes floats, little-endian.</summary>
    public static void WriteFloats(Stream destination, ReadOnlySpan<float> values)
    {
        if (BitConverter.IsLittleEndian)
        {
            destination.Write(MemoryMarshal.AsBytes(values));
            return;
        }

        Span<byte> bytes = stackalloc byte[sizeof(float)];
        foreach (float value in values)
        {
            BinaryPrimitives.WriteSingleLittleEndian(bytes, value);
            destination.Write(bytes);
        }
    }
}
