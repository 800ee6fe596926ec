namespace EdgeLearn.Datasets;

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
        var bytes = new byte[header.TotalBytes];
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

        var values = new float[header.Count];
        using var stored = new ArrayFile(new ByteSource(bytes, name), header);
        stored.Read(0, values.Length, values);
        for (int i = 0; i < values.Length; i++) values[i] *= Scale;
        return values;
    }
}
