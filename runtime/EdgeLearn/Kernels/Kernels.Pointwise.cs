using System.Runtime.InteropServices;

namespace EdgeLearn;

static partial class Kernels
{
    /// <summary>y[i] = f(x[i]). A value's result depends on nothing but the value.</summary>
    /// <param name="function">f</param>
    /// <param name="x">inputs</param>
    /// <param name="y">written; the same length; may be x</param>
    internal static void Pointwise<TFunction>(in TFunction function, ReadOnlySpan<float> x, Span<float> y)
        where TFunction : struct, IPointwise
    {
        Check.Length(x, y.Length);
        int done = 0;
        if (InstructionSet.Use512) done = PointwiseLanes<Lanes16, TFunction>(done, function, x, y);
        if (InstructionSet.Use256) done = PointwiseLanes<Lanes8, TFunction>(done, function, x, y);
        if (InstructionSet.Use128) done = PointwiseLanes<Lanes4, TFunction>(done, function, x, y);
        PointwiseLanes<Lanes1, TFunction>(done, function, x, y);
    }

    internal static int PointwiseLanes<T, TFunction>(int from, in TFunction function, ReadOnlySpan<float> x, Span<float> y)
        where T : struct, ILanes<T>
        where TFunction : struct, IPointwise
    {
        ref float x0 = ref MemoryMarshal.GetReference(x);
        ref float y0 = ref MemoryMarshal.GetReference(y);
        int i = from;
        for (; i + T.Count <= y.Length; i += T.Count) T.Store(function.Apply(T.Load(ref x0, (nuint)i)), ref y0, (nuint)i);
        return i;
    }

    /// <summary>y[i] = gelu(x[i]) by its tanh approximation, and its derivative there.</summary>
    /// <param name="x">inputs</param>
    /// <param name="y">written; the same length</param>
    /// <param name="slope">written; the same length</param>
    public static void GeluTanhWithSlope(ReadOnlySpan<float> x, Span<float> y, Span<float> slope)
    {
        Check.Length(x, y.Length);
        Check.Length(slope, y.Length);
        int done = 0;
        if (InstructionSet.Use512) done = GeluTanhWithSlope<Lanes16>(done, x, y, slope);
        if (InstructionSet.Use256) done = GeluTanhWithSlope<Lanes8>(done, x, y, slope);
        if (InstructionSet.Use128) done = GeluTanhWithSlope<Lanes4>(done, x, y, slope);
        GeluTanhWithSlope<Lanes1>(done, x, y, slope);
    }

    static int GeluTanhWithSlope<T>(int from, ReadOnlySpan<float> x, Span<float> y, Span<float> slope)
        where T : struct, ILanes<T>
    {
        ref float x0 = ref MemoryMarshal.GetReference(x);
        ref float y0 = ref MemoryMarshal.GetReference(y);
        ref float slope0 = ref MemoryMarshal.GetReference(slope);
        int i = from;
        for (; i + T.Count <= y.Length; i += T.Count)
        {
            T.Store(GeluTanhFunction.ApplyWithSlope(T.Load(ref x0, (nuint)i), out var s), ref y0, (nuint)i);
            T.Store(s, ref slope0, (nuint)i);
        }

        return i;
    }

    /// <summary>dx[i] = dy[i] * f'(x[i]).</summary>
    /// <param name="function">f</param>
    /// <param name="x">inputs; may hold anything when the derivative follows from the output</param>
    /// <param name="y">outputs; may hold anything when the derivative follows from the input</param>
    /// <param name="dy">gradient by y</param>
    /// <param name="dx">written; all four of the same length; may be dy</param>
    internal static void PointwiseGradient<TFunction>(in TFunction function, ReadOnlySpan<float> x, ReadOnlySpan<float> y,
        ReadOnlySpan<float> dy, Span<float> dx)
        where TFunction : struct, IPointwise
    {
        Check.Length(x, dx.Length);
        Check.Length(y, dx.Length);
        Check.Length(dy, dx.Length);
        int done = 0;
        if (InstructionSet.Use512) done = PointwiseGradientLanes<Lanes16, TFunction>(done, function, x, y, dy, dx);
        if (InstructionSet.Use256) done = PointwiseGradientLanes<Lanes8, TFunction>(done, function, x, y, dy, dx);
        if (InstructionSet.Use128) done = PointwiseGradientLanes<Lanes4, TFunction>(done, function, x, y, dy, dx);
        PointwiseGradientLanes<Lanes1, TFunction>(done, function, x, y, dy, dx);
    }

    internal static int PointwiseGradientLanes<T,
        TFunction>(int from, in TFunction function, ReadOnlySpan<float> x, ReadOnlySpan<float> y, ReadOnlySpan<float> dy, Span<float> dx)
        where T : struct, ILanes<T>
        where TFunction : struct, IPointwise
    {
        ref float x0 = ref MemoryMarshal.GetReference(x);
        ref float y0 = ref MemoryMarshal.GetReference(y);
        ref float dy0 = ref MemoryMarshal.GetReference(dy);
        ref float dx0 = ref MemoryMarshal.GetReference(dx);
        int i = from;
        for (; i + T.Count <= dx.Length; i += T.Count)
            T.Store(function.Gradient(T.Load(ref x0, (nuint)i), T.Load(ref y0, (nuint)i), T.Load(ref dy0, (nuint)i)), ref dx0, (nuint)i);
        return i;
    }
}
