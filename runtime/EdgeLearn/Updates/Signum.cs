using System.Runtime.CompilerServices;

namespace EdgeLearn;

/// <summary>m = beta * m + (1 - beta) * g; w = keep * w - rate * sign(m). State: one float a weight.</summary>
/// <remarks>Source: Bernstein et al. 2018, Signum.</remarks>
public sealed class Signum : ElementwiseUpdate
{
    /// <summary>Decay of the mean gradient.</summary>
    public float Beta { get; init; } = 0.9f;

    /// <inheritdoc/>
    public override string Name => "signum";

    /// <inheritdoc/>
    protected override long StateLengthOf(ParameterSet parameters) => TrainableLength;

    /// <inheritdoc/>
    private protected override void Use(ParameterSlice slice, int offset, in GradientPart gradient, Span<float> weights)
        => gradient.Apply(new Step(KeepOf(slice), RateOf(slice), Beta), weights, State.Slice(slice.StateOffset + offset, gradient.Length),
            default);

    internal readonly struct Step(float keep, float rate, float beta) : IElementUpdate
    {
        public static int StateCount => 1;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public T Apply<T>(T weight, T gradient, ref T first, ref T second)
            where T : struct, ILanes<T>
        {
            first = T.Broadcast(beta) * first + T.Broadcast(1 - beta) * gradient;
            return weight * T.Broadcast(keep) - T.Broadcast(rate) * T.Sign(first);
        }
    }
}
