using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.Arm;
using System.Runtime.Intrinsics.X86;

namespace EdgeLearn;

/// <summary>
/// How an instruction set multiplies bytes and adds the products into 32-bit sums. The sums are exact, so every form gives the same result.
/// </summary>
/// <typeparam name="TSum">register of sums</typeparam>
/// <typeparam name="TCodes">register of codes, as the multiplication wants them</typeparam>
interface IInt8Dot<TSum, TCodes>
    where TSum : struct
    where TCodes : struct
{
    /// <summary>Codes in a register.</summary>
    static abstract int Count { get; }

    /// <summary>Reads codes.</summary>
    static abstract TCodes Load(ref sbyte source, nuint offset);

    /// <summary>sum + products of codes in -127..127, added to each other in neighbouring groups.</summary>
    static abstract TSum MultiplyAdd(TSum sum, TCodes a, TCodes b);

    /// <summary>Sum of all lanes.</summary>
    static abstract int Sum(TSum sum);
}

/// <summary>vpmovsxbw and vpmaddwd on 512 bits: 32 products an instruction.</summary>
readonly struct Int8Dot512 : IInt8Dot<Vector512<int>, Vector512<short>>
{
    public static int Count => 32;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<short> Load(ref sbyte source, nuint offset)
    => Avx512BW.ConvertToVector512Int16(Vector256.LoadUnsafe(ref source, offset));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<int> MultiplyAdd(Vector512<int> sum, Vector512<short> a, Vector512<short> b)
    => sum + Avx512BW.MultiplyAddAdjacent(a, b);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int Sum(Vector512<int> sum) => Vector512.Sum(sum);
}

/// <summary>The same on 256 bits.</summary>
readonly struct Int8Dot256 : IInt8Dot<Vector256<int>, Vector256<short>>
{
    public static int Count => 16;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<short> Load(ref sbyte source, nuint offset)
    => Avx2.ConvertToVector256Int16(Vector128.LoadUnsafe(ref source, offset));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> MultiplyAdd(Vector256<int> sum, Vector256<short> a, Vector256<short> b)
    => sum + Avx2.MultiplyAddAdjacent(a, b);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int Sum(Vector256<int> sum) => Vector256.Sum(sum);
}

/// <summary>
/// vpdpbusd (AVX-VNNI): 32 products and their sums an instruction. It wants one side unsigned: |b| with the sign of b on a.
/// </summary>
readonly struct Int8DotVnni : IInt8Dot<Vector256<int>, Vector256<sbyte>>
{
    public static int Count => 32;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<sbyte> Load(ref sbyte source, nuint offset) => Vector256.LoadUnsafe(ref source, offset);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> MultiplyAdd(Vector256<int> sum, Vector256<sbyte> a, Vector256<sbyte> b)
    => AvxVnni.MultiplyWideningAndAdd(sum, Avx2.Abs(b), Avx2.Sign(a, b));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int Sum(Vector256<int> sum) => Vector256.Sum(sum);
}

/// <summary>sdot (ARMv8.2 dot product): 16 products and their sums an instruction.</summary>
readonly struct Int8DotArm : IInt8Dot<Vector128<int>, Vector128<sbyte>>
{
    public static int Count => 16;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<sbyte> Load(ref sbyte source, nuint offset) => Vector128.LoadUnsafe(ref source, offset);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<int> MultiplyAdd(Vector128<int> sum, Vector128<sbyte> a, Vector128<sbyte> b) => Dp.DotProduct(sum, a, b);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int Sum(Vector128<int> sum) => Vector128.Sum(sum);
}

/// <summary>One product at a time: the reference, and CPUs with none of these.</summary>
readonly struct Int8Dot1 : IInt8Dot<int, int>
{
    public static int Count => 1;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int Load(ref sbyte source, nuint offset) => Unsafe.Add(ref source, offset);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int MultiplyAdd(int sum, int a, int b) => sum + a * b;

    public static int Sum(int sum) => sum;
}
