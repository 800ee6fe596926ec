using System.Numerics.Tensors;

namespace EdgeLearn;

/// <summary>
/// A pair of low rank beside a matrix inside a layer: whoever reads W gets W + share * B A, made a few rows at a time in the reader's
/// scratch (<see cref="ParameterSet.Read"/>), and the gradient by W is projected on both halves, dB = share * dW A^T, dA = share * B^T dW.
/// The layer itself knows nothing of it.
/// </summary>
/// <param name="matrix">W [rows x columns]</param>
/// <param name="up">B [rows x rank]</param>
/// <param name="down">A [rank x columns]</param>
/// <param name="share">alpha / rank</param>
/// <remarks>Source: Hu et al. 2021 (LoRA).</remarks>
sealed class LowRankPair(ParameterSlice matrix, ParameterSlice up, ParameterSlice down, float share)
{
    // Floats of B and of a perturbed A that lie on the stack at a time; one row of the largest rank fits.
    const int StackLength = 2048;

    // Below the rows from which products pack their operands, for which there is no scratch here.
    const int MostRows = 63;

    /// <summary>W.</summary>
    public ParameterSlice Matrix => matrix;

    /// <summary>B.</summary>
    public ParameterSlice Up => up;

    /// <summary>A.</summary>
    public ParameterSlice Down => down;

    int Rank => down.Shape[0];

    int Columns => matrix.RowLength;

    /// <summary>values += share * (B A) of the same rows.</summary>
    /// <param name="parameters">of all three tensors</param>
    /// <param name="probe">how A and B are read</param>
    /// <param name="offset">first float in W, at the start of a row</param>
    /// <param name="values">whole rows of W</param>
    public void AddTo(ParameterSet parameters, in Probe probe, int offset, Span<float> values)
    {
        if (offset % Columns != 0 || values.Length % Columns != 0)
        {
            throw new InvalidOperationException($"{matrix.Name} has a pair of low rank beside it and is read in whole rows of {Columns}, "
                + $"not {values.Length} floats from {offset}");
        }
        int stride = Rank | 1, most = Math.Clamp(StackLength / stride, 1, MostRows);
        bool isPerturbed = !probe.IsNone && down.Trainable;
        int width = isPerturbed ? Math.Clamp(StackLength / Rank, 1, Columns) : Columns;
        Span<float> ups = stackalloc float[most * stride], downs = stackalloc float[isPerturbed ? width * Rank : 0];
        for (int row = 0; row < values.Length / Columns; row += most)
        {
            int rows = Math.Min(most, values.Length / Columns - row);
            for (int i = 0; i < rows; i++)
            {
                var target = ups.Slice(i * stride, Rank);
                TensorPrimitives.Multiply(parameters.Read(up, probe, (offset / Columns + row + i) * Rank, Rank, target), share, target);
            }

            for (int first = 0; first < Columns; first += width)
            {
                int columns = Math.Min(width, Columns - first);
                for (int k = 0; k < Rank && isPerturbed; k++)
                    parameters.Read(down, probe, k * Columns + first, columns, downs.Slice(k * width, columns));
                var right = isPerturbed ? new MatrixView(downs, Rank, columns, width, 1) : new MatrixView(parameters[down], Rank, Columns);
                Kernels.Product(new MatrixView(ups, rows, Rank, stride, 1), right, values[(row * Columns + first)..], Columns, default,
                    accumulate: true);
            }
        }
    }

    /// <summary>Floats of scratch for <see cref="Project"/>.</summary>
    public long ScratchLength
    {
        get
        {
            long longest = 0;
            for (int rows = 1; rows <= Math.Min(MostRows, matrix.Length / Columns); rows++)
            {
                MatrixShape gradient = new(rows, Columns), a = new(Rank, Columns), b = new(rows, Rank);
                longest = Math.Max(longest,
                    Math.Max(Kernels.ProductScratchLength(gradient, a.Transpose()), Kernels.ProductScratchLength(b.Transpose(), gradient)));
            }

            return longest;
        }
    }

    /// <summary>Adds what a panel of the gradient by W says about A and B, but for the share.</summary>
    /// <param name="parameters">of both, unchanged since the forward pass</param>
    /// <param name="offset">first float of the panel in W, at the start of a row</param>
    /// <param name="gradient">whole rows</param>
    /// <param name="dUp">[as B] dW A^T, these rows of it added to</param>
    /// <param name="dDown">[as A] B^T dW, added to</param>
    /// <param name="scratch">[<see cref="ScratchLength"/>]</param>
    public void Project(ParameterSet parameters, int offset, ReadOnlySpan<float> gradient, Span<float> dUp, Span<float> dDown,
        Span<float> scratch)
    {
        if (offset % Columns != 0 || gradient.Length % Columns != 0)
        {
            throw new InvalidOperationException($"{matrix.Name} has a pair of low rank beside it: expected its gradient in whole rows "
                + $"of {Columns}, not {gradient.Length} floats from {offset}");
        }
        var a = new MatrixView(parameters[down], Rank, Columns);
        for (int row = 0; row < gradient.Length / Columns; row += MostRows)
        {
            int rows = Math.Min(MostRows, gradient.Length / Columns - row), at = (offset / Columns + row) * Rank;
            var panel = new MatrixView(gradient.Slice(row * Columns, rows * Columns), rows, Columns);
            Kernels.Product(panel, a.Transpose(), dUp[at..], Rank, scratch, accumulate: true);
            Kernels.Product(new MatrixView(parameters[up].Slice(at, rows * Rank), rows, Rank).Transpose(), panel, dDown, Columns, scratch,
                accumulate: true);
        }
    }

    /// <summary>The factor that <see cref="Project"/> leaves out.</summary>
    public float Share => share;
}

/// <summary>
/// Stands between a layer with pairs of low rank beside its matrices and the sink of the step: projects the gradient of such a matrix on
/// its pair, passes everything on, and hands the pairs' gradients over when the layer is done. Its sums lie in scratch of the caller.
/// </summary>
sealed unsafe class LowRankSink : GradientSink
{
    readonly LowRankPair[] _pairs;
    readonly int _sumsLength;
    readonly int _productLength;
    ParameterSet? _parameters;
    GradientSink? _next;
    float* _sums;

    /// <summary>Serves the pairs of one layer.</summary>
    public LowRankSink(LowRankPair[] pairs)
    {
        _pairs = pairs;
        foreach (var pair in pairs)
        {
            _sumsLength += pair.Up.Length + pair.Down.Length;
            _productLength = (int)Math.Max(_productLength, pair.ScratchLength);
        }
    }

    /// <summary>Floats of the sums, both halves of each pair, and behind them the products' scratch.</summary>
    public int ScratchLength => _sumsLength + _productLength;

    /// <summary>Takes the panels of a layer's gradient.</summary>
    /// <param name="layer">has the matrices</param>
    /// <param name="trace">of its forward pass</param>
    /// <param name="dz">of its local gradient</param>
    /// <param name="scratch">[<see cref="ScratchLength"/>, then the layer's own]</param>
    /// <param name="next">takes the gradients of the pairs, and of what else is trainable</param>
    public void Run(Layer layer, in ForwardTrace trace, ReadOnlySpan<float> dz, Span<float> scratch, GradientSink next)
    {
        _parameters = trace.Parameters;
        _next = next;
        scratch[.._sumsLength].Clear();
        fixed (float* first = scratch) // a class cannot hold a span, so the sums stand still for as long as the panels come
        {
            _sums = first;
            layer.ParameterGradient(trace, dz, scratch[ScratchLength..], this);
            _sums = null;
        }

        foreach (var pair in _pairs)
        {
            scratch = HandOver(pair.Up, pair.Share, scratch, next);
            scratch = HandOver(pair.Down, pair.Share, scratch, next);
        }
    }

    static Span<float> HandOver(ParameterSlice half, float share, Span<float> sums, GradientSink next)
    {
        var gradient = sums[..half.Length];
        TensorPrimitives.Multiply(gradient, share, gradient);
        next.Accept(half, 0, gradient);
        return sums[half.Length..];
    }

    public override void Accept(ParameterSlice slice, int offset, ReadOnlySpan<float> gradient)
    {
        int at = 0;
        foreach (var pair in _pairs)
        {
            Span<float> up = new(_sums + at, pair.Up.Length), down = new(_sums + at + up.Length, pair.Down.Length);
            at += up.Length + down.Length;
            if (pair.Matrix == slice)
                pair.Project(_parameters!, offset, gradient, up, down, new Span<float>(_sums + _sumsLength, _productLength));
        }

        _next!.Accept(slice, offset, gradient);
    }
}
