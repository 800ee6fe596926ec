using System.Runtime.CompilerServices;

namespace EdgeLearn;

/// <summary>What becomes of the sums of <see cref="ShiftedSums"/>.</summary>
interface IShiftedTarget
{
    /// <summary>Takes the two registers of sums of one row of weights.</summary>
    /// <param name="row">of the strip, 0..7</param>
    /// <param name="sums">from the first source</param>
    /// <param name="sumsBelow">from the second; the same as the first where there is none</param>
    void Accept<T>(int row, T sums, T sumsBelow)
        where T : struct, ILanes<T>;
}

/// <summary>
/// The inner loops of a direct convolution: for a strip of rows of weights, the sums of a register that is shifted over planes times a
/// weight for each place, from two sources that share the weights. Three loops in one another say which places; the order of a sum is
/// theirs, one fused multiply-add a term, so that its bits do not depend on the width of the register.
/// </summary>
/// <param name="planes">turns of the outer loop</param>
/// <param name="planeStep">distance of its places in the source</param>
/// <param name="planeWeights">and in the weights</param>
/// <param name="rows">turns of the middle loop</param>
/// <param name="rowStep">distance of its places in the source</param>
/// <param name="rowWeights">and in the weights</param>
/// <param name="columns">turns of the inner loop</param>
/// <param name="columnStep">distance of its places in the source</param>
/// <param name="columnWeights">and in the weights</param>
readonly struct ShiftedSums(int planes, nint planeStep, nint planeWeights, int rows, nint rowStep, nint rowWeights, int columns,
    nint columnStep, nint columnWeights)
{
    /// <summary>Rows of the next strip when so many are left.</summary>
    public static int StripOf(int left) => left >= 8 && ProductLoop.Has32Registers ? 8 : left >= 4 ? 4 : 1;

    /// <summary>All sums of a strip.</summary>
    /// <param name="strip">rows of weights, a result of <see cref="StripOf"/></param>
    /// <param name="w">the first weight of the first row</param>
    /// <param name="wRow">distance between the rows of weights</param>
    /// <param name="source">the first place</param>
    /// <param name="below">distance to the second source; 0 = none</param>
    /// <param name="target">takes the sums</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Run<T, TTarget>(int strip, ref float w, nint wRow, ref float source, nint below, in TTarget target)
        where T : struct, ILanes<T>
        where TTarget : struct, IShiftedTarget, allows ref struct
    {
        if (strip == 8) Rows8<T, TTarget>(ref w, wRow, ref source, below, target);
        else if (strip == 4) Rows4<T, TTarget>(ref w, wRow, ref source, below, target);
        else Rows1<T, TTarget>(ref w, ref source, below, target);
    }

    [MethodImpl(MethodImplOptions.NoInlining | MethodImplOptions.AggressiveOptimization)]
    void Rows8<T, TTarget>(ref float w, nint wRow, ref float source, nint below, in TTarget target)
        where T : struct, ILanes<T>
        where TTarget : struct, IShiftedTarget, allows ref struct
    {
        T c0 = T.Broadcast(0), c1 = c0, c2 = c0, c3 = c0, c4 = c0, c5 = c0, c6 = c0, c7 = c0, d0 = c0, d1 = c0, d2 = c0, d3 = c0, d4 = c0,
            d5 = c0, d6 = c0, d7 = c0;
        nint wRow3 = 3 * wRow;
        for (int i = planes; i > 0; i--, source = ref Unsafe.Add(ref source, planeStep), w = ref Unsafe.Add(ref w, planeWeights))
        {
            ref float row = ref source;
            ref float rowWeights0 = ref w;
            for (int j = rows; j > 0; j--, row = ref Unsafe.Add(ref row, rowStep),
                rowWeights0 = ref Unsafe.Add(ref rowWeights0, rowWeights))
            {
                ref float value = ref row;
                ref float weight = ref rowWeights0;
                for (int k = columns; k > 0; k--, value = ref Unsafe.Add(ref value, columnStep),
                    weight = ref Unsafe.Add(ref weight, columnWeights))
                {
                    T v = T.Load(ref value, 0), u = T.Load(ref value, (nuint)below);
                    ref float w3 = ref Unsafe.Add(ref weight, wRow3);
                    ref float w6 = ref Unsafe.Add(ref w3, wRow3);
                    var s0 = T.Broadcast(weight);
                    c0 = T.MultiplyAdd(s0, v, c0);
                    d0 = T.MultiplyAdd(s0, u, d0);
                    var s1 = T.Broadcast(Unsafe.Add(ref weight, wRow));
                    c1 = T.MultiplyAdd(s1, v, c1);
                    d1 = T.MultiplyAdd(s1, u, d1);
                    var s2 = T.Broadcast(Unsafe.Add(ref weight, 2 * wRow));
                    c2 = T.MultiplyAdd(s2, v, c2);
                    d2 = T.MultiplyAdd(s2, u, d2);
                    var s3 = T.Broadcast(w3);
                    c3 = T.MultiplyAdd(s3, v, c3);
                    d3 = T.MultiplyAdd(s3, u, d3);
                    var s4 = T.Broadcast(Unsafe.Add(ref w3, wRow));
                    c4 = T.MultiplyAdd(s4, v, c4);
                    d4 = T.MultiplyAdd(s4, u, d4);
                    var s5 = T.Broadcast(Unsafe.Add(ref w3, 2 * wRow));
                    c5 = T.MultiplyAdd(s5, v, c5);
                    d5 = T.MultiplyAdd(s5, u, d5);
                    var s6 = T.Broadcast(w6);
                    c6 = T.MultiplyAdd(s6, v, c6);
                    d6 = T.MultiplyAdd(s6, u, d6);
                    var s7 = T.Broadcast(Unsafe.Add(ref w6, wRow));
                    c7 = T.MultiplyAdd(s7, v, c7);
                    d7 = T.MultiplyAdd(s7, u, d7);
                }
            }
        }

        target.Accept(0, c0, d0);
        target.Accept(1, c1, d1);
        target.Accept(2, c2, d2);
        target.Accept(3, c3, d3);
        target.Accept(4, c4, d4);
        target.Accept(5, c5, d5);
        target.Accept(6, c6, d6);
        target.Accept(7, c7, d7);
    }

    [MethodImpl(MethodImplOptions.NoInlining | MethodImplOptions.AggressiveOptimization)]
    void Rows4<T, TTarget>(ref float w, nint wRow, ref float source, nint below, in TTarget target)
        where T : struct, ILanes<T>
        where TTarget : struct, IShiftedTarget, allows ref struct
    {
        T c0 = T.Broadcast(0), c1 = c0, c2 = c0, c3 = c0, d0 = c0, d1 = c0, d2 = c0, d3 = c0;
        for (int i = planes; i > 0; i--, source = ref Unsafe.Add(ref source, planeStep), w = ref Unsafe.Add(ref w, planeWeights))
        {
            ref float row = ref source;
            ref float rowWeights0 = ref w;
            for (int j = rows; j > 0; j--, row = ref Unsafe.Add(ref row, rowStep),
                rowWeights0 = ref Unsafe.Add(ref rowWeights0, rowWeights))
            {
                ref float value = ref row;
                ref float weight = ref rowWeights0;
                for (int k = columns; k > 0; k--, value = ref Unsafe.Add(ref value, columnStep),
                    weight = ref Unsafe.Add(ref weight, columnWeights))
                {
                    T v = T.Load(ref value, 0), u = T.Load(ref value, (nuint)below);
                    var s0 = T.Broadcast(weight);
                    c0 = T.MultiplyAdd(s0, v, c0);
                    d0 = T.MultiplyAdd(s0, u, d0);
                    var s1 = T.Broadcast(Unsafe.Add(ref weight, wRow));
                    c1 = T.MultiplyAdd(s1, v, c1);
                    d1 = T.MultiplyAdd(s1, u, d1);
                    var s2 = T.Broadcast(Unsafe.Add(ref weight, 2 * wRow));
                    c2 = T.MultiplyAdd(s2, v, c2);
                    d2 = T.MultiplyAdd(s2, u, d2);
                    var s3 = T.Broadcast(Unsafe.Add(ref weight, 3 * wRow));
                    c3 = T.MultiplyAdd(s3, v, c3);
                    d3 = T.MultiplyAdd(s3, u, d3);
                }
            }
        }

        target.Accept(0, c0, d0);
        target.Accept(1, c1, d1);
        target.Accept(2, c2, d2);
        target.Accept(3, c3, d3);
    }

    [MethodImpl(MethodImplOptions.NoInlining | MethodImplOptions.AggressiveOptimization)]
    void Rows1<T, TTarget>(ref float w, ref float source, nint below, in TTarget target)
        where T : struct, ILanes<T>
        where TTarget : struct, IShiftedTarget, allows ref struct
    {
        T c0 = T.Broadcast(0), d0 = c0;
        for (int i = planes; i > 0; i--, source = ref Unsafe.Add(ref source, planeStep), w = ref Unsafe.Add(ref w, planeWeights))
        {
            ref float row = ref source;
            ref float rowWeights0 = ref w;
            for (int j = rows; j > 0; j--, row = ref Unsafe.Add(ref row, rowStep),
                rowWeights0 = ref Unsafe.Add(ref rowWeights0, rowWeights))
            {
                ref float value = ref row;
                ref float weight = ref rowWeights0;
                for (int k = columns; k > 0; k--, value = ref Unsafe.Add(ref value, columnStep),
                    weight = ref Unsafe.Add(ref weight, columnWeights))
                {
                    T v = T.Load(ref value, 0), u = T.Load(ref value, (nuint)below);
                    var s0 = T.Broadcast(weight);
                    c0 = T.MultiplyAdd(s0, v, c0);
                    d0 = T.MultiplyAdd(s0, u, d0);
                }
            }
        }

        target.Accept(0, c0, d0);
    }
}

/// <summary>maps[row] = sums + bias[row].</summary>
readonly ref struct MapTarget(ref float maps, nint mapLength, nint below, ref float bias) : IShiftedTarget
{
    readonly ref float _maps = ref maps;
    readonly ref float _bias = ref bias;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Accept<T>(int row, T sums, T sumsBelow)
        where T : struct, ILanes<T>
    {
        var addend = T.Broadcast(Unsafe.Add(ref _bias, row));
        T.Store(sums + addend, ref _maps, (nuint)(row * mapLength));
        T.Store(sumsBelow + addend, ref _maps, (nuint)(row * mapLength + below));
    }
}

/// <summary>planes[row] += sums. Both are loaded before one is stored: they may be the same.</summary>
readonly ref struct PlaneTarget(ref float planes, nint planeLength, nint below) : IShiftedTarget
{
    readonly ref float _planes = ref planes;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Accept<T>(int row, T sums, T sumsBelow)
        where T : struct, ILanes<T>
    {
        sums += T.Load(ref _planes, (nuint)(row * planeLength));
        sumsBelow += T.Load(ref _planes, (nuint)(row * planeLength + below));
        T.Store(sums, ref _planes, (nuint)(row * planeLength));
        T.Store(sumsBelow, ref _planes, (nuint)(row * planeLength + below));
    }
}

/// <summary>The same for the last whole register of a row, of which only the last columns are still to be added.</summary>
/// <param name="planes">of the first sum of the register</param>
/// <param name="planeLength">distance between the planes</param>
/// <param name="below">distance to the planes of the second source</param>
/// <param name="mask">1 where columns are still to be added, 0 elsewhere; a register of them</param>
readonly ref struct LastPlaneTarget(ref float planes, nint planeLength, nint below, ref float mask) : IShiftedTarget
{
    readonly PlaneTarget _all = new(ref planes, planeLength, below);
    readonly ref float _mask = ref mask;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Accept<T>(int row, T sums, T sumsBelow)
        where T : struct, ILanes<T>
    {
        T isLeft = T.Load(ref _mask, 0), none = T.Broadcast(0);
        _all.Accept(row, T.IfPositive(isLeft, sums, none), T.IfPositive(isLeft, sumsBelow, none));
    }
}
