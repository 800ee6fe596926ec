using System.Runtime.CompilerServices;

namespace EdgeLearn;

/// <summary>
/// Stochastic gradient descent: w = keep * w - rate * g; with momentum mu, m = mu * m + g and w = keep * w - rate * m.
/// State: 0 without momentum, else one float a weight.
/// </summary>
public sealed class Sgd : ElementwiseUpdate
{
    /// <summary>Momentum mu in [0, 1); 0 = none.</summary>
    public float Momentum { get; init; }

    /// <inheritdoc/>
    public override string Name => "sgd";

    /// <inheritdoc/>
    protected override long StateLengthOf(ParameterSet parameters) => Momentum > 0 ? TrainableLength : 0;

    /// <inheritdoc/>
    private protected override void Use(ParameterSlice slice, int offset, in GradientPart gradient, Span<float> weights)
    {
        if (Momentum > 0)
            gradient.Apply(new MomentumStep(KeepOf(slice), RateOf(slice), Momentum), weights,
                State.Slice(slice.StateOffset + offset, gradient.Length), default);
        else gradient.Apply(new DecayedDescentStep(KeepOf(slice), RateOf(slice)), weights, default, default);
    }

    internal readonly struct MomentumStep(float keep, float rate, float momentum) : IElementUpdate
    {
        public static int StateCount => 1;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public T Apply<T>(T weight, T gradient, ref T first, ref T second)
            where T : struct, ILanes<T>
        {
            first = T.Broadcast(momentum) * first + gradient;
            return weight * T.Broadcast(keep) - T.Broadcast(rate) * first;
        }
    }
}
