namespace EdgeLearn.Datasets;

/// <summary>
/// A folder of CIFAR's binary files, compressed or not: <c>train*.bin</c> or <c>data_batch*.bin</c> to learn from, several one behind the
/// other in the order of their names, and <c>test*.bin</c>. A record is one label byte (CIFAR-10), or a coarse and a fine one of which the
/// fine one counts (CIFAR-100), then the red, green and blue plane of 32x32 bytes. Converted once to images with the channel innermost.
/// </summary>
sealed record CifarFolder(string Path, string[] Train, string[] Test)
{
    const int Side = 32, Channels = 3, PlaneBytes = Side * Side, ImageBytes = Channels * PlaneBytes;

    // In the name of every converted file: a new layout is a new name.
    const string LayoutVersion = "edgelearn cifar 1";

    /// <summary>Looks at a folder; null when it has no such files to learn from.</summary>
    public static CifarFolder? Find(string path)
    {
        string[] files = [.. Directory.EnumerateFiles(path).Where(IsBinary).Order(StringComparer.Ordinal)];
        string[] train = [.. files.Where(file => Begins(file, "train") || Begins(file, "data_batch"))];
        return train.Length == 0 ? null : new CifarFolder(path, train, [.. files.Where(file => Begins(file, "test"))]);
    }

    /// <summary>Opens one part.</summary>
    /// <exception cref="EdgeLearnException">A file is damaged or no whole number of records.</exception>
    public static ConvertedArrays Open(string[] files, FileCache cache)
    {
        string name = System.IO.Path.GetFileName(files[0]);
        string meaning = string.Join('\n', [LayoutVersion, .. files.Select(GzipFile.Digest)]);
        return ConvertedArrays.Open(meaning, name, cache, destination => Write(files, destination), grouped: false);
    }

    static void Write(string[] files, Stream destination)
    {
        var labels = new List<short>();
        ConvertedArrays.ReserveHeader(destination);
        foreach (string file in files) Append(file, LabelBytes(file), destination, labels);
        ConvertedArrays.WriteHeader(destination, StoredNumber.UInt8, labels.Count, Side, Side, Channels);
        ConvertedArrays.WriteShorts(destination, labels);
    }

    static void Append(string file, int labelBytes, Stream destination, List<short> labels)
    {
        byte[] record = new byte[labelBytes + ImageBytes];
        byte[] image = new byte[ImageBytes];
        using var content = GzipFile.OpenContent(file);
        while (Read(content, record, file) == record.Length)
        {
            labels.Add(record[labelBytes - 1]);
            for (int i = 0; i < ImageBytes; i++) image[i] = record[labelBytes + (i % Channels * PlaneBytes) + (i / Channels)];
            destination.Write(image);
        }
    }

    static int LabelBytes(string file)
    {
        byte[] buffer = new byte[1 << 16];
        long bytes = 0;
        using var content = GzipFile.OpenContent(file);
        for (int count; (count = Read(content, buffer, file)) > 0;)
        {
            bytes += count;
            if (bytes > FileCache.DefaultLimitBytes)
                throw new EdgeLearnException($"{file} is larger than {FileCache.DefaultLimitBytes} bytes when expanded");
        }

        if (bytes > 0 && bytes % (1 + ImageBytes) == 0) return 1;
        if (bytes > 0 && bytes % (2 + ImageBytes) == 0) return 2;
        throw new EdgeLearnException($"{file} has {bytes} bytes; expected records of {1 + ImageBytes} (CIFAR-10) or {2 + ImageBytes} "
            + $"bytes (CIFAR-100)");
    }

    static int Read(Stream content, byte[] buffer, string file)
    {
        try
        {
            return content.ReadAtLeast(buffer, buffer.Length, throwOnEndOfStream: false);
        }
        catch (Exception e) when (e is InvalidDataException or IOException)
        {
            throw GzipFile.Damaged(System.IO.Path.GetFileName(file), e);
        }
    }

    static bool IsBinary(string file)
        => file.EndsWith(".bin", StringComparison.OrdinalIgnoreCase) || file.EndsWith(".bin.gz", StringComparison.OrdinalIgnoreCase);

    static bool Begins(string file, string word) => System.IO.Path.GetFileName(file).StartsWith(word, StringComparison.OrdinalIgnoreCase);
}
