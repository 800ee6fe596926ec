using System.Runtime.InteropServices;

namespace EdgeLearn;

static partial class Kernels
{
    /// <summary>Applies an element update to weights, gradient and state, register by register.</summary>
    /// <param name="update">the rule with this step's numbers</param>
    /// <param name="weights">changed in place</param>
    /// <param name="gradient">the same length</param>
    /// <param name="first">first state of each weight; the same length, or empty when the update keeps none</param>
    /// <param name="second">second state of each weight; the same length, or empty when the update keeps fewer than two</param>
    public static void Update<TUpdate>(in TUpdate update, Span<float> weights, ReadOnlySpan<float> gradient, Span<float> first,
        Span<float> second)
        where TUpdate : struct, IElementUpdate
    {
        Check.Length(gradient, weights.Length);
        Check.Length(first, TUpdate.StateCount > 0 ? weights.Length : 0);
        Check.Length(second, TUpdate.StateCount > 1 ? weights.Length : 0);
        int done = 0;
        if (InstructionSet.Use512) done = UpdateLanes<Lanes16, TUpdate>(done, in update, weights, gradient, first, second);
        if (done < weights.Length && InstructionSet.Use256)
            done = UpdateLanes<Lanes8, TUpdate>(done, in update, weights, gradient, first, second);
        if (done < weights.Length && InstructionSet.Use128)
            done = UpdateLanes<Lanes4, TUpdate>(done, in update, weights, gradient, first, second);
        if (done < weights.Length) UpdateLanes<Lanes1, TUpdate>(done, in update, weights, gradient, first, second);
    }

    internal static int UpdateLanes<T,
        TUpdate>(int from, in TUpdate update, Span<float> weights, ReadOnlySpan<float> gradient, Span<float> first, Span<float> second)
        where T : struct, ILanes<T>
        where TUpdate : struct, IElementUpdate
    {
        ref float w = ref MemoryMarshal.GetReference(weights);
        ref float g = ref MemoryMarshal.GetReference(gradient);
        ref float s0 = ref MemoryMarshal.GetReference(first);
        ref float s1 = ref MemoryMarshal.GetReference(second);
        int i = from;
        for (; i + T.Count <= weights.Length; i += T.Count)
        {
            var a = TUpdate.StateCount > 0 ? T.Load(ref s0, (nuint)i) : default;
            var b = TUpdate.StateCount > 1 ? T.Load(ref s1, (nuint)i) : default;
            T.Store(update.Apply(T.Load(ref w, (nuint)i), T.Load(ref g, (nuint)i), ref a, ref b), ref w, (nuint)i);
            if (TUpdate.StateCount > 0) T.Store(a, ref s0, (nuint)i);
            if (TUpdate.StateCount > 1) T.Store(b, ref s1, (nuint)i);
        }

        return i;
    }
}
