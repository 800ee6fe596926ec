using System.Runtime.CompilerServices;

namespace EdgeLearn;

/// <summary>m = beta * m + (1 - beta) * g; w = keep * w - rate * sign(m). State: one float a weight.</summary>
/// <param name="settings">its numbers</param>
/// <remarks>Source: Bernstein et al. 2018, Signum.</remarks>
sealed class Signum(SignumSettings settings) : ElementwiseUpdate(settings)
{
    readonly float _beta = settings.Momentum;

    protected override long StateLengthOf(ParameterSet parameters) => TrainableLength;

    private protected override void Use(ParameterSlice slice, int offset, in GradientPart gradient, Span<float> weights)
        => gradient.Apply(new Step(KeepOf(slice), RateOf(slice), _beta), weights, State.Slice(slice.StateOffset + offset, gradient.Length),
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

/// <summary>Settings of <see cref="Signum"/>.</summary>
public sealed record SignumSettings : UpdateSettings
{
    static readonly IReadOnlyList<Setting> s_rows = TableOf(new SignumSettings())
        .Number("momentum", "decay of the mean gradient", s => s.Momentum, (s, x) => s with { Momentum = x },
            Limits.From(0).Below(1)).Rows;

    /// <summary>Decay beta of the mean gradient.</summary>
    public float Momentum { get; init; } = 0.9f;

    /// <inheritdoc/>
    public override string Word => "signum";

    /// <inheritdoc/>
    public override IReadOnlyList<Setting> Rows => s_rows;

    /// <inheritdoc/>
    public override UpdateRule Build(ulong seed) => new Signum(this) { RoundingSeed = RoundingSeedOf(seed) };
}
