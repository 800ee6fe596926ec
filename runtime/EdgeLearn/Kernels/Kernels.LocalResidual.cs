using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace EdgeLearn;

static partial class Kernels
{
    /// <summary>
    /// One sample of target projection with the l2 loss in one pass: t = scale * noise signs from <paramref name="first"/> on, dz = factor
    /// * (y - t) * activation'(y). The signs are made in registers. Returns the local loss, the sum of (y - t)^2 / 2, summed in 16 lanes
    /// whatever the width.
    /// </summary>
    /// <param name="activation">whose derivative, taken from the output</param>
    /// <param name="key">key of the targets' noise</param>
    /// <param name="first">logical index of the first unit's target for this sample's label</param>
    /// <param name="scale">size of a target</param>
    /// <param name="factor">1 / batch</param>
    /// <param name="y">outputs of the layer</param>
    /// <param name="dz">written; the same length</param>
    internal static double LocalResidual(Activation activation, ulong key, long first, float scale, float factor, ReadOnlySpan<float> y,
        Span<float> dz) => activation switch
        {
            Activation.Tanh => LocalResidual<TanhActivation>(key, first, scale, factor, y, dz),
            Activation.Relu => LocalResidual<ReluActivation>(key, first, scale, factor, y, dz),
            Activation.Identity => LocalResidual<IdentityActivation>(key, first, scale, factor, y, dz),
            _ => throw new ArgumentOutOfRangeException(nameof(activation), activation, "no derivative from the output is known"),
        };

    static double LocalResidual<TActivation>(ulong key, long first, float scale, float factor, ReadOnlySpan<float> y, Span<float> dz)
        where TActivation : struct, IActivation
    {
        Check.Length(dz, y.Length);
        if (InstructionSet.Use512) return LocalResidual<Lanes16, TActivation>(key, first, scale, factor, y, dz);
        if (InstructionSet.Use256) return LocalResidual<Pair<Lanes8>, TActivation>(key, first, scale, factor, y, dz);
        if (InstructionSet.Use128) return LocalResidual<Pair<Pair<Lanes4>>, TActivation>(key, first, scale, factor, y, dz);
        return LocalResidual<Pair<Pair<Pair<Pair<Lanes1>>>>, TActivation>(key, first, scale, factor, y, dz);
    }

    [SkipLocalsInit]
    internal static double LocalResidual<T,
    TActivation>(ulong key, long first, float scale, float factor, ReadOnlySpan<float> y, Span<float> dz)
        where T : struct, ILanes<T>
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
            int done = AddResiduals<T, TActivation>(0, count, signs, scale, factor, ref y0, ref dz0, ref twiceTheLoss);
            AddResiduals<Lanes1, TActivation>(done, count, signs, scale, factor, ref y0, ref dz0, ref twiceTheLoss);
        }

        return twiceTheLoss / 2;
    }

    static int AddResiduals<T,
        TActivation>(int from, int count, SignBits signs, float scale, float factor, ref float y, ref float dz, ref double twiceTheLoss)
        where T : struct, ILanes<T>
        where TActivation : struct, IActivation
    {
        T size = T.Broadcast(scale), share = T.Broadcast(factor), sum = T.Broadcast(0);
        int i = from;
        for (; i + T.Count <= count; i += T.Count)
        {
            var output = T.Load(ref y, (nuint)i);
            var residual = output - T.FlipSigns(size, signs.At(i));
            sum = T.MultiplyAdd(residual, residual, sum);
            T.Store(TActivation.Gradient(output, share * residual), ref dz, (nuint)i);
        }

        twiceTheLoss += T.Sum(sum);
        return i;
    }
}
