using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace EdgeLearn;

/// <summary>
/// What happens in a recurrent layer between two products, one step for a batch. Every row is contiguous; states of a batch may lie apart,
/// as in a sequence of steps.
/// </summary>
static partial class Kernels
{
    /// <summary>
    /// A gated recurrent unit, in place: the sums n, r, z, q of a row become n = tanh(n + r q) with r = sigmoid(r), z = sigmoid(z); q, the
    /// state's part of n, stays. The new state is n + z (before - n).
    /// </summary>
    /// <param name="batch">rows</param>
    /// <param name="units">units</param>
    /// <param name="gates">[batch x 4 units] in the order n, r, z, q; overwritten</param>
    /// <param name="before">states of the step before, row b at b * beforeStride</param>
    /// <param name="beforeStride">distance between them; 0 = one row for all</param>
    /// <param name="state">new states, row b at b * stateStride; written</param>
    /// <param name="stateStride">distance between them</param>
    public static void GruStep(int batch, int units, Span<float> gates, ReadOnlySpan<float> before, int beforeStride, Span<float> state,
        int stateStride)
    {
        Check.Length(gates, 4L * batch * units);
        Check.Rows(before, batch, units, beforeStride);
        Check.Rows(state, batch, units, stateStride);
        ref float g = ref MemoryMarshal.GetReference(gates), b = ref MemoryMarshal.GetReference(before),
            s = ref MemoryMarshal.GetReference(state);
        int done = 0;
        if (InstructionSet.Use512) done = GruStep<Lanes16>(done, batch, units, ref g, ref b, beforeStride, ref s, stateStride);
        if (done < units && InstructionSet.Use256)
            done = GruStep<Lanes8>(done, batch, units, ref g, ref b, beforeStride, ref s, stateStride);
        if (done < units && InstructionSet.Use128)
            done = GruStep<Lanes4>(done, batch, units, ref g, ref b, beforeStride, ref s, stateStride);
        if (done < units) GruStep<Lanes1>(done, batch, units, ref g, ref b, beforeStride, ref s, stateStride);
    }

    static int GruStep<T>(int from, int batch, int units, ref float gates, ref float before, nint beforeStride, ref float state,
        nint stateStride)
        where T : struct, ILanes<T>
    {
        int end = units - (units - from) % T.Count;
        for (int b = 0; b < batch; b++)
        {
            ref float n0 = ref Unsafe.Add(ref gates, 4 * (nint)b * units), r0 = ref Unsafe.Add(ref n0, units),
                z0 = ref Unsafe.Add(ref r0, units), q0 = ref Unsafe.Add(ref z0, units);
            ref float before0 = ref Unsafe.Add(ref before, b * beforeStride), state0 = ref Unsafe.Add(ref state, b * stateStride);
            for (int i = from; i < end; i += T.Count)
            {
                T r = Functions.Sigmoid(T.Load(ref r0, (nuint)i)), z = Functions.Sigmoid(T.Load(ref z0, (nuint)i));
                var n = Functions.Tanh(T.MultiplyAdd(r, T.Load(ref q0, (nuint)i), T.Load(ref n0, (nuint)i)));
                T.Store(n, ref n0, (nuint)i);
                T.Store(r, ref r0, (nuint)i);
                T.Store(z, ref z0, (nuint)i);
                T.Store(T.MultiplyAdd(z, T.Load(ref before0, (nuint)i) - n, n), ref state0, (nuint)i);
            }
        }

        return end;
    }

    /// <summary>
    /// The way back through <see cref="GruStep(int, int, Span{float}, ReadOnlySpan{float}, int, Span{float}, int)"/>: gradients by the four
    /// sums, and by the state before as far as it was passed on.
    /// </summary>
    /// <param name="batch">rows</param>
    /// <param name="units">units</param>
    /// <param name="gates">[batch x 4 units] as the step left them</param>
    /// <param name="before">states of the step before, row b at b * beforeStride</param>
    /// <param name="beforeStride">distance between them; 0 = one row for all</param>
    /// <param name="dState">[batch x units]: gradient by the new state in, its part that goes to the state before out</param>
    /// <param name="dGates">[batch x 4 units], written</param>
    public static void GruStepGradient(int batch, int units, ReadOnlySpan<float> gates, ReadOnlySpan<float> before, int beforeStride,
        Span<float> dState, Span<float> dGates)
    {
        Check.Length(gates, 4L * batch * units);
        Check.Length(dGates, 4L * batch * units);
        Check.Length(dState, (long)batch * units);
        Check.Rows(before, batch, units, beforeStride);
        ref float g = ref MemoryMarshal.GetReference(gates), b = ref MemoryMarshal.GetReference(before),
            ds = ref MemoryMarshal.GetReference(dState), dg = ref MemoryMarshal.GetReference(dGates);
        int done = 0;
        if (InstructionSet.Use512) done = GruStepGradient<Lanes16>(done, batch, units, ref g, ref b, beforeStride, ref ds, ref dg);
        if (done < units && InstructionSet.Use256)
            done = GruStepGradient<Lanes8>(done, batch, units, ref g, ref b, beforeStride, ref ds, ref dg);
        if (done < units && InstructionSet.Use128)
            done = GruStepGradient<Lanes4>(done, batch, units, ref g, ref b, beforeStride, ref ds, ref dg);
        if (done < units) GruStepGradient<Lanes1>(done, batch, units, ref g, ref b, beforeStride, ref ds, ref dg);
    }

    static int GruStepGradient<T>(int from, int batch, int units, ref float gates, ref float before, nint beforeStride, ref float dState,
        ref float dGates)
        where T : struct, ILanes<T>
    {
        var one = T.Broadcast(1);
        int end = units - (units - from) % T.Count;
        for (int b = 0; b < batch; b++)
        {
            ref float n0 = ref Unsafe.Add(ref gates, 4 * (nint)b * units), dn0 = ref Unsafe.Add(ref dGates, 4 * (nint)b * units);
            ref float before0 = ref Unsafe.Add(ref before, b * beforeStride), ds0 = ref Unsafe.Add(ref dState, (nint)b * units);
            for (int i = from; i < end; i += T.Count)
            {
                nuint at = (nuint)i, step = (nuint)units;
                T n = T.Load(ref n0, at), r = T.Load(ref n0, at + step), z = T.Load(ref n0, at + 2 * step),
                    q = T.Load(ref n0, at + 3 * step), ds = T.Load(ref ds0, at);
                var dn = ds * (one - z) * (one - n * n);
                T.Store(dn, ref dn0, at);
                T.Store(dn * q * r * (one - r), ref dn0, at + step);
                T.Store(ds * (T.Load(ref before0, at) - n) * z * (one - z), ref dn0, at + 2 * step);
                T.Store(dn * r, ref dn0, at + 3 * step);
                T.Store(ds * z, ref ds0, at);
            }
        }

        return end;
    }

    /// <summary>
    /// A long short-term memory, in place: the sums i, f, g, o of a row become sigmoid(i), sigmoid(f), tanh(g), sigmoid(o); the new cell is
    /// f * before + i * g, the new state o * tanh(cell).
    /// </summary>
    /// <param name="batch">rows</param>
    /// <param name="units">units</param>
    /// <param name="gates">[batch x 4 units] in the order i, f, g, o; overwritten</param>
    /// <param name="before">[batch x units], cells of the step before</param>
    /// <param name="cell">[batch x units], new cells, written; may be the cells before</param>
    /// <param name="state">new states, row b at b * stateStride; written</param>
    /// <param name="stateStride">distance between them</param>
    public static void LstmStep(int batch, int units, Span<float> gates, ReadOnlySpan<float> before, Span<float> cell, Span<float> state,
        int stateStride)
    {
        Check.Length(gates, 4L * batch * units);
        Check.Length(before, (long)batch * units);
        Check.Length(cell, (long)batch * units);
        Check.Rows(state, batch, units, stateStride);
        ref float g = ref MemoryMarshal.GetReference(gates), b = ref MemoryMarshal.GetReference(before),
            c = ref MemoryMarshal.GetReference(cell), s = ref MemoryMarshal.GetReference(state);
        int done = 0;
        if (InstructionSet.Use512) done = LstmStep<Lanes16>(done, batch, units, ref g, ref b, ref c, ref s, stateStride);
        if (done < units && InstructionSet.Use256) done = LstmStep<Lanes8>(done, batch, units, ref g, ref b, ref c, ref s, stateStride);
        if (done < units && InstructionSet.Use128) done = LstmStep<Lanes4>(done, batch, units, ref g, ref b, ref c, ref s, stateStride);
        if (done < units) LstmStep<Lanes1>(done, batch, units, ref g, ref b, ref c, ref s, stateStride);
    }

    static int LstmStep<T>(int from, int batch, int units, ref float gates, ref float before, ref float cell, ref float state,
        nint stateStride)
        where T : struct, ILanes<T>
    {
        int end = units - (units - from) % T.Count;
        for (int b = 0; b < batch; b++)
        {
            ref float i0 = ref Unsafe.Add(ref gates, 4 * (nint)b * units), before0 = ref Unsafe.Add(ref before, (nint)b * units),
                cell0 = ref Unsafe.Add(ref cell, (nint)b * units);
            ref float state0 = ref Unsafe.Add(ref state, b * stateStride);
            for (int j = from; j < end; j += T.Count)
            {
                nuint at = (nuint)j, step = (nuint)units;
                T i = Functions.Sigmoid(T.Load(ref i0, at)), f = Functions.Sigmoid(T.Load(ref i0, at + step)),
                    g = Functions.Tanh(T.Load(ref i0, at + 2 * step)), o = Functions.Sigmoid(T.Load(ref i0, at + 3 * step));
                T.Store(i, ref i0, at);
                T.Store(f, ref i0, at + step);
                T.Store(g, ref i0, at + 2 * step);
                T.Store(o, ref i0, at + 3 * step);
                var c = T.MultiplyAdd(f, T.Load(ref before0, at), i * g);
                T.Store(c, ref cell0, at);
                T.Store(o * Functions.Tanh(c), ref state0, at);
            }
        }

        return end;
    }

    /// <summary>
    /// The way back through <see cref="LstmStep(int, int, Span{float}, ReadOnlySpan{float}, Span{float}, Span{float}, int)"/>: gradients by
    /// the four sums and by the cell before.
    /// </summary>
    /// <param name="batch">rows</param>
    /// <param name="units">units</param>
    /// <param name="gates">[batch x 4 units] as the step left them</param>
    /// <param name="before">[batch x units], cells of the step before</param>
    /// <param name="cell">[batch x units], cells after the step</param>
    /// <param name="dState">[batch x units], gradient by the new state</param>
    /// <param name="dCell">[batch x units]: gradient by the new cell in, as far as it comes from later steps; by the cell before
    /// out</param>
    /// <param name="dGates">[batch x 4 units], written</param>
    public static void LstmStepGradient(int batch, int units, ReadOnlySpan<float> gates, ReadOnlySpan<float> before,
        ReadOnlySpan<float> cell, ReadOnlySpan<float> dState, Span<float> dCell, Span<float> dGates)
    {
        Check.Length(gates, 4L * batch * units);
        Check.Length(dGates, 4L * batch * units);
        Check.Length(before, (long)batch * units);
        Check.Length(cell, (long)batch * units);
        Check.Length(dState, (long)batch * units);
        Check.Length(dCell, (long)batch * units);
        ref float g = ref MemoryMarshal.GetReference(gates), b = ref MemoryMarshal.GetReference(before),
            c = ref MemoryMarshal.GetReference(cell);
        ref float ds = ref MemoryMarshal.GetReference(dState), dc = ref MemoryMarshal.GetReference(dCell),
            dg = ref MemoryMarshal.GetReference(dGates);
        int done = 0;
        if (InstructionSet.Use512) done = LstmStepGradient<Lanes16>(done, batch, units, ref g, ref b, ref c, ref ds, ref dc, ref dg);
        if (done < units && InstructionSet.Use256)
            done = LstmStepGradient<Lanes8>(done, batch, units, ref g, ref b, ref c, ref ds, ref dc, ref dg);
        if (done < units && InstructionSet.Use128)
            done = LstmStepGradient<Lanes4>(done, batch, units, ref g, ref b, ref c, ref ds, ref dc, ref dg);
        if (done < units) LstmStepGradient<Lanes1>(done, batch, units, ref g, ref b, ref c, ref ds, ref dc, ref dg);
    }

    static int LstmStepGradient<T>(int from, int batch, int units, ref float gates, ref float before, ref float cell, ref float dState,
        ref float dCell, ref float dGates)
        where T : struct, ILanes<T>
    {
        var one = T.Broadcast(1);
        int end = units - (units - from) % T.Count;
        for (int b = 0; b < batch; b++)
        {
            ref float i0 = ref Unsafe.Add(ref gates, 4 * (nint)b * units), di0 = ref Unsafe.Add(ref dGates, 4 * (nint)b * units);
            for (int j = from; j < end; j += T.Count)
            {
                nuint at = (nuint)j, step = (nuint)units, here = (nuint)(b * units + j);
                T i = T.Load(ref i0, at), f = T.Load(ref i0, at + step), g = T.Load(ref i0, at + 2 * step),
                    o = T.Load(ref i0, at + 3 * step);
                T t = Functions.Tanh(T.Load(ref cell, here)), ds = T.Load(ref dState, here);
                var dc = T.MultiplyAdd(ds * o, one - t * t, T.Load(ref dCell, here));
                T.Store(dc * g * i * (one - i), ref di0, at);
                T.Store(dc * T.Load(ref before, here) * f * (one - f), ref di0, at + step);
                T.Store(dc * i * (one - g * g), ref di0, at + 2 * step);
                T.Store(ds * t * o * (one - o), ref di0, at + 3 * step);
                T.Store(dc * f, ref dCell, here);
            }
        }

        return end;
    }
}
