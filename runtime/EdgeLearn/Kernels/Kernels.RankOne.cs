using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace EdgeLearn;

static partial class Kernels
{
    // One sample: each row of the gradient is a multiple of the input, and moving the weights is all that costs.
    static void RankOneUpdate<TUpdate>(in TUpdate update, in MatrixView a, ReadOnlySpan<float> x, Span<float> weights, Span<float> first,
        Span<float> second)
        where TUpdate : struct, IElementUpdate
    {
        int length = x.Length, r = 0;
        ref float x0 = ref MemoryMarshal.GetReference(x);
        for (; TUpdate.StateCount == 0 && r + 8 <= a.Rows; r += 8)
        {
            ref float w = ref weights[r * length];
            ref float dz = ref Unsafe.Add(ref MemoryMarshal.GetReference(a.Values), r * a.RowStride);
            int done = 0;
            if (InstructionSet.Use512) done = RankOneRows8<Lanes16, TUpdate>(done, length, update, ref dz, a.RowStride, ref x0, ref w);
            if (done < length && InstructionSet.Use256)
                done = RankOneRows8<Lanes8, TUpdate>(done, length, update, ref dz, a.RowStride, ref x0, ref w);
            if (done < length && InstructionSet.Use128)
                done = RankOneRows8<Lanes4, TUpdate>(done, length, update, ref dz, a.RowStride, ref x0, ref w);
            if (done < length) RankOneRows8<Lanes1, TUpdate>(done, length, update, ref dz, a.RowStride, ref x0, ref w);
        }

        for (; r < a.Rows; r++)
        {
            float dz = a.Values[r * a.RowStride];
            ref float w = ref weights[r * length];
            ref float s0 = ref Unsafe.Add(ref MemoryMarshal.GetReference(first), r * length);
            ref float s1 = ref Unsafe.Add(ref MemoryMarshal.GetReference(second), r * length);
            int done = 0;
            if (InstructionSet.Use512) done = RankOneRow<Lanes16, TUpdate>(done, length, update, dz, ref x0, ref w, ref s0, ref s1);
            if (done < length && InstructionSet.Use256)
                done = RankOneRow<Lanes8, TUpdate>(done, length, update, dz, ref x0, ref w, ref s0, ref s1);
            if (done < length && InstructionSet.Use128)
                done = RankOneRow<Lanes4, TUpdate>(done, length, update, dz, ref x0, ref w, ref s0, ref s1);
            if (done < length) RankOneRow<Lanes1, TUpdate>(done, length, update, dz, ref x0, ref w, ref s0, ref s1);
        }
    }

    static int RankOneRow<T,
        TUpdate>(int from, int length, in TUpdate update, float dz, ref float x, ref float w, ref float first, ref float second)
        where T : struct, ILanes<T>
        where TUpdate : struct, IElementUpdate
    {
        var step = update;
        var factor = T.Broadcast(dz);
        int i = from;
        for (; i + T.Count <= length; i += T.Count)
        {
            var a = TUpdate.StateCount > 0 ? T.Load(ref first, (nuint)i) : default;
            var b = TUpdate.StateCount > 1 ? T.Load(ref second, (nuint)i) : default;
            T.Store(step.Apply(T.Load(ref w, (nuint)i), factor * T.Load(ref x, (nuint)i), ref a, ref b), ref w, (nuint)i);
            if (TUpdate.StateCount > 0) T.Store(a, ref first, (nuint)i);
            if (TUpdate.StateCount > 1) T.Store(b, ref second, (nuint)i);
        }

        return i;
    }

    // Eight rows share the loads of x.
    static int RankOneRows8<T, TUpdate>(int from, int length, in TUpdate update, ref float dz, nint dzStride, ref float x, ref float w)
        where T : struct, ILanes<T>
        where TUpdate : struct, IElementUpdate
    {
        if (from + T.Count > length) return from;
        var step = update;
        T d0 = T.Broadcast(dz), d1 = T.Broadcast(Unsafe.Add(ref dz, dzStride)), d2 = T.Broadcast(Unsafe.Add(ref dz, 2 * dzStride)),
            d3 = T.Broadcast(Unsafe.Add(ref dz, 3 * dzStride));
        dz = ref Unsafe.Add(ref dz, 4 * dzStride);
        T d4 = T.Broadcast(dz), d5 = T.Broadcast(Unsafe.Add(ref dz, dzStride)), d6 = T.Broadcast(Unsafe.Add(ref dz, 2 * dzStride)),
            d7 = T.Broadcast(Unsafe.Add(ref dz, 3 * dzStride));
        ref float w4 = ref Unsafe.Add(ref w, 4 * (nint)length);
        nint two = 2 * (nint)length, three = 3 * (nint)length;
        T none = default, nothing = default;
        int i = from;
        for (; i + T.Count <= length; i += T.Count)
        {
            var v = T.Load(ref x, (nuint)i);
            ref float top = ref Unsafe.Add(ref w, i);
            ref float bottom = ref Unsafe.Add(ref w4, i);
            T.Store(step.Apply(T.Load(ref top, 0), d0 * v, ref none, ref nothing), ref top, 0);
            T.Store(step.Apply(T.Load(ref top, (nuint)length), d1 * v, ref none, ref nothing), ref top, (nuint)length);
            T.Store(step.Apply(T.Load(ref top, (nuint)two), d2 * v, ref none, ref nothing), ref top, (nuint)two);
            T.Store(step.Apply(T.Load(ref top, (nuint)three), d3 * v, ref none, ref nothing), ref top, (nuint)three);
            T.Store(step.Apply(T.Load(ref bottom, 0), d4 * v, ref none, ref nothing), ref bottom, 0);
            T.Store(step.Apply(T.Load(ref bottom, (nuint)length), d5 * v, ref none, ref nothing), ref bottom, (nuint)length);
            T.Store(step.Apply(T.Load(ref bottom, (nuint)two), d6 * v, ref none, ref nothing), ref bottom, (nuint)two);
            T.Store(step.Apply(T.Load(ref bottom, (nuint)three), d7 * v, ref none, ref nothing), ref bottom, (nuint)three);
        }

        return i;
    }
}
