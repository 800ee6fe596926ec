using System.Runtime.InteropServices;

namespace EdgeLearn;

// Softmax down the columns: one column a sample, one row a class, as a product leaves them whose left operand is the weights. Neighbouring samples fill a register, so that no sum goes across one.
public static partial class Kernels
{
    /// <summary>z becomes exp(z - maximum of its column).</summary>
    /// <param name="rows">classes</param>
    /// <param name="columns">samples</param>
    /// <param name="z">[rows x columns], overwritten</param>
    /// <param name="maxima">[columns], written</param>
    /// <param name="sums">[columns], written: sums of what z became</param>
    public static void ExpColumns(int rows, int columns, Span<float> z, Span<float> maxima, Span<float> sums)
    {
        maxima[..columns].Fill(float.NegativeInfinity);
        sums[..columns].Clear();
        AddExpColumns(rows, columns, z, maxima, sums, stores: true);
    }

    /// <summary>Takes more classes into the running maximum and sum of exponentials of each column: afterwards maximum + log(sum) is the logarithm of the sum of exp over all classes so far.</summary>
    /// <param name="rows">classes</param>
    /// <param name="columns">samples</param>
    /// <param name="z">[rows x columns]</param>
    /// <param name="maxima">[columns]; minus infinity at first</param>
    /// <param name="sums">[columns], of exp(z - maximum); 0 at first</param>
    public static void AddExpColumns(int rows, int columns, Span<float> z, Span<float> maxima, Span<float> sums) => AddExpColumns(rows, columns, z, maxima, sums, stores: false);

    static void AddExpColumns(int rows, int columns, Span<float> z, Span<float> maxima, Span<float> sums, bool stores)
    {
        Check.Length(z, (long)rows * columns);
        Check.Length(maxima, columns);
        Check.Length(sums, columns);
        int done = 0;
        if (InstructionSet.Use512) done = AddExpColumns<Pair<Lanes16>>(done, rows, columns, z, maxima, sums, stores);
        if (InstructionSet.Use256) done = AddExpColumns<Pair<Lanes8>>(done, rows, columns, z, maxima, sums, stores);
        if (InstructionSet.Use128) done = AddExpColumns<Pair<Lanes4>>(done, rows, columns, z, maxima, sums, stores);
        AddExpColumns<Lanes1>(done, rows, columns, z, maxima, sums, stores);
    }

    static int AddExpColumns<T>(int from, int rows, int columns, Span<float> z, Span<float> maxima, Span<float> sums, bool stores)
        where T : struct, ILanes<T>
    {
        ref float z0 = ref MemoryMarshal.GetReference(z);
        ref float maxima0 = ref MemoryMarshal.GetReference(maxima);
        ref float sums0 = ref MemoryMarshal.GetReference(sums);
        int j = from;
        for (; j + T.Count <= columns; j += T.Count)
        {
            T before = T.Load(ref maxima0, (nuint)j), maximum = before;
            for (nuint i = 0, at = (nuint)j; i < (nuint)rows; i++, at += (nuint)columns) maximum = T.Max(maximum, T.Load(ref z0, at)); // a NaN can get lost here: the sum that follows meets it
            T sum = T.Load(ref sums0, (nuint)j) * Functions.Exp(before - maximum);
            for (nuint i = 0, at = (nuint)j; i < (nuint)rows; i++, at += (nuint)columns)
            {
                var power = Functions.Exp(T.Load(ref z0, at) - maximum);
                if (stores) T.Store(power, ref z0, at);
                sum += power;
            }

            T.Store(maximum, ref maxima0, (nuint)j);
            T.Store(sum, ref sums0, (nuint)j);
        }

        return j;
    }

    /// <summary>c[r, b] = w[r, :] . x[b, :] from a packed batch: as <see cref="DenseForwardPacked"/>, but with the classes in rows and the samples in columns, and no bias.</summary>
    /// <param name="rows">rows of w</param>
    /// <param name="batch">samples; c has as many columns as they have with their padding to a multiple of 8</param>
    /// <param name="length">values in a row of w and of x</param>
    /// <param name="w">[rows x length], read where it lies</param>
    /// <param name="packed">the batch after <see cref="PackBatch"/></param>
    /// <param name="c">[rows x padded batch], written</param>
    public static void ProductPacked(int rows, int batch, int length, ReadOnlySpan<float> w, ReadOnlySpan<float> packed, Span<float> c)
    {
        int columns = Packing.PaddedBatch(batch);
        Check.Length(w, (long)rows * length);
        Check.Length(packed, PackedBatchLength(batch, length));
        Check.Length(c, (long)rows * columns);
        ProductLoop.Run(rows, columns, length, ref MemoryMarshal.GetReference(w), length, 1, ref MemoryMarshal.GetReference(packed), 0, new StoreTarget(ref MemoryMarshal.GetReference(c), columns), InstructionSet.VectorBits);
    }
}
