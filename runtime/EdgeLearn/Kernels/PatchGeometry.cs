namespace EdgeLearn;

/// <summary>
/// How a window of <c>KernelHeight x KernelWidth</c> moves over an image of several channels: what convolution, pooling and locally
/// connected layers have in common. A position outside the image counts as padding.
/// </summary>
readonly record struct PatchGeometry
{
    /// <summary>Describes the movement over an image of a shape, whichever way its channels lie.</summary>
    public PatchGeometry(Shape image, int kernelHeight, int kernelWidth, int stride, int paddingHeight, int paddingWidth)
    {
        Image = image;
        KernelHeight = kernelHeight;
        KernelWidth = kernelWidth;
        Stride = stride;
        PaddingHeight = paddingHeight;
        PaddingWidth = paddingWidth;
        OutputHeight = (image.Height + (2 * paddingHeight) - kernelHeight) / stride + 1;
        OutputWidth = (image.Width + (2 * paddingWidth) - kernelWidth) / stride + 1;
    }

    /// <summary>Shape of the image.</summary>
    public Shape Image { get; }

    /// <summary>Rows of the window.</summary>
    public int KernelHeight { get; }

    /// <summary>Columns of the window.</summary>
    public int KernelWidth { get; }

    /// <summary>Distance between neighbouring windows, both ways.</summary>
    public int Stride { get; }

    /// <summary>Rows of padding above and below.</summary>
    public int PaddingHeight { get; }

    /// <summary>Columns of padding left and right.</summary>
    public int PaddingWidth { get; }

    /// <summary>Windows from top to bottom.</summary>
    public int OutputHeight { get; }

    /// <summary>Windows from left to right.</summary>
    public int OutputWidth { get; }

    /// <summary>Windows.</summary>
    public int OutputLength => OutputHeight * OutputWidth;

    /// <summary>Values in a window of one channel.</summary>
    public int KernelLength => KernelHeight * KernelWidth;

    /// <summary>Columns of a plane with its padding.</summary>
    public int PaddedWidth => Image.Width + 2 * PaddingWidth;

    /// <summary>Values of a plane with its padding.</summary>
    public int PaddedLength => PaddedWidth * (Image.Height + 2 * PaddingHeight);

    /// <summary>Whether the image lies in planes without padding already.</summary>
    public bool IsPlain => PaddingHeight == 0 && PaddingWidth == 0 && (Image.IsPlanar || Image.Channels == 1);

    /// <summary>Whether every window is one position of its own, so that the patches are the image itself.</summary>
    public bool IsIdentity => KernelLength == 1 && Stride == 1 && IsPlain;

    /// <summary>The outputs o in 0..count-1 whose input <c>o * stride + offset</c> lies in 0..size-1: [first, end).</summary>
    internal static (int First, int End) Inside(int count, int size, int stride, int offset)
    {
        int first = offset >= 0 ? 0 : (-offset + stride - 1) / stride;
        int end = size - offset <= 0 ? 0 : Math.Min(count, (size - offset - 1) / stride + 1);
        return (Math.Min(first, end), end);
    }
}
