using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace EdgeLearn;

/// <summary>A local loss over registers: its value and its gradient by the output.</summary>
interface ILocalLoss
{
    /// <summary>Returns the gradient of the loss of outputs y with targets t; adds twice the loss to a running sum.</summary>
    static abstract T Gradient<T>(T y, T t, ref T twiceTheLoss)
        where T : struct, ILanes<T>;
}

/// <summary>(y - t)^2 / 2.</summary>
readonly struct SquareLocalLoss : ILocalLoss
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Gradient<T>(T y, T t, ref T twiceTheLoss)
        where T : struct, ILanes<T>
    {
        var e = y - t;
        twiceTheLoss = T.MultiplyAdd(e, e, twiceTheLoss);
        return e;
    }
}

/// <summary>|y - t|.</summary>
readonly struct AbsoluteLocalLoss : ILocalLoss
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Gradient<T>(T y, T t, ref T twiceTheLoss)
        where T : struct, ILanes<T>
    {
        var e = y - t;
        twiceTheLoss += T.Abs(e + e);
        return T.Sign(e);
    }
}

/// <summary>-t y.</summary>
readonly struct LinearLocalLoss : ILocalLoss
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Gradient<T>(T y, T t, ref T twiceTheLoss)
        where T : struct, ILanes<T>
    {
        twiceTheLoss = T.MultiplyAdd(y + y, T.Broadcast(0) - t, twiceTheLoss);
        return T.Broadcast(0) - t;
    }
}

public static partial class Kernels
{
    /// <summary>
    /// One sample of target projection in one pass: t = scale * noise signs from <paramref name="first"/> on, dz = factor * (gradient of the local loss by y) * activation'(y). The signs are made in
    /// registers. Returns the local loss, summed in 16 lanes whatever the width.
    /// </summary>
    /// <param name="localLoss">which loss</param>
    /// <param name="activation">whose derivative, taken from the output</param>
    /// <param name="key">key of the targets' noise</param>
    /// <param name="first">logical index of the first unit's target for this sample's label</param>
    /// <param name="scale">size of a target</param>
    /// <param name="factor">1 / batch</param>
    /// <param name="y">outputs of the layer</param>
    /// <param name="dz">written; the same length</param>
    internal static double LocalResidual(LocalLoss localLoss, Activation activation, ulong key, long first, float scale, float factor, ReadOnlySpan<float> y, Span<float> dz) => localLoss switch
    {
        LocalLoss.L2 => LocalResidual<SquareLocalLoss>(activation, key, first, scale, factor, y, dz),
        LocalLoss.L1 => LocalResidual<AbsoluteLocalLoss>(activation, key, first, scale, factor, y, dz),
        LocalLoss.Linear => LocalResidual<LinearLocalLoss>(activation, key, first, scale, factor, y, dz),
        _ => throw new ArgumentOutOfRangeException(nameof(localLoss), localLoss, "unknown local loss"),
    };

    static double LocalResidual<TLoss>(Activation activation, ulong key, long first, float scale, float factor, ReadOnlySpan<float> y, Span<float> dz)
        where TLoss : struct, ILocalLoss => activation switch
    {
        Activation.Tanh => LocalResidual<TLoss, TanhActivation>(key, first, scale, factor, y, dz),
        Activation.Relu => LocalResidual<TLoss, ReluActivation>(key, first, scale, factor, y, dz),
        _ => LocalResidual<TLoss, IdentityActivation>(key, first, scale, factor, y, dz),
    };

    static double LocalResidual<TLoss, TActivation>(ulong key, long first, float scale, float factor, ReadOnlySpan<float> y, Span<float> dz)
        where TLoss : struct, ILocalLoss
        where TActivation : struct, IActivation
    {
        Check.Length(dz, y.Length);
        if (InstructionSet.Use512) return LocalResidual<Lanes16, TLoss, TActivation>(key, first, scale, factor, y, dz);
        if (InstructionSet.Use256) return LocalResidual<Pair<Lanes8>, TLoss, TActivation>(key, first, scale, factor, y, dz);
        if (InstructionSet.Use128) return LocalResidual<Pair<Pair<Lanes4>>, TLoss, TActivation>(key, first, scale, factor, y, dz);
        return LocalResidual<Pair<Pair<Pair<Pair<Lanes1>>>>, TLoss, TActivation>(key, first, scale, factor, y, dz);
    }

    [SkipLocalsInit]
    internal static double LocalResidual<T, TLoss, TActivation>(ulong key, long first, float scale, float factor, ReadOnlySpan<float> y, Span<float> dz)
        where T : struct, ILanes<T>
        where TLoss : struct, ILocalLoss
        where TActivation : struct, IActivation
    {
        Span<uint> words = stackalloc uint[SignBlock / 32 + 2];
        double twiceTheLoss = 0;
        for (int from = 0; from < y.Length; from += SignBlock)
        {
            int count = Math.Min(SignBlock, y.Length - from);
            var signs = new SignBits(key, first + from, count, words);
            ref float y0 = ref Unsafe.Add(ref MemoryMarshal.GetReference(y), from);
            ref float dz0 = ref Unsafe.Add(ref MemoryMarshal.GetReference(dz), from);
            int done = AddResiduals<T, TLoss, TActivation>(0, count, signs, scale, factor, ref y0, ref dz0, ref twiceTheLoss);
            AddResiduals<Lanes1, TLoss, TActivation>(done, count, signs, scale, factor, ref y0, ref dz0, ref twiceTheLoss);
        }

        return twiceTheLoss / 2;
    }

    static int AddResiduals<T, TLoss, TActivation>(int from, int count, SignBits signs, float scale, float factor, ref float y, ref float dz, ref double twiceTheLoss)
        where T : struct, ILanes<T>
        where TLoss : struct, ILocalLoss
        where TActivation : struct, IActivation
    {
        T size = T.Broadcast(scale), share = T.Broadcast(factor), sum = T.Broadcast(0);
        int i = from;
        for (; i + T.Count <= count; i += T.Count)
        {
            var output = T.Load(ref y, (nuint)i);
            var gradient = TLoss.Gradient(output, T.FlipSigns(size, signs.At(i)), ref sum);
            T.Store(TActivation.Gradient(output, share * gradient), ref dz, (nuint)i);
        }

        twiceTheLoss += T.Sum(sum);
        return i;
    }
}
