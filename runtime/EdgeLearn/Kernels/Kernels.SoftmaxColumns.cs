using System.Runtime.InteropServices;

namespace EdgeLearn;

// Softmax down the columns: one column a sample, one row a class, as a product leaves them whose left operand is the weights. Neighbouring
// samples fill a register, so that no sum goes across one.
static partial class Kernels
{
    /// <summary>
    /// Takes more classes into the running maximum and sum of exponentials of each column: afterwards maximum + log(sum) is the logarithm
    /// of the sum of exp over all classes so far. On request z becomes exp(z - maximum), with the maximum as it is now.
    /// </summary>
    /// <param name="rows">classes</param>
    /// <param name="columns">samples</param>
    /// <param name="z">[rows x columns]</param>
    /// <param name="maxima">[columns]; minus infinity at first</param>
    /// <param name="sums">[columns], of exp(z - maximum); 0 at first</param>
    /// <param name="stores">whether z is overwritten</param>
    public static void AddExpColumns(int rows, int columns, Span<float> z, Span<float> maxima, Span<float> sums, bool stores)
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
            // a NaN can get lost here: the sum that follows meets it
            for (nuint i = 0, at = (nuint)j; i < (nuint)rows; i++, at += (nuint)columns) maximum = T.Max(maximum, T.Load(ref z0, at));
            var sum = T.Load(ref sums0, (nuint)j) * Functions.Exp(before - maximum);
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

    /// <summary>Powers become shares of the whole: z = z * exp(before - maximum) * factor / sum, down each column.</summary>
    /// <param name="rows">classes</param>
    /// <param name="columns">samples</param>
    /// <param name="z">[rows x columns], exp(logit - before) as
    /// <see cref="AddExpColumns(int, int, Span{float}, Span{float}, Span{float}, bool)"/> left them; overwritten</param>
    /// <param name="before">[columns], the maxima when the powers were made</param>
    /// <param name="maxima">[columns], of all classes</param>
    /// <param name="sums">[columns], of all classes</param>
    /// <param name="factor">times the probabilities</param>
    public static void ShareColumns(int rows, int columns, Span<float> z, ReadOnlySpan<float> before, ReadOnlySpan<float> maxima,
        ReadOnlySpan<float> sums, float factor)
    {
        Check.Length(z, (long)rows * columns);
        Check.Length(before, columns);
        Check.Length(maxima, columns);
        Check.Length(sums, columns);
        int done = 0;
        if (InstructionSet.Use512) done = ShareColumns<Pair<Lanes16>>(done, rows, columns, z, before, maxima, sums, factor);
        if (InstructionSet.Use256) done = ShareColumns<Pair<Lanes8>>(done, rows, columns, z, before, maxima, sums, factor);
        if (InstructionSet.Use128) done = ShareColumns<Pair<Lanes4>>(done, rows, columns, z, before, maxima, sums, factor);
        ShareColumns<Lanes1>(done, rows, columns, z, before, maxima, sums, factor);
    }

    static int ShareColumns<T>(int from, int rows, int columns, Span<float> z, ReadOnlySpan<float> before, ReadOnlySpan<float> maxima,
        ReadOnlySpan<float> sums, float factor)
        where T : struct, ILanes<T>
    {
        ref float z0 = ref MemoryMarshal.GetReference(z);
        ref float before0 = ref MemoryMarshal.GetReference(before);
        ref float maxima0 = ref MemoryMarshal.GetReference(maxima);
        ref float sums0 = ref MemoryMarshal.GetReference(sums);
        int j = from;
        for (; j + T.Count <= columns; j += T.Count)
        {
            var f = Functions.Exp(T.Load(ref before0, (nuint)j) - T.Load(ref maxima0, (nuint)j)) * T.Broadcast(factor)
                / T.Load(ref sums0, (nuint)j);
            for (nuint i = 0, at = (nuint)j; i < (nuint)rows; i++, at += (nuint)columns) T.Store(T.Load(ref z0, at) * f, ref z0, at);
        }

        return j;
    }

    /// <summary>
    /// c[r, b] = w[r, :] . x[b, :] from a packed batch: as <see cref="DenseForwardPacked"/>, but with the classes in rows and the samples
    /// in columns, and no bias.
    /// </summary>
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
        ProductLoop.Run(rows, columns, length, ref MemoryMarshal.GetReference(w), length, 1, ref MemoryMarshal.GetReference(packed), 0,
            new StoreTarget(ref MemoryMarshal.GetReference(c), columns), InstructionSet.VectorBits);
    }
}
