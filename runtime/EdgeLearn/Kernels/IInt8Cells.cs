using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.Arm;
using System.Runtime.Intrinsics.X86;

namespace EdgeLearn;

/// <summary>
/// How an instruction set multiplies codes whose samples lie side by side: each 32-bit lane of a register belongs to one sample and holds a
/// cell of its neighbouring codes, the same cell of a weight's row is broadcast, and a lane gets the sum of their products. The sums are
/// exact, so every form gives the same result.
/// </summary>
/// <typeparam name="T">register of cells, and of sums</typeparam>
interface IInt8Cells<T>
    where T : struct
{
    /// <summary>Codes in a cell: two as 16-bit numbers, or four as bytes.</summary>
    static abstract int Codes { get; }

    /// <summary>Samples in a register.</summary>
    static abstract int Lanes { get; }

    /// <summary>Reads a cell of each sample.</summary>
    static abstract T Load(ref int source);

    /// <summary>The same cell in each lane.</summary>
    static abstract T Broadcast(int cell);

    /// <summary>sum + the products of each lane's codes.</summary>
    static abstract T MultiplyAdd(T sum, T x, T w);

    /// <summary>destination = (scales * scale) * sums, as floats.</summary>
    static abstract void StoreScaled(T sums, ref float scales, float scale, ref float destination);
}

/// <summary>vpmaddwd on 512 bits: 32 products an instruction.</summary>
readonly struct Int8Cells512 : IInt8Cells<Vector512<int>>
{
    public static int Codes => 2;

    public static int Lanes => 16;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<int> Load(ref int source) => Vector512.LoadUnsafe(ref source);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<int> Broadcast(int cell) => Vector512.Create(cell);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<int> MultiplyAdd(Vector512<int> sum, Vector512<int> x, Vector512<int> w)
    => sum + Avx512BW.MultiplyAddAdjacent(x.AsInt16(), w.AsInt16());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void StoreScaled(Vector512<int> sums, ref float scales, float scale, ref float destination)
        => (Vector512.LoadUnsafe(ref scales) * Vector512.Create(scale) * Vector512.ConvertToSingle(sums)).StoreUnsafe(ref destination);
}

/// <summary>The same on 256 bits.</summary>
readonly struct Int8Cells256 : IInt8Cells<Vector256<int>>
{
    public static int Codes => 2;

    public static int Lanes => 8;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> Load(ref int source) => Vector256.LoadUnsafe(ref source);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> Broadcast(int cell) => Vector256.Create(cell);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> MultiplyAdd(Vector256<int> sum, Vector256<int> x, Vector256<int> w)
    => sum + Avx2.MultiplyAddAdjacent(x.AsInt16(), w.AsInt16());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void StoreScaled(Vector256<int> sums, ref float scales, float scale, ref float destination)
        => (Vector256.LoadUnsafe(ref scales) * Vector256.Create(scale) * Vector256.ConvertToSingle(sums)).StoreUnsafe(ref destination);
}

/// <summary>
/// vpdpbusd (AVX-VNNI): 32 products and their sums an instruction. It wants one side unsigned: |w| with the sign of w on x.
/// </summary>
readonly struct Int8CellsVnni : IInt8Cells<Vector256<int>>
{
    public static int Codes => 4;

    public static int Lanes => 8;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> Load(ref int source) => Vector256.LoadUnsafe(ref source);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> Broadcast(int cell) => Vector256.Create(cell);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> MultiplyAdd(Vector256<int> sum, Vector256<int> x, Vector256<int> w)
    => AvxVnni.MultiplyWideningAndAdd(sum, Avx2.Abs(w.AsSByte()), Avx2.Sign(x.AsSByte(), w.AsSByte()));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void StoreScaled(Vector256<int> sums, ref float scales, float scale, ref float destination)
    => Int8Cells256.StoreScaled(sums, ref scales, scale, ref destination);
}

/// <summary>sdot (ARMv8.2 dot product): 16 products and their sums an instruction.</summary>
readonly struct Int8CellsArm : IInt8Cells<Vector128<int>>
{
    public static int Codes => 4;

    public static int Lanes => 4;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<int> Load(ref int source) => Vector128.LoadUnsafe(ref source);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<int> Broadcast(int cell) => Vector128.Create(cell);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<int> MultiplyAdd(Vector128<int> sum, Vector128<int> x, Vector128<int> w)
    => Dp.DotProduct(sum, x.AsSByte(), w.AsSByte());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void StoreScaled(Vector128<int> sums, ref float scales, float scale, ref float destination)
        => (Vector128.LoadUnsafe(ref scales) * Vector128.Create(scale) * Vector128.ConvertToSingle(sums)).StoreUnsafe(ref destination);
}
