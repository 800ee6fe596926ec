namespace EdgeLearn.OnnxRuntime;

/// <summary>
/// Replaces ranges of a file and copies everything else byte for byte: fields that this library does not know stay as they were, whoever
/// wrote them.
/// </summary>
sealed class WireSplice(byte[] source)
{
    readonly List<(ByteRange Range, byte[] Replacement)> _edits = [];

    /// <summary>By how much the result is longer than the source.</summary>
    public long Growth { get; private set; }

    /// <summary>Replaces a range; ranges may touch but not overlap.</summary>
    public void Replace(ByteRange range, byte[] replacement)
    {
        _edits.Add((range, replacement));
        Growth += replacement.Length - range.Length;
    }

    /// <summary>The edited file.</summary>
    /// <exception cref="EdgeLearnException">It would be 2 GiB or larger, more than protobuf allows.</exception>
    public byte[] Apply()
    {
        if (source.Length + Growth > Array.MaxLength)
        {
            throw new EdgeLearnException($"the ONNX model would have {source.Length + Growth:N0} bytes, more than the 2 GiB that the "
                + $"format allows");
        }
        byte[] result = new byte[source.Length + Growth];
        _edits.Sort((a, b) => a.Range.Start != b.Range.Start ? a.Range.Start.CompareTo(b.Range.Start) : a.Range.End.CompareTo(b.Range.End));
        int from = 0, to = 0;
        foreach (var (range, replacement) in _edits)
        {
            source.AsSpan(from, range.Start - from).CopyTo(result.AsSpan(to));
            to += range.Start - from;
            replacement.CopyTo(result, to);
            to += replacement.Length;
            from = range.End;
        }

        source.AsSpan(from).CopyTo(result.AsSpan(to));
        return result;
    }
}
