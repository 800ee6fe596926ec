namespace EdgeLearn;

/// <summary>
/// Items that lie channel by channel, as PyTorch has images (C x H x W) and sequences (C x steps): written once with the channel innermost
/// (H x W x C), the one order in which everything else here reads.
/// </summary>
static class ChannelOrder
{
    const int BlockBytes = 1 << 20;

    /// <summary>The same values with the channel innermost, from the cache; takes the bytes over and closes them.</summary>
    /// <param name="source">what <paramref name="header"/> describes, row by row</param>
    /// <param name="cache">where the result is kept, under the digest of the source</param>
    /// <param name="item">shape of an item of the result; its channels are the planes of the source</param>
    /// <param name="header">of the source; becomes that of the result</param>
    /// <exception cref="EdgeLearnException">The source is larger than the cache allows.</exception>
    public static ByteSource ToInnermost(ByteSource source, FileCache cache, Shape item, ref ArrayHeader header)
    {
        using (source)
        {
            var planes = header;
            header = planes with { Item = item, StartBytes = 0 };
            // Another number of channels is another order, and another header another place where the values begin.
            string file = $"{Convert.ToHexStringLower(source.Hash(source.Length))}.{planes.StartBytes}.{Channels(item)}.inner";
            return cache.GetOrCreate(file, source.Name, header.TotalBytes, stream => Write(source, planes, Channels(item), stream));
        }
    }

    // The last dimension, of a sequence too.
    static int Channels(Shape item) => item.Rank == 3 ? item.Channels : item.Width;

    static void Write(ByteSource source, ArrayHeader header, int channels, Stream destination)
    {
        int size = header.Number.ByteCount(), positions = header.Item.Length / channels;
        int most = (int)Math.Clamp(BlockBytes / header.ItemBytes, 1, header.Count);
        byte[] from = new byte[most * header.ItemBytes], to = new byte[from.Length];
        for (int first = 0; first < header.Count; first += most)
        {
            int bytes = (int)(Math.Min(most, header.Count - first) * header.ItemBytes);
            source.Read(header.StartBytes + (first * header.ItemBytes), from.AsSpan(0, bytes));
            for (int start = 0; start < bytes; start += (int)header.ItemBytes)
            {
                for (int i = 0; i < header.Item.Length; i++)
                {
                    int at = ((i % positions) * channels) + (i / positions);
                    from.AsSpan(start + (i * size), size).CopyTo(to.AsSpan(start + (at * size)));
                }
            }

            destination.Write(to.AsSpan(0, bytes));
        }
    }
}
