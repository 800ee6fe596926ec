using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace EdgeLearn;

/// <summary>
/// The right operand of a product as its tiles read it: panels of neighbouring columns, each [depth x width] and contiguous, widest first.
/// The widths are those of the registers in use (a pair of them, then single ones), so that every load of a tile is a whole register that
/// belongs to it.
/// </summary>
static class Packing
{
    // Columns of the next panel when so many are left.
    static int PanelWidth(int left, int bits)
    {
        if (Vector512.IsHardwareAccelerated && bits >= 512 && left >= 32) return 32;
        if (Vector256.IsHardwareAccelerated && bits >= 256 && left >= 16) return 16;
        if (bits >= 128 && left >= 4) return left >= 8 ? 8 : 4;
        return 1;
    }

    /// <summary>
    /// Columns of a batch with padding, so that its last tile is a register as well: a multiple of 8 everywhere, so that every board plans
    /// the same memory.
    /// </summary>
    public static int PaddedBatch(int batch) => (batch + 7) / 8 * 8;

    /// <summary>
    /// Packs rows of samples as columns: panel[k, j] = x[j, k]; columns from <paramref name="samples"/> to <paramref name="columns"/>
    /// become 0.
    /// </summary>
    public static void PackTransposed(int samples, int columns, int depth, ref float x, nint xStride, ref float packed, int bits)
    {
        for (int j = 0; j < columns;)
        {
            int width = PanelWidth(columns - j, bits);
            int filled = Math.Clamp(samples - j, 0, width);
            ref float panel = ref Unsafe.Add(ref packed, (nint)j * depth);
            if (filled < width)
            {
                for (int k = 0; k < depth; k++)
                {
                    for (int i = filled; i < width; i++) Unsafe.Add(ref panel, (nint)k * width + i) = 0;
                }
            }

            Kernels.Transpose(filled, depth, ref Unsafe.Add(ref x, j * xStride), xStride, ref panel, width);
            j += width;
        }
    }

    /// <summary>Packs rows as they are: panel[k, j] = b[k, j].</summary>
    public static void PackRows(int columns, int depth, ref float b, nint bStride, ref float packed, int bits)
    {
        for (int j = 0; j < columns;)
        {
            int width = PanelWidth(columns - j, bits);
            ref float source = ref Unsafe.Add(ref b, j);
            ref float panel = ref Unsafe.Add(ref packed, (nint)j * depth);
            switch (width)
            {
                case 32: CopyRows<Pair<Lanes16>>(depth, ref source, bStride, ref panel); break;
                case 16: CopyRows<Pair<Lanes8>>(depth, ref source, bStride, ref panel); break;
                case 8: CopyRows<Pair<Lanes4>>(depth, ref source, bStride, ref panel); break;
                case 4: CopyRows<Lanes4>(depth, ref source, bStride, ref panel); break;
                default: CopyRows<Lanes1>(depth, ref source, bStride, ref panel); break;
            }

            j += width;
        }
    }

    static void CopyRows<T>(int depth, ref float source, nint stride, ref float panel)
        where T : struct, ILanes<T>
    {
        for (int k = 0; k < depth; k++) T.Store(T.Load(ref Unsafe.Add(ref source, k * stride), 0), ref panel, (nuint)(k * T.Count));
    }

    /// <summary>Packs a matrix of any strides: panel[k, j] = b[k * rowStride + j * columnStride].</summary>
    public static void PackStrided(int columns, int depth, ref float b, nint rowStride, nint columnStride, ref float packed, int bits)
    {
        if (rowStride == 1)
        {
            PackTransposed(columns, columns, depth, ref b, columnStride, ref packed, bits);
            return;
        }

        for (int j = 0; j < columns;)
        {
            int width = PanelWidth(columns - j, bits);
            ref float panel = ref Unsafe.Add(ref packed, (nint)j * depth);
            for (int k = 0; k < depth; k++)
            {
                for (int i = 0; i < width; i++)
                    Unsafe.Add(ref panel, (nint)k * width + i) = Unsafe.Add(ref b, k * rowStride + (j + i) * columnStride);
            }

            j += width;
        }
    }
}
