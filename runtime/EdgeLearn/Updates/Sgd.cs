namespace EdgeLearn;

/// <summary>
/// Stochastic gradient descent: w = keep * w - rate * g; with momentum mu, m = mu * m + g and w = keep * w - rate * m.
/// State: 0 without momentum, else one float a weight.
/// </summary>
public sealed class Sgd : UpdateRule
{
    /// <summary>Momentum mu in [0, 1); 0 = none.</summary>
    public float Momentum { get; init; }

    /// <inheritdoc/>
    public override string Name => "sgd";

    /// <inheritdoc/>
    protected override long StateLengthOf(ParameterSet parameters) => Momentum > 0 ? parameters.Length : 0;

    /// <inheritdoc/>
    public override void Accept(ParameterSlice slice, int offset, ReadOnlySpan<float> gradient)
    {
        var weights = Parameters[slice].Slice(offset, gradient.Length);
        if (Momentum > 0) Kernels.Update(new MomentumStep(KeepOf(slice), RateOf(slice), Momentum), weights, gradient, State.Slice(slice.Offset + offset, gradient.Length), default);
        else Kernels.Update(new PlainStep(KeepOf(slice), RateOf(slice)), weights, gradient, default, default);
    }

    /// <summary>w = keep * w - rate * g.</summary>
    internal readonly struct PlainStep(float keep, float rate) : IElementUpdate
    {
        public static int StateCount => 0;

        public T Apply<T>(T weight, T gradient, ref T first, ref T second)
            where T : struct, ILanes<T> => weight * T.Broadcast(keep) - T.Broadcast(rate) * gradient;
    }

    internal readonly struct MomentumStep(float keep, float rate, float momentum) : IElementUpdate
    {
        public static int StateCount => 1;

        public T Apply<T>(T weight, T gradient, ref T first, ref T second)
            where T : struct, ILanes<T>
        {
            first = T.Broadcast(momentum) * first + gradient;
            return weight * T.Broadcast(keep) - T.Broadcast(rate) * first;
        }
    }
}
