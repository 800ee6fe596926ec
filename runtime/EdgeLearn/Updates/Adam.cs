using System.Runtime.CompilerServices;

namespace EdgeLearn;

/// <summary>
/// m = b1 m + (1 - b1) g; v = b2 v + (1 - b2) g^2; w = keep * w - rate * (m / (1 - b1^t)) / (sqrt(v / (1 - b2^t)) + eps), t from 1.
/// With <see cref="UpdateSettings.WeightDecay"/> it is AdamW. State: two floats a weight.
/// </summary>
/// <param name="settings">its numbers</param>
/// <remarks>Source: Kingma and Ba 2015; Loshchilov and Hutter 2019.</remarks>
sealed class Adam(AdamSettings settings) : ElementwiseUpdate(settings)
{
    readonly float _beta1 = settings.Beta1;
    readonly float _beta2 = settings.Beta2;
    readonly float _epsilon = settings.Epsilon;

    protected override long StateLengthOf(ParameterSet parameters) => 2L * TrainableLength;

    private protected override void Use(ParameterSlice slice, int offset, in GradientPart gradient, Span<float> weights)
    {
        int at = slice.StateOffset + offset;
        gradient.Apply(
            new AdamStep(KeepOf(slice), RateOf(slice), _beta1, _beta2, _epsilon, Clock.Step + 1),
            weights,
            State.Slice(at, gradient.Length),
            State.Slice(TrainableLength + at, gradient.Length));
    }

    /// <summary>One Adam step, t counted from 1.</summary>
    internal readonly struct AdamStep : IElementUpdate
    {
        readonly float _keep;
        readonly float _beta1;
        readonly float _beta2;
        readonly float _step;
        readonly float _unbias2;
        readonly float _epsilon;

        public AdamStep(float keep, float rate, float beta1, float beta2, float epsilon, long t)
        {
            _keep = keep;
            _beta1 = beta1;
            _beta2 = beta2;
            _epsilon = epsilon;
            _step = (float)(rate / (1 - Power(beta1, t)));
            _unbias2 = (float)(1 / Math.Sqrt(1 - Power(beta2, t)));
        }

        // By squaring: the C library's power differs between boards in the last bit.
        static double Power(double value, long exponent)
        {
            double result = 1;
            for (; exponent > 0; exponent >>= 1, value *= value)
            {
                if ((exponent & 1) != 0) result *= value;
            }

            return result;
        }

        public static int StateCount => 2;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public T Apply<T>(T weight, T gradient, ref T first, ref T second)
            where T : struct, ILanes<T>
        {
            first = T.Broadcast(_beta1) * first + T.Broadcast(1 - _beta1) * gradient;
            second = T.Broadcast(_beta2) * second + T.Broadcast(1 - _beta2) * gradient * gradient;
            var denominator = T.Sqrt(second) * T.Broadcast(_unbias2) + T.Broadcast(_epsilon);
            return weight * T.Broadcast(_keep) - T.Broadcast(_step) * first / denominator;
        }
    }
}

/// <summary>Settings of <see cref="Adam"/>.</summary>
public sealed record AdamSettings : UpdateSettings
{
    static readonly IReadOnlyList<Setting> s_rows = TableOf(new AdamSettings())
        .Number("beta1", "decay of the mean gradient", s => s.Beta1, (s, x) => s with { Beta1 = x }, Limits.From(0).Below(1))
        .Number("beta2", "decay of the mean squared gradient", s => s.Beta2, (s, x) => s with { Beta2 = x }, Limits.From(0).Below(1))
        .Number("adam-epsilon", "keeps the division finite", s => s.Epsilon, (s, x) => s with { Epsilon = x }, Limits.From(0)).Rows;

    /// <summary>Decay of the mean gradient.</summary>
    public float Beta1 { get; init; } = 0.9f;

    /// <summary>Decay of the mean squared gradient.</summary>
    public float Beta2 { get; init; } = 0.999f;

    /// <summary>Keeps the division finite.</summary>
    public float Epsilon { get; init; } = 1e-8f;

    /// <inheritdoc/>
    public override string Word => "adam";

    /// <inheritdoc/>
    public override IReadOnlyList<Setting> Rows => s_rows;

    /// <inheritdoc/>
    public override UpdateRule Build(ulong seed) => new Adam(this) { RoundingSeed = RoundingSeedOf(seed) };
}
