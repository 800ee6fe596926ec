using System.Runtime.CompilerServices;

namespace EdgeLearn;

/// <summary>w = keep * w - rate * sign(g), with sign(0) = 0. State: 0.</summary>
/// <param name="settings">its numbers</param>
/// <remarks>Source: Bernstein et al. 2018, signSGD.</remarks>
sealed class SignSgd(SignSgdSettings settings) : ElementwiseUpdate(settings)
{
    protected override long StateLengthOf(ParameterSet parameters) => 0;

    private protected override void Use(ParameterSlice slice, int offset, in GradientPart gradient, Span<float> weights)
        => gradient.Apply(new SignStep(KeepOf(slice), RateOf(slice)), weights, default, default);

    /// <summary>w = keep * w - rate * sign(g).</summary>
    internal readonly struct SignStep(float keep, float rate) : IElementUpdate
    {
        public static int StateCount => 0;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public T Apply<T>(T weight, T gradient, ref T first, ref T second)
            where T : struct, ILanes<T> => weight * T.Broadcast(keep) - T.Broadcast(rate) * T.Sign(gradient);
    }
}

/// <summary>Settings of <see cref="SignSgd"/>.</summary>
public sealed record SignSgdSettings : UpdateSettings
{
    static readonly IReadOnlyList<Setting> s_rows = TableOf(new SignSgdSettings()).Rows;

    /// <inheritdoc/>
    public override string Word => "signsgd";

    /// <inheritdoc/>
    public override IReadOnlyList<Setting> Rows => s_rows;

    /// <inheritdoc/>
    public override UpdateRule Build(ulong seed) => new SignSgd(this) { RoundingSeed = RoundingSeedOf(seed) };
}
