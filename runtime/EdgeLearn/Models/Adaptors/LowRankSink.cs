using System.Numerics.Tensors;

namespace EdgeLearn;

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

    /// <inheritdoc/>
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
