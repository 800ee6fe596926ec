namespace EdgeLearn;

/// <summary>w = keep * w - rate * sign(g), with sign(0) = 0. State: 0.</summary>
/// <remarks>Source: Bernstein et al. 2018, signSGD.</remarks>
public sealed class SignSgd : UpdateRule
{
    /// <inheritdoc/>
    public override string Name => "signsgd";

    /// <inheritdoc/>
    protected override long StateLengthOf(ParameterSet parameters) => 0;

    /// <inheritdoc/>
    public override void Accept(ParameterSlice slice, int offset, ReadOnlySpan<float> gradient)
        => Kernels.Update(new SignStep(KeepOf(slice), RateOf(slice)), Parameters[slice].Slice(offset, gradient.Length), gradient, default, default);

    /// <summary>w = keep * w - rate * sign(g).</summary>
    internal readonly struct SignStep(float keep, float rate) : IElementUpdate
    {
        public static int StateCount => 0;

        public T Apply<T>(T weight, T gradient, ref T first, ref T second)
            where T : struct, ILanes<T> => weight * T.Broadcast(keep) - T.Broadcast(rate) * T.Sign(gradient);
    }
}
