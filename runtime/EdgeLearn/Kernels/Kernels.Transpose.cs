using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.Arm;
using System.Runtime.Intrinsics.X86;

namespace EdgeLearn;

static partial class Kernels
{
    /// <summary>destination[c, r] = source[r, c].</summary>
    /// <param name="rows">rows of source</param>
    /// <param name="columns">columns of source</param>
    /// <param name="source">[rows x columns]</param>
    /// <param name="destination">[columns x rows], written; may not overlap</param>
    public static void Transpose(int rows, int columns, ReadOnlySpan<float> source, Span<float> destination)
    {
        Check.Length(source, (long)rows * columns);
        Check.Length(destination, (long)rows * columns);
        Transpose(rows, columns, ref MemoryMarshal.GetReference(source), columns, ref MemoryMarshal.GetReference(destination), rows);
    }

    /// <summary>destination[c, r] = source[r, c] where neither need be contiguous.</summary>
    /// <param name="rows">rows of source</param>
    /// <param name="columns">columns of source</param>
    /// <param name="source">row r begins at r * sourceStride</param>
    /// <param name="sourceStride">distance between the rows of source</param>
    /// <param name="destination">row c begins at c * destinationStride; written; may not overlap</param>
    /// <param name="destinationStride">distance between the rows of destination</param>
    public static void Transpose(int rows, int columns, ReadOnlySpan<float> source, int sourceStride, Span<float> destination,
        int destinationStride)
    {
        Check.Rows(source, rows, columns, sourceStride);
        Check.Rows(destination, columns, rows, destinationStride);
        Transpose(rows, columns, ref MemoryMarshal.GetReference(source), sourceStride, ref MemoryMarshal.GetReference(destination),
            destinationStride);
    }

    // Strips of 16 rows, then of 8, so that the destination is written a whole cache line at a time where it can be.
    internal static void Transpose(int rows, int columns, ref float source, nint sourceStride, ref float destination,
        nint destinationStride)
    {
        int r = 0;
        if (CanTranspose8 && columns >= 8)
        {
            while (r + 8 <= rows)
            {
                int strip = r + 16 <= rows ? 16 : 8, whole = columns / 8 * 8;
                ref float s = ref Unsafe.Add(ref source, r * sourceStride);
                ref float d = ref Unsafe.Add(ref destination, r);
                if (strip == 16) TransposeRows16(whole, ref s, sourceStride, ref d, destinationStride);
                else TransposeRows8(whole, ref s, sourceStride, ref d, destinationStride);
                if (whole < columns)
                {
                    TransposeRest(strip, columns - whole, ref Unsafe.Add(ref s, whole), sourceStride,
                        ref Unsafe.Add(ref d, whole * destinationStride), destinationStride);
                }
                r += strip;
            }
        }

        if (r < rows)
        {
            TransposeRest(rows - r, columns, ref Unsafe.Add(ref source, r * sourceStride), sourceStride, ref Unsafe.Add(ref destination, r),
                destinationStride);
        }
    }

    static void TransposeRows16(int columns, ref float source, nint sourceStride, ref float destination, nint destinationStride)
    {
        nint eight = 8 * destinationStride;
        ref float below = ref Unsafe.Add(ref source, 8 * sourceStride);
        for (; columns > 0; columns -= 8, source = ref Unsafe.Add(ref source, 8), below = ref Unsafe.Add(ref below, 8),
            destination = ref Unsafe.Add(ref destination, eight))
        {
            Transpose8(ref source, sourceStride, ref destination, destinationStride);
            Transpose8(ref below, sourceStride, ref Unsafe.Add(ref destination, 8), destinationStride);
        }
    }

    static void TransposeRows8(int columns, ref float source, nint sourceStride, ref float destination, nint destinationStride)
    {
        nint eight = 8 * destinationStride;
        for (; columns > 0; columns -= 8, source = ref Unsafe.Add(ref source, 8), destination = ref Unsafe.Add(ref destination, eight))
            Transpose8(ref source, sourceStride, ref destination, destinationStride);
    }

    static void TransposeRest(int rows, int columns, ref float source, nint sourceStride, ref float destination, nint destinationStride)
    {
        int r = 0;
        for (; CanTranspose4 && r + 4 <= rows; r += 4)
        {
            int c = 0;
            for (; c + 4 <= columns; c += 4)
            {
                ref float s = ref Unsafe.Add(ref source, r * sourceStride + c);
                Transpose4(Vector128.LoadUnsafe(ref s), Vector128.LoadUnsafe(ref Unsafe.Add(ref s, sourceStride)),
                    Vector128.LoadUnsafe(ref Unsafe.Add(ref s, 2 * sourceStride)),
                    Vector128.LoadUnsafe(ref Unsafe.Add(ref s, 3 * sourceStride)), out var d0, out var d1, out var d2, out var d3);
                ref float d = ref Unsafe.Add(ref destination, c * destinationStride + r);
                d0.StoreUnsafe(ref d);
                d1.StoreUnsafe(ref Unsafe.Add(ref d, destinationStride));
                d2.StoreUnsafe(ref Unsafe.Add(ref d, 2 * destinationStride));
                d3.StoreUnsafe(ref Unsafe.Add(ref d, 3 * destinationStride));
            }

            if (c < columns)
            {
                TransposeScalars(4, columns - c, ref Unsafe.Add(ref source, r * sourceStride + c), sourceStride,
                    ref Unsafe.Add(ref destination, c * destinationStride + r), destinationStride);
            }
        }

        if (r < rows)
        {
            TransposeScalars(rows - r, columns, ref Unsafe.Add(ref source, r * sourceStride), sourceStride,
                ref Unsafe.Add(ref destination, r), destinationStride);
        }
    }

    static void TransposeScalars(int rows, int columns, ref float source, nint sourceStride, ref float destination, nint destinationStride)
    {
        for (int c = 0; c < columns; c++)
        {
            for (int r = 0; r < rows; r++)
                Unsafe.Add(ref destination, c * destinationStride + r) = Unsafe.Add(ref source, r * sourceStride + c);
        }
    }

    static bool CanTranspose8 => InstructionSet.Use256 && Avx.IsSupported;

    // Eight rows of eight become eight columns: 4 x 4 blocks inside the halves of the registers, then the halves change places.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static void Transpose8(ref float source, nint sourceStride, ref float destination, nint destinationStride)
    {
        Transpose4Halves(ref source, sourceStride, ref Unsafe.Add(ref source, 4 * sourceStride), out var d0, out var d1, out var d2,
            out var d3);
        Transpose4Halves(ref Unsafe.Add(ref source, 4), sourceStride, ref Unsafe.Add(ref source, 4 * sourceStride + 4), out var d4,
            out var d5, out var d6, out var d7);
        d0.StoreUnsafe(ref destination);
        d1.StoreUnsafe(ref Unsafe.Add(ref destination, destinationStride));
        d2.StoreUnsafe(ref Unsafe.Add(ref destination, 2 * destinationStride));
        d3.StoreUnsafe(ref Unsafe.Add(ref destination, 3 * destinationStride));
        destination = ref Unsafe.Add(ref destination, 4 * destinationStride);
        d4.StoreUnsafe(ref destination);
        d5.StoreUnsafe(ref Unsafe.Add(ref destination, destinationStride));
        d6.StoreUnsafe(ref Unsafe.Add(ref destination, 2 * destinationStride));
        d7.StoreUnsafe(ref Unsafe.Add(ref destination, 3 * destinationStride));
    }

    // Columns 0..3 of rows 0..3 in the low halves and of rows 4..7 in the high ones.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static void Transpose4Halves(ref float low, nint stride, ref float high, out Vector256<float> c0, out Vector256<float> c1,
    out Vector256<float> c2, out Vector256<float> c3)
    {
        var r0 = Vector256.Create(Vector128.LoadUnsafe(ref low), Vector128.LoadUnsafe(ref high));
        var r1 = Vector256.Create(Vector128.LoadUnsafe(ref Unsafe.Add(ref low, stride)),
            Vector128.LoadUnsafe(ref Unsafe.Add(ref high, stride)));
        var r2 = Vector256.Create(Vector128.LoadUnsafe(ref Unsafe.Add(ref low, 2 * stride)),
            Vector128.LoadUnsafe(ref Unsafe.Add(ref high, 2 * stride)));
        var r3 = Vector256.Create(Vector128.LoadUnsafe(ref Unsafe.Add(ref low, 3 * stride)),
            Vector128.LoadUnsafe(ref Unsafe.Add(ref high, 3 * stride)));
        var t0 = Avx.UnpackLow(r0, r1);
        var t1 = Avx.UnpackHigh(r0, r1);
        var t2 = Avx.UnpackLow(r2, r3);
        var t3 = Avx.UnpackHigh(r2, r3);
        c0 = Avx.Shuffle(t0, t2, 0x44);
        c1 = Avx.Shuffle(t0, t2, 0xEE);
        c2 = Avx.Shuffle(t1, t3, 0x44);
        c3 = Avx.Shuffle(t1, t3, 0xEE);
    }

    static bool CanTranspose4 => InstructionSet.Use128 && (Sse.IsSupported || AdvSimd.Arm64.IsSupported);

    // Four rows of four become four columns.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static void Transpose4(Vector128<float> a, Vector128<float> b, Vector128<float> c, Vector128<float> d, out Vector128<float> c0,
    out Vector128<float> c1, out Vector128<float> c2, out Vector128<float> c3)
    {
        if (Sse.IsSupported)
        {
            var ab = Sse.UnpackLow(a, b);
            var cd = Sse.UnpackLow(c, d);
            c0 = Sse.MoveLowToHigh(ab, cd);
            c1 = Sse.MoveHighToLow(cd, ab);
            ab = Sse.UnpackHigh(a, b);
            cd = Sse.UnpackHigh(c, d);
            c2 = Sse.MoveLowToHigh(ab, cd);
            c3 = Sse.MoveHighToLow(cd, ab);
        }
        else
        {
            var ab = AdvSimd.Arm64.ZipLow(a, b).AsDouble();
            var cd = AdvSimd.Arm64.ZipLow(c, d).AsDouble();
            c0 = AdvSimd.Arm64.ZipLow(ab, cd).AsSingle();
            c1 = AdvSimd.Arm64.ZipHigh(ab, cd).AsSingle();
            ab = AdvSimd.Arm64.ZipHigh(a, b).AsDouble();
            cd = AdvSimd.Arm64.ZipHigh(c, d).AsDouble();
            c2 = AdvSimd.Arm64.ZipLow(ab, cd).AsSingle();
            c3 = AdvSimd.Arm64.ZipHigh(ab, cd).AsSingle();
        }
    }

    // y[c, r] = tile[r, c] + bias[r] for the first `samples` columns of a tile.
    internal static void TransposeTile(int rows, int columns, ref float tile, ReadOnlySpan<float> bias, ref float y, nint yStride,
        int samples)
    {
        int r = 0;
        for (; CanTranspose8 && r + 8 <= rows && samples >= 8; r += 8)
            TransposeTileRows8(r, columns, ref tile, Vector256.LoadUnsafe(in bias[r]), bias, ref y, yStride, samples);
        for (; CanTranspose4 && r + 4 <= rows && samples >= 4; r += 4)
            TransposeTileRows4(r, columns, ref tile, Vector128.LoadUnsafe(in bias[r]), bias, ref y, yStride, samples);
        if (CanTranspose4 && r < rows && rows >= 4 && samples >= 4)
        {
            // What is left is the last four rows, some of them once more.
            TransposeTileRows4(rows - 4, columns, ref tile, Vector128.LoadUnsafe(in bias[rows - 4]), bias, ref y, yStride, samples);
            r = rows;
        }

        AddTransposed(r, rows, 0, samples, columns, ref tile, bias, ref y, yStride);
    }

    static void TransposeTileRows8(int r, int columns, ref float tile, Vector256<float> addend, ReadOnlySpan<float> bias, ref float y,
        nint yStride, int samples)
    {
        int c = 0;
        for (; c + 8 <= samples; c += 8)
        {
            ref float source = ref Unsafe.Add(ref tile, r * columns + c);
            ref float destination = ref Unsafe.Add(ref y, c * yStride + r);
            Transpose4Halves(ref source, columns, ref Unsafe.Add(ref source, 4 * columns), out var d0, out var d1, out var d2, out var d3);
            (d0 + addend).StoreUnsafe(ref destination);
            (d1 + addend).StoreUnsafe(ref Unsafe.Add(ref destination, yStride));
            (d2 + addend).StoreUnsafe(ref Unsafe.Add(ref destination, 2 * yStride));
            (d3 + addend).StoreUnsafe(ref Unsafe.Add(ref destination, 3 * yStride));
            destination = ref Unsafe.Add(ref destination, 4 * yStride);
            Transpose4Halves(ref Unsafe.Add(ref source, 4), columns, ref Unsafe.Add(ref source, 4 * columns + 4), out d0, out d1, out d2,
                out d3);
            (d0 + addend).StoreUnsafe(ref destination);
            (d1 + addend).StoreUnsafe(ref Unsafe.Add(ref destination, yStride));
            (d2 + addend).StoreUnsafe(ref Unsafe.Add(ref destination, 2 * yStride));
            (d3 + addend).StoreUnsafe(ref Unsafe.Add(ref destination, 3 * yStride));
        }

        AddTransposed(r, r + 8, c, samples, columns, ref tile, bias, ref y, yStride);
    }

    static void TransposeTileRows4(int r, int columns, ref float tile, Vector128<float> addend, ReadOnlySpan<float> bias, ref float y,
        nint yStride, int samples)
    {
        int c = 0;
        for (; c + 4 <= samples; c += 4)
        {
            ref float source = ref Unsafe.Add(ref tile, r * columns + c);
            Transpose4(Vector128.LoadUnsafe(ref source), Vector128.LoadUnsafe(ref source, (nuint)columns),
                Vector128.LoadUnsafe(ref source, 2 * (nuint)columns), Vector128.LoadUnsafe(ref source, 3 * (nuint)columns), out var d0,
                out var d1, out var d2, out var d3);
            ref float destination = ref Unsafe.Add(ref y, c * yStride + r);
            (d0 + addend).StoreUnsafe(ref destination);
            (d1 + addend).StoreUnsafe(ref Unsafe.Add(ref destination, yStride));
            (d2 + addend).StoreUnsafe(ref Unsafe.Add(ref destination, 2 * yStride));
            (d3 + addend).StoreUnsafe(ref Unsafe.Add(ref destination, 3 * yStride));
        }

        AddTransposed(r, r + 4, c, samples, columns, ref tile, bias, ref y, yStride);
    }

    static void AddTransposed(int fromRow, int toRow, int fromColumn, int toColumn, int columns, ref float tile, ReadOnlySpan<float> bias,
        ref float y, nint yStride)
    {
        for (int c = fromColumn; c < toColumn; c++)
        {
            for (int r = fromRow; r < toRow; r++) Unsafe.Add(ref y, c * yStride + r) = Unsafe.Add(ref tile, r * columns + c) + bias[r];
        }
    }
}
