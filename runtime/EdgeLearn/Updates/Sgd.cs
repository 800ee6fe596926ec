using System.Runtime.CompilerServices;

namespace EdgeLearn;

/// <summary>
/// Stochastic gradient descent: w = keep * w - rate * g; with momentum mu, m = mu * m + g and w = keep * w - rate * m.
/// State: 0 without momentum, else one float a weight.
/// </summary>
/// <param name="settings">its numbers</param>
sealed class Sgd(SgdSettings settings) : ElementwiseUpdate(settings)
{
    readonly float _momentum = settings.Momentum;

    protected override long StateLengthOf(ParameterSet parameters) => _momentum > 0 ? TrainableLength : 0;

    private protected override void Use(ParameterSlice slice, int offset, in GradientPart gradient, Span<float> weights)
    {
        if (_momentum > 0)
        {
            gradient.Apply(new MomentumStep(KeepOf(slice), RateOf(slice), _momentum), weights,
                State.Slice(slice.StateOffset + offset, gradient.Length), default);
        }
        else
        {
            gradient.Apply(new DecayedDescentStep(KeepOf(slice), RateOf(slice)), weights, default, default);
        }
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

/// <summary>Settings of <see cref="Sgd"/>.</summary>
public sealed record SgdSettings : UpdateSettings
{
    static readonly IReadOnlyList<Setting> s_rows = TableOf(new SgdSettings())
        .Number("momentum", "momentum; 0 = none, and no state", s => s.Momentum, (s, x) => s with { Momentum = x },
            Limits.From(0).Below(1)).Rows;

    /// <summary>Momentum mu in [0, 1); 0 = none.</summary>
    public float Momentum { get; init; }

    /// <inheritdoc/>
    public override string Word => "sgd";

    /// <inheritdoc/>
    public override IReadOnlyList<Setting> Rows => s_rows;

    /// <inheritdoc/>
    public override UpdateRule Build(ulong seed) => new Sgd(this) { RoundingSeed = RoundingSeedOf(seed) };
}
