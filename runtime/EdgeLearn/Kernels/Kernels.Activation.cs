using System.Runtime.InteropServices;

namespace EdgeLearn;

static partial class Kernels
{
    /// <summary>y = activation(y), in place. A value's result depends on nothing but the value.</summary>
    public static void Activate(Activation activation, Span<float> y)
    {
        switch (activation)
        {
            case Activation.Tanh: Activate<TanhActivation>(y); break;
            case Activation.Relu: Activate<ReluActivation>(y); break;
            case Activation.Identity: break;
            default: throw new ArgumentOutOfRangeException(nameof(activation), activation, "unknown activation");
        }
    }

    /// <summary>dy = dy * activation'(z), in place, with the derivative taken from the output y = activation(z).</summary>
    /// <param name="activation">whose derivative</param>
    /// <param name="y">outputs</param>
    /// <param name="dy">gradient by the output in, gradient by z out; the same length</param>
    public static void ActivationGradient(Activation activation, ReadOnlySpan<float> y, Span<float> dy)
    {
        Check.Length(y, dy.Length);
        switch (activation)
        {
            case Activation.Tanh: ActivationGradient<TanhActivation>(y, dy); break;
            case Activation.Relu: ActivationGradient<ReluActivation>(y, dy); break;
            case Activation.Identity: break;
            default: throw new ArgumentOutOfRangeException(nameof(activation), activation, "unknown activation");
        }
    }

    static void Activate<TActivation>(Span<float> y)
        where TActivation : struct, IActivation
    {
        int done = 0;
        if (InstructionSet.Use512) done = ActivateLanes<Lanes16, TActivation>(done, y);
        if (done < y.Length && InstructionSet.Use256) done = ActivateLanes<Lanes8, TActivation>(done, y);
        if (done < y.Length && InstructionSet.Use128) done = ActivateLanes<Lanes4, TActivation>(done, y);
        if (done < y.Length) ActivateLanes<Lanes1, TActivation>(done, y);
    }

    internal static int ActivateLanes<T, TActivation>(int from, Span<float> y)
        where T : struct, ILanes<T>
        where TActivation : struct, IActivation
    {
        ref float y0 = ref MemoryMarshal.GetReference(y);
        int i = from;
        for (; i + T.Count <= y.Length; i += T.Count) T.Store(TActivation.Apply(T.Load(ref y0, (nuint)i)), ref y0, (nuint)i);
        return i;
    }

    static void ActivationGradient<TActivation>(ReadOnlySpan<float> y, Span<float> dy)
        where TActivation : struct, IActivation
    {
        int done = 0;
        if (InstructionSet.Use512) done = ActivationGradientLanes<Lanes16, TActivation>(done, y, dy);
        if (done < y.Length && InstructionSet.Use256) done = ActivationGradientLanes<Lanes8, TActivation>(done, y, dy);
        if (done < y.Length && InstructionSet.Use128) done = ActivationGradientLanes<Lanes4, TActivation>(done, y, dy);
        if (done < y.Length) ActivationGradientLanes<Lanes1, TActivation>(done, y, dy);
    }

    internal static int ActivationGradientLanes<T, TActivation>(int from, ReadOnlySpan<float> y, Span<float> dy)
        where T : struct, ILanes<T>
        where TActivation : struct, IActivation
    {
        ref float y0 = ref MemoryMarshal.GetReference(y);
        ref float dy0 = ref MemoryMarshal.GetReference(dy);
        int i = from;
        for (; i + T.Count <= y.Length; i += T.Count)
            T.Store(TActivation.Gradient(T.Load(ref y0, (nuint)i), T.Load(ref dy0, (nuint)i)), ref dy0, (nuint)i);
        return i;
    }
}
