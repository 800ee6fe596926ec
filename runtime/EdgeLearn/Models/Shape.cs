using System.Globalization;

namespace EdgeLearn;

/// <summary>
/// Shape of one sample: height x width x channels, row-major with the channel innermost. A plain vector of n values is 1 x n x 1.
/// </summary>
public readonly record struct Shape(int Height, int Width, int Channels = 1)
{
    /// <summary>No sample is as long as this: bounds what a file or an option may ask for.</summary>
    public const int LongestLength = 1 << 24;

    /// <summary>A vector without an image's neighbourhood.</summary>
    public static Shape Vector(int length) => new(1, length, 1);

    /// <summary>Values in one sample.</summary>
    public int Length => Height * Width * Channels;

    /// <summary>True when windows of neighbouring values make sense.</summary>
    public bool IsImage => Height > 1;

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

        shape = count == 1 ? Vector(sizes[0]) : new Shape(sizes[0], sizes[1], sizes[2]);
        return true;
    }

    /// <summary>The text that <see cref="TryParse"/> reads.</summary>
    public override string ToString() => this switch
    {
        { IsImage: false } => string.Create(CultureInfo.InvariantCulture, $"{Length}"),
        { Channels: 1 } => string.Create(CultureInfo.InvariantCulture, $"{Height}x{Width}"),
        _ => string.Create(CultureInfo.InvariantCulture, $"{Height}x{Width}x{Channels}"),
    };
}
