using System.Globalization;

namespace EdgeLearn;

/// <summary>
/// Shape of one sample, and how its values lie. Rank 1: a vector. Rank 2: <see cref="Height"/> x <see cref="Width"/>, row-major: a sequence
/// of T steps with F features each, or an image of one channel, whatever the layer that reads it takes it for. Rank 3: an image of several
/// channels, which data files give with the channel innermost (H x W x C) and layers with the channel outermost (C x H x W,
/// <see cref="IsPlanar"/>), as PyTorch does; the strides say which.
/// </summary>
public readonly record struct Shape
{
    /// <summary>No sample is as long as this: bounds what a file or an option may ask for.</summary>
    public const int LongestLength = 1 << 24;

    /// <summary>Values in rows of a file: the channel is innermost; one channel is rank 2, and one row of it a vector.</summary>
    public Shape(int height, int width, int channels = 1)
    {
        Height = height;
        Width = width;
        Channels = channels;
        Rank = channels > 1 ? 3 : height > 1 ? 2 : 1;
    }

    /// <summary>A vector without an image's neighbourhood.</summary>
    public static Shape Vector(int length) => new(1, length);

    /// <summary>Steps one behind the other, the features of a step side by side; one step is a sequence too.</summary>
    public static Shape Sequence(int steps, int features) => new(steps, features) { Rank = 2 };

    /// <summary>Maps of an image, one plane a channel, as layers leave them.</summary>
    public static Shape Planes(int channels, int height, int width) => new(height, width, channels) { Rank = 3, IsPlanar = true };

    /// <summary>Rows of an image, steps of a sequence; 1 for a vector.</summary>
    public int Height { get; }

    /// <summary>Columns of an image, features of a step, values of a vector.</summary>
    public int Width { get; }

    /// <summary>Channels of an image, else 1.</summary>
    public int Channels { get; }

    /// <summary>1 vector, 2 sequence or image of one channel, 3 image.</summary>
    public int Rank { get; private init; }

    /// <summary>Whether each channel is a plane of its own. Makes no difference to an image of one channel.</summary>
    public bool IsPlanar { get; private init; }

    /// <summary>Values in one sample.</summary>
    public int Length => Height * Width * Channels;

    /// <summary>Values in one sample where they may be too many for any program here.</summary>
    public long LongLength => (long)Height * Width * Channels;

    /// <summary>True when windows of neighbouring values make sense.</summary>
    public bool IsImage => Height > 1;

    /// <summary>Positions of an image; every channel has a value at each.</summary>
    public int PlaneLength => Height * Width;

    /// <summary>Distance between the channels of one position.</summary>
    public int ChannelStride => IsPlanar ? PlaneLength : 1;

    /// <summary>Distance between neighbouring columns of one channel.</summary>
    public int ColumnStride => IsPlanar ? 1 : Channels;

    /// <summary>Distance between neighbouring rows of one channel.</summary>
    public int RowStride => Width * ColumnStride;

    /// <summary>Reads <c>784</c>, <c>28x28</c> or <c>32x32x3</c>; every number is 1 or more and the length stays below 2^24.</summary>
    public static bool TryParse(ReadOnlySpan<char> text, out Shape shape)
    {
        shape = default;
        Span<Range> parts = stackalloc Range[4];
        int count = text.Split(parts, 'x');
        if (count is < 1 or > 3) return false;
        Span<int> sizes = [1, 1, 1];
        long length = 1;
        for (int i = 0; i < count; i++)
        {
            if (!int.TryParse(text[parts[i]], NumberStyles.None, CultureInfo.InvariantCulture, out sizes[i]) || sizes[i] < 1) return false;
            length *= sizes[i];
            if (length >= LongestLength) return false;
        }

        shape = Of(sizes[..count]);
        return true;
    }

    /// <summary>Refuses what is no sequence, for layers that work on steps.</summary>
    /// <param name="name">of the layer whose input this is</param>
    /// <exception cref="EdgeLearnException">It is a vector or an image of several channels.</exception>
    internal void ExpectSequence(string name)
    {
        if (Rank != 2)
        {
            throw new EdgeLearnException($"{name} needs a sequence of steps x features, but its input is {this}: put it behind an "
                + $"embedding or a layer of sequences, or reshapeTxF before it");
        }
    }

    /// <summary>The shape of one to three sizes: a length, steps x features or height x width, height x width x channels.</summary>
    internal static Shape Of(ReadOnlySpan<int> sizes) => sizes.Length switch
    {
        1 => Vector(sizes[0]),
        2 => Sequence(sizes[0], sizes[1]),
        _ => new Shape(sizes[0], sizes[1], sizes[2]),
    };

    /// <summary>The text that <see cref="TryParse"/> reads, which does not tell the two layouts of an image apart.</summary>
    public override string ToString() => Rank switch
    {
        1 => string.Create(CultureInfo.InvariantCulture, $"{Length}"),
        2 => string.Create(CultureInfo.InvariantCulture, $"{Height}x{Width}"),
        _ => string.Create(CultureInfo.InvariantCulture, $"{Height}x{Width}x{Channels}"),
    };
}
