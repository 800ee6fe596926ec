using System.Numerics.Tensors;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace EdgeLearn;

static partial class Kernels
{
    /// <summary>y[c, o] = maximum of x[c] over window o; padding is ignored.</summary>
    /// <param name="geometry">how the window moves</param>
    /// <param name="image">one sample</param>
    /// <param name="maps">[channels x windows], written; the channels lie as in the image</param>
    public static void MaxPool(in PatchGeometry geometry, ReadOnlySpan<float> image, Span<float> maps)
    {
        if (IsPairs(geometry))
        {
            MaxPoolPairs(geometry, image, maps);
            return;
        }

        if (IsInterleaved(geometry))
        {
            PoolRows(geometry, isMean: false, image, maps);
            return;
        }

        var windows = new WindowWalk(geometry);
        while (windows.Next())
        {
            float max = float.NegativeInfinity;
            for (int y = windows.Top; y < windows.Bottom; y++)
            {
                for (int x = windows.Left; x < windows.Right; x++)
                {
                    float value = image[windows.Source(y, x)];
                    if (value > max || float.IsNaN(value)) max = value;
                }
            }

            maps[windows.Target] = max;
        }
    }

    /// <summary>dx[c, p] = sum of dy[c, o] over the windows o whose maximum is first at position p.</summary>
    /// <param name="geometry">how the window moves</param>
    /// <param name="image">x</param>
    /// <param name="maps">y</param>
    /// <param name="dy">gradient by y</param>
    /// <param name="dx">written</param>
    public static void MaxPoolGradient(in PatchGeometry geometry, ReadOnlySpan<float> image, ReadOnlySpan<float> maps,
        ReadOnlySpan<float> dy, Span<float> dx)
    {
        if (IsPairs(geometry))
        {
            if ((geometry.Image.Width | geometry.Image.Height) % 2 != 0) dx.Clear(); // a last row or column is in no window
            MaxPoolPairsGradient(geometry, image, maps, dy, dx);
            return;
        }

        dx.Clear();
        if (IsInterleaved(geometry))
        {
            MaxPoolRowsGradient(geometry, image, maps, dy, dx);
            return;
        }

        var windows = new WindowWalk(geometry);
        while (windows.Next())
        {
            float max = maps[windows.Target];
            int place = windows.Source(windows.Top, windows.Left);
            for (int i = 0, columns = windows.Right - windows.Left, count = columns * (windows.Bottom - windows.Top); i < count; i++)
            {
                int source = windows.Source(windows.Top + i / columns, windows.Left + i % columns);
                if (image[source] != max) continue;
                place = source;
                break;
            }

            dx[place] += dy[windows.Target];
        }
    }

    /// <summary>y[c, o] = mean of x[c] over window o; padding counts as zeros.</summary>
    /// <param name="geometry">how the window moves</param>
    /// <param name="image">one sample</param>
    /// <param name="maps">[channels x windows], written; the channels lie as in the image</param>
    public static void MeanPool(in PatchGeometry geometry, ReadOnlySpan<float> image, Span<float> maps)
    {
        if (IsInterleaved(geometry))
        {
            PoolRows(geometry, isMean: true, image, maps);
            return;
        }

        float scale = 1f / geometry.KernelLength;
        var windows = new WindowWalk(geometry);
        while (windows.Next())
        {
            float sum = 0;
            for (int y = windows.Top; y < windows.Bottom; y++)
            {
                for (int x = windows.Left; x < windows.Right; x++) sum += image[windows.Source(y, x)];
            }

            maps[windows.Target] = sum * scale;
        }
    }

    /// <summary>dx[c, p] += dy[c, o] / window length for every position p of window o.</summary>
    /// <param name="geometry">how the window moves</param>
    /// <param name="dy">gradient by y</param>
    /// <param name="dx">added to</param>
    public static void MeanPoolGradient(in PatchGeometry geometry, ReadOnlySpan<float> dy, Span<float> dx)
    {
        float scale = 1f / geometry.KernelLength;
        var windows = new WindowWalk(geometry);
        while (windows.Next())
        {
            float share = dy[windows.Target] * scale;
            for (int y = windows.Top; y < windows.Bottom; y++)
            {
                for (int x = windows.Left; x < windows.Right; x++) dx[windows.Source(y, x)] += share;
            }
        }
    }

    // The channels of one position are neighbours, as the features of a step are: all of them at a time.
    static bool IsInterleaved(in PatchGeometry geometry) => geometry.Image.Channels > 1 && geometry.Image.ChannelStride == 1;

    static void PoolRows(in PatchGeometry geometry, bool isMean, ReadOnlySpan<float> image, Span<float> maps)
    {
        int channels = geometry.Image.Channels;
        var windows = new WindowWalk(geometry, positionsOnly: true);
        while (windows.Next())
        {
            var pooled = maps.Slice(windows.Target, channels);
            pooled.Fill(isMean ? 0 : float.NegativeInfinity);
            for (int y = windows.Top; y < windows.Bottom; y++)
            {
                for (int x = windows.Left; x < windows.Right; x++)
                {
                    if (isMean) TensorPrimitives.Add(pooled, image.Slice(windows.Source(y, x), channels), pooled);
                    else TensorPrimitives.Max(pooled, image.Slice(windows.Source(y, x), channels), pooled);
                }
            }

            if (isMean) TensorPrimitives.Multiply(pooled, 1f / geometry.KernelLength, pooled);
        }
    }

    static void MaxPoolRowsGradient(in PatchGeometry geometry, ReadOnlySpan<float> image, ReadOnlySpan<float> maps, ReadOnlySpan<float> dy,
        Span<float> dx)
    {
        int channels = geometry.Image.Channels;
        var windows = new WindowWalk(geometry, positionsOnly: true);
        while (windows.Next())
        {
            int columns = windows.Right - windows.Left, last = columns * (windows.Bottom - windows.Top) - 1,
                first = windows.Source(windows.Top, windows.Left);
            for (int c = 0; c < channels; c++)
            {
                float max = maps[windows.Target + c];
                int i = 0, x = 0, place = first + c;
                for (; i < last && image[place] != max; i++)
                {
                    x++;
                    place += geometry.Image.ColumnStride;
                    if (x < columns) continue;
                    x = 0;
                    place += geometry.Image.RowStride - columns * geometry.Image.ColumnStride;
                }

                dx[place] += dy[windows.Target + c];
            }
        }
    }

    // The usual pool, windows of 2x2 side by side in planes.
    static bool IsPairs(in PatchGeometry geometry)
        => geometry is { KernelHeight: 2, KernelWidth: 2, Stride: 2, PaddingHeight: 0, PaddingWidth: 0 }
            && geometry.Image.ColumnStride == 1;

    static void MaxPoolPairs(in PatchGeometry geometry, ReadOnlySpan<float> image, Span<float> maps)
    {
        int width = geometry.Image.Width, outputs = geometry.OutputWidth;
        ref float target = ref MemoryMarshal.GetReference(maps);
        for (int c = 0; c < geometry.Image.Channels; c++)
        {
            for (int oy = 0; oy < geometry.OutputHeight; oy++, target = ref Unsafe.Add(ref target, outputs))
            {
                ref float top = ref Unsafe.Add(ref MemoryMarshal.GetReference(image), c * geometry.Image.PlaneLength + 2 * oy * width);
                ref float bottom = ref Unsafe.Add(ref top, width);
                int ox = 0;
                for (; ox + 4 <= outputs; ox += 4)
                {
                    var columns =
                        Vector256.Max(Vector256.LoadUnsafe(ref top, (nuint)(2 * ox)), Vector256.LoadUnsafe(ref bottom, (nuint)(2 * ox)));
                    var split = Vector256.Shuffle(columns, Vector256.Create(0, 2, 4, 6, 1, 3, 5, 7));
                    Vector128.Max(split.GetLower(), split.GetUpper()).StoreUnsafe(ref target, (nuint)ox);
                }

                for (; ox < outputs; ox++)
                {
                    float upper = MathF.Max(Unsafe.Add(ref top, 2 * ox), Unsafe.Add(ref top, 2 * ox + 1)),
                        lower = MathF.Max(Unsafe.Add(ref bottom, 2 * ox), Unsafe.Add(ref bottom, 2 * ox + 1));
                    Unsafe.Add(ref target, ox) = MathF.Max(upper, lower);
                }
            }
        }
    }

    static void MaxPoolPairsGradient(in PatchGeometry geometry, ReadOnlySpan<float> image, ReadOnlySpan<float> maps, ReadOnlySpan<float> dy,
        Span<float> dx)
    {
        int width = geometry.Image.Width, outputs = geometry.OutputWidth, at = 0;
        for (int c = 0; c < geometry.Image.Channels; c++)
        {
            for (int oy = 0; oy < geometry.OutputHeight; oy++)
            {
                int row = c * geometry.Image.PlaneLength + 2 * oy * width;
                ref float x = ref Unsafe.Add(ref MemoryMarshal.GetReference(image), row);
                ref float gradient = ref Unsafe.Add(ref MemoryMarshal.GetReference(dx), row);
                int ox = 0;
                for (; ox + 4 <= outputs; ox += 4, at += 4)
                {
                    PairsGradient4(Vector128.LoadUnsafe(in maps[at]), Vector128.LoadUnsafe(in dy[at]), ref Unsafe.Add(ref x, 2 * ox),
                        ref Unsafe.Add(ref gradient, 2 * ox), width);
                }
                for (; ox < outputs; ox++, at++)
                {
                    float max = maps[at];
                    int place = 2 * ox;
                    // The last one has it where the others have not.
                    place += Unsafe.Add(ref x, place) == max ? 0 : Unsafe.Add(ref x, place + 1) == max
                        ? 1
                        : Unsafe.Add(ref x, place + width) == max ? width : width + 1;
                    Unsafe.Add(ref gradient, 2 * ox) = Unsafe.Add(ref gradient, 2 * ox + 1) = Unsafe.Add(ref gradient, 2 * ox + width) =
                        Unsafe.Add(ref gradient, 2 * ox + width + 1) = 0;
                    Unsafe.Add(ref gradient, place) = dy[at];
                }
            }
        }
    }

    // Four windows side by side: each gradient goes to the first of its four positions that has the maximum, or to the last. A call would
    // cost as much as they do.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static void PairsGradient4(Vector128<float> max, Vector128<float> dy, ref float x, ref float gradient, int width)
    {
        var split = Vector256.Create(0, 2, 4, 6, 1, 3, 5, 7);
        var join = Vector256.Create(0, 4, 1, 5, 2, 6, 3, 7);
        var top = Vector256.Shuffle(Vector256.LoadUnsafe(ref x), split);
        var bottom = Vector256.Shuffle(Vector256.LoadUnsafe(ref x, (nuint)width), split);
        var first = Vector128.Equals(top.GetLower(), max);
        var second = Vector128.AndNot(Vector128.Equals(top.GetUpper(), max), first);
        var above = first | second;
        var third = Vector128.AndNot(Vector128.Equals(bottom.GetLower(), max), above);
        var fourth = Vector128.OnesComplement(above | third);
        Vector256.Shuffle(Vector256.Create(dy & first, dy & second), join).StoreUnsafe(ref gradient);
        Vector256.Shuffle(Vector256.Create(dy & third, dy & fourth), join).StoreUnsafe(ref gradient, (nuint)width);
    }

    // All windows, in the order of the outputs' rows, of all channels or for all channels together.
    ref struct WindowWalk(PatchGeometry geometry, bool positionsOnly = false)
    {
        readonly Shape _image = geometry.Image;
        int _channel;
        int _row;
        int _column = -1;

        public int Top { get; private set; }

        public int Bottom { get; private set; }

        public int Left { get; private set; }

        public int Right { get; private set; }

        public readonly int Target
            => _image.IsPlanar
                ? (_channel * geometry.OutputHeight + _row) * geometry.OutputWidth + _column
                : (_row * geometry.OutputWidth + _column) * _image.Channels + _channel;

        public readonly int Source(int y, int x) => _channel * _image.ChannelStride + y * _image.RowStride + x * _image.ColumnStride;

        public bool Next()
        {
            if (++_column == geometry.OutputWidth)
            {
                _column = 0;
                if (++_row == geometry.OutputHeight)
                {
                    _row = 0;
                    if (++_channel == (positionsOnly ? 1 : _image.Channels)) return false;
                }
            }

            int y = _row * geometry.Stride - geometry.PaddingHeight, x = _column * geometry.Stride - geometry.PaddingWidth;
            Top = Math.Max(y, 0);
            Bottom = Math.Min(y + geometry.KernelHeight, _image.Height);
            Left = Math.Max(x, 0);
            Right = Math.Min(x + geometry.KernelWidth, _image.Width);
            return true;
        }
    }
}
