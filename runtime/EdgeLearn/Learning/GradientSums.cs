using System.Numerics.Tensors;

namespace EdgeLearn;

/// <summary>
/// A sink that adds up the gradients of several passes over parts of a batch, and hands them on as one. Frozen tensors have no place in it.
/// </summary>
/// <param name="slices">whose gradients come</param>
/// <param name="plan">is asked for the sums</param>
/// <param name="name">of the buffer</param>
/// <param name="time">the moment in which they are needed</param>
sealed class GradientSums(IReadOnlyList<ParameterSlice> slices, MemoryPlan plan, string name, int time) : GradientSink
{
    // Below the rows from which products pack their operands, for which there is no scratch here.
    const int PanelRows = 32;

    readonly PlannedBuffer _sums = plan.Request(name, MemoryCategory.Panels,
        slices.Sum(slice => slice.Trainable ? (long)slice.Length : 0), time, time);

    /// <summary>Begins with zeros.</summary>
    public void Clear() => _sums.Span.Clear();

    Span<float> SumsOf(ParameterSlice slice)
    {
        int at = 0;
        for (int i = 0; slices[i] != slice; i++) at += slices[i].Trainable ? slices[i].Length : 0;
        return _sums.Span.Slice(at, slice.Length);
    }

    public override void Accept(ParameterSlice slice, int offset, ReadOnlySpan<float> gradient)
    {
        if (!slice.Trainable) return;
        var sums = SumsOf(slice).Slice(offset, gradient.Length);
        TensorPrimitives.Add(sums, gradient, sums);
    }

    internal override void AcceptProduct(ParameterSlice slice, int offset, in MatrixView a, in MatrixView b, Span<float> scratch)
    {
        if (!slice.Trainable) return;
        var sums = SumsOf(slice)[offset..];
        for (int r = 0; r < a.Rows; r += PanelRows)
        {
            Kernels.Product(a.RowRange(r, Math.Min(PanelRows, a.Rows - r)), b, sums[(r * b.Columns)..], b.Columns, default,
                accumulate: true);
        }
    }

    /// <summary>Hands the sums to the sink of the step.</summary>
    public void HandOver(GradientSink sink)
    {
        for (int i = 0; i < slices.Count; i++)
        {
            if (slices[i].Trainable) sink.Accept(slices[i], 0, SumsOf(slices[i]));
        }
    }
}
