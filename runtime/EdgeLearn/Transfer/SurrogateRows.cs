using System.Numerics.Tensors;

namespace EdgeLearn;

/// <summary>
/// Rows like some real ones, but without groups: each is the sum of 8 rows drawn by chance, less their mean, with signs drawn by chance,
/// divided by its norm. Such sums have the covariance of the rows and are nearly Gaussian. Only products of pairs of rows are made.
/// </summary>
sealed class SurrogateRows
{
    const int Terms = 8;

    static readonly ulong s_name = Noise.TensorHash("fewshot.surrogate");

    readonly PlannedBuffer _picks;
    readonly PlannedBuffer _means;
    readonly PlannedBuffer _sums;
    readonly PlannedBuffer _products;

    /// <summary>Asks the plan for the buffers.</summary>
    /// <param name="plan">collects the buffers</param>
    /// <param name="mostRows">most rows</param>
    /// <param name="time">the moment of their use</param>
    public SurrogateRows(MemoryPlan plan, int mostRows, int time)
    {
        _picks = Request("picks", (long)mostRows * Terms);
        _means = Request("means", mostRows);
        _sums = Request("sums", mostRows);
        _products = Request("products", (long)mostRows * mostRows);

        PlannedBuffer Request(string what, long length)
            => plan.Request("fewshot.surrogate." + what, MemoryCategory.Activations, length, time, time);
    }

    /// <summary>Makes products of rows those of the rows less their mean.</summary>
    /// <param name="products">[count x count]</param>
    /// <param name="count">rows</param>
    public void Centre(Span<float> products, int count)
    {
        var means = _means.Span[..count];
        double total = 0;
        for (int i = 0; i < count; i++)
        {
            double sum = 0;
            foreach (float product in products.Slice(i * count, count)) sum += product;
            means[i] = (float)(sum / count);
            total += sum / count;
        }

        for (int i = 0; i < count; i++)
        {
            var row = products.Slice(i * count, count);
            TensorPrimitives.Subtract(row, means, row);
            TensorPrimitives.Add(row, (float)(total / count) - means[i], row);
        }
    }

    /// <summary>Products of as many surrogates as there are rows, in a buffer of its own.</summary>
    /// <param name="centred">[count x count]: products of the rows, see <see cref="Centre"/></param>
    /// <param name="order">of the rows to draw from</param>
    /// <param name="number">which surrogates: another number gives others</param>
    public ReadOnlySpan<float> Make(ReadOnlySpan<float> centred, ReadOnlySpan<int> order, int number)
    {
        int count = order.Length;
        var products = _products.Span[..(count * count)];
        var sums = _sums.Span[..count];
        Draw(order, number);
        for (int a = 0; a < count; a++)
        {
            sums.Clear();
            foreach (int pick in PicksOf(a))
            {
                var row = centred.Slice(RowOf(pick) * count, count);
                if (pick < 0) TensorPrimitives.Subtract(sums, row, sums);
                else TensorPrimitives.Add(sums, row, sums);
            }

            for (int b = 0; b <= a; b++)
            {
                float product = 0;
                foreach (int pick in PicksOf(b)) product += pick < 0 ? -sums[RowOf(pick)] : sums[RowOf(pick)];
                products[(a * count) + b] = product;
            }
        }

        Normalise(products, count);
        return products;
    }

    ReadOnlySpan<int> PicksOf(int surrogate) => _picks.Integers.Slice(surrogate * Terms, Terms);

    // A row with a minus before it has all its bits inverted.
    static int RowOf(int pick) => pick < 0 ? ~pick : pick;

    void Draw(ReadOnlySpan<int> order, int number)
    {
        ulong key = Noise.Key((ulong)number, s_name);
        var picks = _picks.Integers[..(order.Length * Terms)];
        for (int i = 0; i < picks.Length; i++)
        {
            uint word = Noise.Word(key, (ulong)i);
            int row = order[(int)((word >> 1) % (uint)order.Length)];
            picks[i] = (word & 1) == 0 ? row : ~row;
        }
    }

    void Normalise(Span<float> products, int count)
    {
        var scales = _sums.Span[..count];
        for (int i = 0; i < count; i++)
        {
            float square = products[(i * count) + i];
            scales[i] = square > 0 ? (float)(1 / Math.Sqrt(square)) : 0;
        }

        for (int a = 0; a < count; a++)
        {
            for (int b = 0; b <= a; b++)
                products[(a * count) + b] = products[(b * count) + a] = products[(a * count) + b] * scales[a] * scales[b];
        }
    }
}
