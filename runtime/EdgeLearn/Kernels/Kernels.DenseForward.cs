using System.Runtime.InteropServices;

namespace EdgeLearn;

static partial class Kernels
{
    // From here on neighbouring samples fill a register. The same for every width, so that a forward pass has the same bits on every CPU.
    const int PackedSamples = 16, PackedRows = 4;

    /// <summary>
    /// Whether the forward pass of a dense layer reads a batch of this size packed: packing costs about as much as three rows of weights.
    /// </summary>
    public static bool PacksBatch(int batch, int rows) => batch >= PackedSamples && rows >= PackedRows;

    /// <summary>
    /// Samples that are best packed at a time: a tile of the widest registers, or half of one where few rows would pay for more memory.
    /// More would cost memory, and weights are read from the second-level cache fast enough.
    /// </summary>
    public static int SamplesPacked(int rows) => rows >= 16 ? 32 : 16;

    /// <summary>Floats that <see cref="PackBatch"/> writes.</summary>
    public static long PackedBatchLength(int batch, int length) => (long)Packing.PaddedBatch(batch) * length;

    /// <summary>
    /// Prepares a batch for the forward pass: neighbouring samples come to lie side by side, so that each weight is read once and
    /// multiplied with a register of them.
    /// </summary>
    /// <param name="batch">rows of x</param>
    /// <param name="length">values in a row</param>
    /// <param name="x">[batch x length]</param>
    /// <param name="packed">[<see cref="PackedBatchLength"/>], written</param>
    public static void PackBatch(int batch, int length, ReadOnlySpan<float> x, Span<float> packed)
    {
        Check.Length(x, (long)batch * length);
        Check.Length(packed, PackedBatchLength(batch, length));
        Packing.PackTransposed(batch, Packing.PaddedBatch(batch), length, ref MemoryMarshal.GetReference(x), length,
            ref MemoryMarshal.GetReference(packed), InstructionSet.VectorBits);
    }

    /// <summary>y[b, r] = x[b, :] . w[r, :] + bias[r] for a block of rows of a weight matrix, from a packed batch.</summary>
    /// <param name="batch">samples</param>
    /// <param name="length">values in a row of x and of w</param>
    /// <param name="w">[rows x length], read where it lies</param>
    /// <param name="bias">[rows]</param>
    /// <param name="packed">the batch after <see cref="PackBatch"/></param>
    /// <param name="y">row b begins at b * yStride; [rows] values of each are written</param>
    /// <param name="yStride">distance between the rows of y</param>
    public static void DenseForwardPacked(int batch, int length, ReadOnlySpan<float> w, ReadOnlySpan<float> bias,
        ReadOnlySpan<float> packed, Span<float> y, int yStride)
    {
        CheckDense(batch, length, w, bias, y, yStride);
        Check.Length(packed, PackedBatchLength(batch, length));
        var target = new TransposedTarget(bias, ref MemoryMarshal.GetReference(y), yStride, batch);
        ProductLoop.Run(bias.Length, Packing.PaddedBatch(batch), length, ref MemoryMarshal.GetReference(w), length, 1,
            ref MemoryMarshal.GetReference(packed), 0, target, InstructionSet.VectorBits);
    }

    /// <summary>
    /// Floats of scratch for
    /// <see cref="DenseForward(int, int, ReadOnlySpan{float}, ReadOnlySpan{float}, ReadOnlySpan{float}, Span{float}, int, Span{float})"/>.
    /// </summary>
    /// <param name="batch">samples</param>
    /// <param name="length">values in a row of x and of w</param>
    /// <param name="rows">rows of w</param>
    public static long DenseForwardScratchLength(int batch, int length, int rows)
        => PacksBatch(batch, rows) ? PackedBatchLength(Math.Min(batch, SamplesPacked(rows)), length) : 0;

    /// <summary>y[b, r] = x[b, :] . w[r, :] + bias[r], the batch packed some samples at a time where that pays.</summary>
    /// <param name="batch">samples</param>
    /// <param name="length">values in a row of x and of w</param>
    /// <param name="w">[rows x length], read where it lies</param>
    /// <param name="bias">[rows]</param>
    /// <param name="x">[batch x length]</param>
    /// <param name="y">row b begins at b * yStride; [rows] values of each are written</param>
    /// <param name="yStride">distance between the rows of y</param>
    /// <param name="scratch">[<see cref="DenseForwardScratchLength"/>]</param>
    public static void DenseForward(int batch, int length, ReadOnlySpan<float> w, ReadOnlySpan<float> bias, ReadOnlySpan<float> x,
        Span<float> y, int yStride, Span<float> scratch)
    {
        if (!PacksBatch(batch, bias.Length))
        {
            DenseForward(batch, length, w, bias, x, y, yStride);
            return;
        }

        int samples = SamplesPacked(bias.Length);
        for (int b = 0; b < batch; b += samples)
        {
            int count = Math.Min(samples, batch - b);
            var packed = scratch[..(int)PackedBatchLength(count, length)];
            PackBatch(count, length, x.Slice(b * length, count * length), packed);
            DenseForwardPacked(count, length, w, bias, packed, y[(b * yStride)..], yStride);
        }
    }

    /// <summary>
    /// Prepares rows of a weight matrix for <see cref="DenseForwardByRows"/>: neighbouring outputs come to lie side by side, so that each
    /// input is multiplied with a register of them.
    /// </summary>
    /// <param name="rows">rows of w; whoever packs a matrix in pieces packs a multiple of 32 of them at a time</param>
    /// <param name="length">values in a row</param>
    /// <param name="w">[rows x length]</param>
    /// <param name="packed">[rows * length], written</param>
    public static void PackWeights(int rows, int length, ReadOnlySpan<float> w, Span<float> packed)
    {
        Check.Length(w, (long)rows * length);
        Check.Length(packed, (long)rows * length);
        Packing.PackTransposed(rows, rows, length, ref MemoryMarshal.GetReference(w), length, ref MemoryMarshal.GetReference(packed),
            InstructionSet.VectorBits);
    }

    /// <summary>
    /// The same sums, y[b, r] = x[b, :] . w[r, :] + bias[r], from packed weights: for many samples, which are read where they lie and whose
    /// outputs are written as they lie.
    /// </summary>
    /// <param name="batch">samples</param>
    /// <param name="length">values in a row of x and of w</param>
    /// <param name="packed">the weights after <see cref="PackWeights"/>, [bias.Length * length]</param>
    /// <param name="bias">[rows of w]</param>
    /// <param name="x">[batch x length]</param>
    /// <param name="y">[batch x rows of w], written</param>
    public static void DenseForwardByRows(int batch, int length, ReadOnlySpan<float> packed, ReadOnlySpan<float> bias,
        ReadOnlySpan<float> x, Span<float> y)
    {
        CheckDense(batch, length, packed, bias, y, bias.Length);
        Check.Length(x, (long)batch * length);
        for (int b = 0; b < batch; b++) bias.CopyTo(y[(b * bias.Length)..]);
        ProductLoop.Run(batch, bias.Length, length, ref MemoryMarshal.GetReference(x), length, 1, ref MemoryMarshal.GetReference(packed), 0,
            new AddTarget(ref MemoryMarshal.GetReference(y), bias.Length), InstructionSet.VectorBits);
    }

    /// <summary>The same from a batch as it lies: for few samples or few rows.</summary>
    /// <param name="batch">samples</param>
    /// <param name="length">values in a row of x and of w</param>
    /// <param name="w">[rows x length], read where it lies</param>
    /// <param name="bias">[rows]</param>
    /// <param name="x">[batch x length]</param>
    /// <param name="y">row b begins at b * yStride; [rows] values of each are written</param>
    /// <param name="yStride">distance between the rows of y</param>
    public static void DenseForward(int batch, int length, ReadOnlySpan<float> w, ReadOnlySpan<float> bias, ReadOnlySpan<float> x,
        Span<float> y, int yStride)
    {
        CheckDense(batch, length, w, bias, y, yStride);
        Check.Length(x, (long)batch * length);
        if (batch == 1)
        {
            MatrixVector(bias.Length, length, w, bias, x, y[..bias.Length]);
            return;
        }

        const int Block = 8; // a block of rows stays in the first-level cache while the samples pass by
        int rows = bias.Length;
        for (int r = 0; r < rows; r += Block)
        {
            int count = Math.Min(Block, rows - r);
            for (int b = 0; b < batch; b++)
            {
                MatrixVector(count, length, w.Slice(r * length, count * length), bias.Slice(r, count), x.Slice(b * length, length),
                    y.Slice(b * yStride + r, count));
            }
        }
    }

    static void CheckDense(int batch, int length, ReadOnlySpan<float> w, ReadOnlySpan<float> bias, ReadOnlySpan<float> y, int yStride)
    {
        Check.Length(w, (long)bias.Length * length);
        if (batch > 0 && y.Length < (batch - 1) * yStride + bias.Length)
            throw new ArgumentException($"y has {y.Length} values, needs {(batch - 1) * yStride + bias.Length}", nameof(y));
    }
}
