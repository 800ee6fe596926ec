using System.Runtime.InteropServices;

namespace EdgeLearn;

/// <summary>What gradients need to know of values that are not kept: which were positive, and where the maximum of a window was.</summary>
static partial class Kernels
{
    /// <summary>Floats that hold a bit for each of so many values.</summary>
    public static long MarksLength(long values) => (values + 31) / 32;

    /// <summary>Bit i of marks = y[i] is greater than 0.</summary>
    /// <param name="y">values</param>
    /// <param name="marks">[<see cref="MarksLength"/>], written</param>
    public static void MarkPositive(ReadOnlySpan<float> y, Span<float> marks)
    {
        var words = MemoryMarshal.Cast<float, uint>(marks[..(int)MarksLength(y.Length)]);
        words.Clear();
        int done = 0;
        if (InstructionSet.Use512) done = MarkPositiveLanes<Lanes16>(done, y, words);
        if (InstructionSet.Use256) done = MarkPositiveLanes<Lanes8>(done, y, words);
        if (InstructionSet.Use128) done = MarkPositiveLanes<Lanes4>(done, y, words);
        MarkPositiveLanes<Lanes1>(done, y, words);
    }

    // Registers begin at multiples of their own length, so that the bits of each lie in one word.
    static int MarkPositiveLanes<T>(int from, ReadOnlySpan<float> y, Span<uint> words)
        where T : struct, ILanes<T>
    {
        ref float y0 = ref MemoryMarshal.GetReference(y);
        int i = from;
        for (; i + T.Count <= y.Length; i += T.Count) words[i / 32] |= T.PositiveBits(T.Load(ref y0, (nuint)i)) << i % 32;
        return i;
    }

    /// <summary>dx[i] = dy[i] * f'(1) where bit i of marks is 1, else dy[i] * f'(-1).</summary>
    /// <param name="function">f, whose derivative is read from the sign of the output</param>
    /// <param name="marks">of <see cref="MarkPositive"/></param>
    /// <param name="dy">gradient by y</param>
    /// <param name="dx">written; the same length; may be dy</param>
    internal static void MarkedGradient<TFunction>(in TFunction function, ReadOnlySpan<float> marks, ReadOnlySpan<float> dy,
        Span<float> dx)
        where TFunction : struct, IPointwise
    {
        Check.Length(dy, dx.Length);
        var words = MemoryMarshal.Cast<float, uint>(marks[..(int)MarksLength(dx.Length)]);
        int done = 0;
        if (InstructionSet.Use512) done = MarkedGradientLanes<Lanes16, TFunction>(done, function, words, dy, dx);
        if (InstructionSet.Use256) done = MarkedGradientLanes<Lanes8, TFunction>(done, function, words, dy, dx);
        if (InstructionSet.Use128) done = MarkedGradientLanes<Lanes4, TFunction>(done, function, words, dy, dx);
        MarkedGradientLanes<Lanes1, TFunction>(done, function, words, dy, dx);
    }

    static int MarkedGradientLanes<T, TFunction>(int from, in TFunction function, ReadOnlySpan<uint> words, ReadOnlySpan<float> dy,
        Span<float> dx)
        where T : struct, ILanes<T>
        where TFunction : struct, IPointwise
    {
        ref float dy0 = ref MemoryMarshal.GetReference(dy);
        ref float dx0 = ref MemoryMarshal.GetReference(dx);
        int i = from;
        for (; i + T.Count <= dx.Length; i += T.Count)
        {
            var y = T.FlipSigns(T.Broadcast(-1), words[i / 32] >> i % 32);
            T.Store(function.Gradient(y, y, T.Load(ref dy0, (nuint)i)), ref dx0, (nuint)i);
        }

        return i;
    }

    /// <summary>Where in each window its maximum is first, counted row by row over the positions that lie in the image.</summary>
    /// <param name="geometry">how the window moves</param>
    /// <param name="image">one sample</param>
    /// <param name="maps">its maxima</param>
    /// <param name="places">[<see cref="PackedNumbers.FloatsFor"/>] of all samples, written as numbers below the length of a window</param>
    /// <param name="first">number of the sample's first</param>
    public static void MaxPoolPlaces(in PatchGeometry geometry, ReadOnlySpan<float> image, ReadOnlySpan<float> maps, Span<float> places,
        int first)
    {
        var numbers = new PackedNumbers(geometry.KernelLength);
        bool elseLast = IsPairs(geometry) || IsInterleaved(geometry); // where no value is the maximum, for it is not a number
        var shape = geometry.Image;
        var windows = new WindowWalk(geometry, positionsOnly: true);
        while (windows.Next())
        {
            int columns = windows.Right - windows.Left, count = columns * (windows.Bottom - windows.Top),
                source = windows.Source(windows.Top, windows.Left);
            for (int c = 0; c < shape.Channels; c++)
            {
                int target = windows.Target + c * TargetStride(geometry), at = source + c * shape.ChannelStride, place = 0;
                float max = maps[target];
                for (int x = 0; place < count - 1 && image[at] != max; place++)
                {
                    bool ends = ++x == columns;
                    at += ends ? shape.RowStride - (columns - 1) * shape.ColumnStride : shape.ColumnStride;
                    if (ends) x = 0;
                }

                if (!elseLast && image[at] != max) place = 0;
                numbers.Set(places, first + target, place);
            }
        }
    }

    // From the maximum of one channel to that of the next.
    static int TargetStride(in PatchGeometry geometry) => geometry.Image.IsPlanar ? geometry.OutputLength : 1;

    /// <summary>dx[c, p] = sum of dy[c, o] over the windows o whose maximum is first at position p.</summary>
    /// <param name="geometry">how the window moves</param>
    /// <param name="places">of <see cref="MaxPoolPlaces"/></param>
    /// <param name="first">number of the sample's first</param>
    /// <param name="dy">gradient by y</param>
    /// <param name="dx">written</param>
    public static void MaxPoolGradient(in PatchGeometry geometry, ReadOnlySpan<float> places, int first, ReadOnlySpan<float> dy,
        Span<float> dx)
    {
        dx.Clear();
        var numbers = new PackedNumbers(geometry.KernelLength);
        bool adds = !IsPairs(geometry); // 0 + -0 is not -0
        var shape = geometry.Image;
        var windows = new WindowWalk(geometry, positionsOnly: true);
        while (windows.Next())
        {
            int columns = windows.Right - windows.Left;
            for (int c = 0; c < shape.Channels; c++)
            {
                int target = windows.Target + c * TargetStride(geometry), place = numbers.Get(places, first + target);
                int at = windows.Source(windows.Top + place / columns, windows.Left + place % columns) + c * shape.ChannelStride;
                dx[at] = adds ? dx[at] + dy[target] : dy[target];
            }
        }
    }
}
