using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace EdgeLearn;

static partial class Kernels
{
    /// <summary>
    /// Lays out the windows of some channels as columns (im2col): columns[(c, ky, kx), (oy, ox)] = image[c, oy * stride + ky - padding, ox
    /// * stride + kx - padding], 0 in the padding. A convolution is then one product.
    /// </summary>
    /// <param name="geometry">how the window moves</param>
    /// <param name="firstChannel">first channel</param>
    /// <param name="channels">channels</param>
    /// <param name="image">one sample</param>
    /// <param name="columns">[channels * kernel length x windows], written</param>
    public static void PatchColumns(in PatchGeometry geometry, int firstChannel, int channels, ReadOnlySpan<float> image,
        Span<float> columns)
    {
        Check.Length(image, geometry.Image.Length);
        Check.Length(columns, (long)channels * geometry.KernelLength * geometry.OutputLength);
        int width = geometry.OutputWidth, at = 0;
        for (int c = firstChannel; c < firstChannel + channels; c++)
        {
            for (int ky = 0; ky < geometry.KernelHeight; ky++)
            {
                var (top, bottom) =
                    PatchGeometry.Inside(geometry.OutputHeight, geometry.Image.Height, geometry.Stride, ky - geometry.PaddingHeight);
                for (int kx = 0; kx < geometry.KernelWidth; kx++, at += geometry.OutputLength)
                {
                    var (left, right) = PatchGeometry.Inside(width, geometry.Image.Width, geometry.Stride, kx - geometry.PaddingWidth);
                    var plane = columns.Slice(at, geometry.OutputLength);
                    if (right - left < width || bottom - top < geometry.OutputHeight) plane.Clear();
                    if (right == left) continue;
                    int source = SourceOf(geometry, c, ky, kx, top, left), rowStep = geometry.Stride * geometry.Image.RowStride,
                        columnStep = geometry.Stride * geometry.Image.ColumnStride;
                    for (int oy = top; oy < bottom; oy++, source += rowStep)
                    {
                        CopyStrided(ref Unsafe.Add(ref MemoryMarshal.GetReference(image), source), columnStep,
                            ref Unsafe.Add(ref MemoryMarshal.GetReference(plane), oy * width + left), right - left);
                    }
                }
            }
        }
    }

    /// <summary>
    /// Adds columns back to where <see cref="PatchColumns"/> took them from (col2im): the gradient of an image from the gradient of its
    /// windows.
    /// </summary>
    /// <param name="geometry">how the window moves</param>
    /// <param name="firstChannel">first channel</param>
    /// <param name="channels">channels</param>
    /// <param name="columns">[channels * kernel length x windows]</param>
    /// <param name="image">one sample, added to</param>
    public static void AddPatchColumns(in PatchGeometry geometry, int firstChannel, int channels, ReadOnlySpan<float> columns,
        Span<float> image)
    {
        Check.Length(image, geometry.Image.Length);
        Check.Length(columns, (long)channels * geometry.KernelLength * geometry.OutputLength);
        int width = geometry.OutputWidth, at = 0;
        for (int c = firstChannel; c < firstChannel + channels; c++)
        {
            for (int ky = 0; ky < geometry.KernelHeight; ky++)
            {
                var (top, bottom) =
                    PatchGeometry.Inside(geometry.OutputHeight, geometry.Image.Height, geometry.Stride, ky - geometry.PaddingHeight);
                for (int kx = 0; kx < geometry.KernelWidth; kx++, at += geometry.OutputLength)
                {
                    var (left, right) = PatchGeometry.Inside(width, geometry.Image.Width, geometry.Stride, kx - geometry.PaddingWidth);
                    if (right == left) continue;
                    int target = SourceOf(geometry, c, ky, kx, top, left), rowStep = geometry.Stride * geometry.Image.RowStride,
                        columnStep = geometry.Stride * geometry.Image.ColumnStride;
                    for (int oy = top; oy < bottom; oy++, target += rowStep)
                    {
                        var source = columns.Slice(at + oy * width + left, right - left);
                        if (columnStep == 1) AddTo(source, image.Slice(target, source.Length));
                        else for (int i = 0; i < source.Length; i++) image[target + i * columnStep] += source[i];
                    }
                }
            }
        }
    }

    /// <summary>
    /// Copies an image into planes with their padding around them: padded[c, y + padding, x + padding] = image[c, y, x], 0 elsewhere.
    /// </summary>
    /// <param name="geometry">says the padding and how the image lies</param>
    /// <param name="image">one sample</param>
    /// <param name="padded">[channels x padded height x padded width], written</param>
    internal static void PadPlanes(in PatchGeometry geometry, ReadOnlySpan<float> image, Span<float> padded)
    {
        var shape = geometry.Image;
        int width = geometry.PaddedWidth, at = geometry.PaddingHeight * width + geometry.PaddingWidth;
        padded.Clear();
        for (int c = 0; c < shape.Channels; c++)
        {
            for (int y = 0; y < shape.Height; y++)
            {
                CopyStrided(ref Unsafe.Add(ref MemoryMarshal.GetReference(image), c * shape.ChannelStride + y * shape.RowStride),
                    shape.ColumnStride, ref padded[c * geometry.PaddedLength + y * width + at], shape.Width);
            }
        }
    }

    /// <summary>Copies planes without their padding into an image: the way back of <see cref="PadPlanes"/>.</summary>
    /// <param name="geometry">says the padding and how the image lies</param>
    /// <param name="padded">[channels x padded height x padded width]</param>
    /// <param name="image">one sample, written</param>
    internal static void TakePlanes(in PatchGeometry geometry, ReadOnlySpan<float> padded, Span<float> image)
    {
        var shape = geometry.Image;
        for (int c = 0; c < shape.Channels; c++)
        {
            for (int y = 0; y < shape.Height; y++)
            {
                var row = padded.Slice(c * geometry.PaddedLength + (y + geometry.PaddingHeight) * geometry.PaddedWidth
                    + geometry.PaddingWidth, shape.Width);
                int target = c * shape.ChannelStride + y * shape.RowStride;
                if (shape.ColumnStride == 1) row.CopyTo(image[target..]);
                else for (int x = 0; x < row.Length; x++) image[target + x * shape.ColumnStride] = row[x];
            }
        }
    }

    /// <summary>One window of all channels: values[(c, ky, kx)]. Without padding.</summary>
    /// <param name="geometry">how the window moves</param>
    /// <param name="window">0..windows-1, row after row</param>
    /// <param name="image">one sample</param>
    /// <param name="values">[channels * kernel length], written</param>
    internal static void ReadWindow(in PatchGeometry geometry, int window, ReadOnlySpan<float> image, Span<float> values)
    {
        int at = 0;
        for (int c = 0; c < geometry.Image.Channels; c++)
        {
            for (int ky = 0; ky < geometry.KernelHeight; ky++, at += geometry.KernelWidth)
            {
                int source = SourceOf(geometry, c, ky, 0, window / geometry.OutputWidth, window % geometry.OutputWidth);
                CopyStrided(ref Unsafe.Add(ref MemoryMarshal.GetReference(image), source), geometry.Image.ColumnStride, ref values[at],
                    geometry.KernelWidth);
            }
        }
    }

    /// <summary>Adds the values of one window back to where <see cref="ReadWindow"/> took them from.</summary>
    internal static void AddWindow(in PatchGeometry geometry, int window, ReadOnlySpan<float> values, Span<float> image)
    {
        int at = 0;
        for (int c = 0; c < geometry.Image.Channels; c++)
        {
            for (int ky = 0; ky < geometry.KernelHeight; ky++)
            {
                int target = SourceOf(geometry, c, ky, 0, window / geometry.OutputWidth, window % geometry.OutputWidth);
                for (int kx = 0; kx < geometry.KernelWidth; kx++, at++) image[target + kx * geometry.Image.ColumnStride] += values[at];
            }
        }
    }

    static int SourceOf(in PatchGeometry geometry, int channel, int ky, int kx, int oy, int ox)
        => channel * geometry.Image.ChannelStride + (oy * geometry.Stride + ky - geometry.PaddingHeight) * geometry.Image.RowStride
            + (ox * geometry.Stride + kx - geometry.PaddingWidth) * geometry.Image.ColumnStride;

    // Runs are a few values long, so a call of a general copy would cost more than the copy.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static void CopyStrided(ref float source, int step, ref float destination, int count)
    {
        int i = 0;
        if (step == 1)
        {
            for (; i + 8 <= count; i += 8) Vector256.LoadUnsafe(ref source, (nuint)i).StoreUnsafe(ref destination, (nuint)i);
            if (i + 4 <= count)
            {
                Vector128.LoadUnsafe(ref source, (nuint)i).StoreUnsafe(ref destination, (nuint)i);
                i += 4;
            }
        }

        for (; i < count; i++) Unsafe.Add(ref destination, i) = Unsafe.Add(ref source, i * step);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static void AddTo(ReadOnlySpan<float> values, Span<float> sums)
    {
        int i = 0;
        ref float v = ref MemoryMarshal.GetReference(values);
        ref float s = ref MemoryMarshal.GetReference(sums);
        for (; i + 8 <= sums.Length; i += 8)
            (Vector256.LoadUnsafe(ref s, (nuint)i) + Vector256.LoadUnsafe(ref v, (nuint)i)).StoreUnsafe(ref s, (nuint)i);
        for (; i + 4 <= sums.Length; i += 4)
            (Vector128.LoadUnsafe(ref s, (nuint)i) + Vector128.LoadUnsafe(ref v, (nuint)i)).StoreUnsafe(ref s, (nuint)i);
        for (; i < sums.Length; i++) Unsafe.Add(ref s, i) += Unsafe.Add(ref v, i);
    }

    /// <summary>
    /// sums[r] += sum over a row of values, row after row: the gradient of the bias of maps. Summed in 16 interleaved parts whatever the
    /// width, the parts by halves, then what is left of a row.
    /// </summary>
    /// <param name="values">[sums.Length x row length]</param>
    /// <param name="sums">added to</param>
    public static void AddRowSums(ReadOnlySpan<float> values, Span<float> sums)
    {
        int length = sums.IsEmpty ? 0 : values.Length / sums.Length;
        Check.Length(values, (long)length * sums.Length);
        if (InstructionSet.Use512) AddRowSums<Lanes16>(length, ref MemoryMarshal.GetReference(values), sums);
        else if (InstructionSet.Use256) AddRowSums<Pair<Lanes8>>(length, ref MemoryMarshal.GetReference(values), sums);
        else if (InstructionSet.Use128) AddRowSums<Pair<Pair<Lanes4>>>(length, ref MemoryMarshal.GetReference(values), sums);
        else AddRowSums<Pair<Pair<Pair<Pair<Lanes1>>>>>(length, ref MemoryMarshal.GetReference(values), sums);
    }

    static void AddRowSums<T>(int length, ref float values, Span<float> sums)
        where T : struct, ILanes<T>
    {
        for (int r = 0; r < sums.Length; r++, values = ref Unsafe.Add(ref values, length))
        {
            var parts = T.Broadcast(0);
            int i = 0;
            for (; i + T.Count <= length; i += T.Count) parts += T.Load(ref values, (nuint)i);
            float sum = T.Sum(parts);
            for (; i < length; i++) sum += Unsafe.Add(ref values, i);
            sums[r] += sum;
        }
    }
}
