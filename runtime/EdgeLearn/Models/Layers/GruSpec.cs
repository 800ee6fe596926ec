namespace EdgeLearn;

/// <summary>A <see cref="GruLayer"/>: <c>gru64</c> gives its last state, <c>gru64:sequence</c> the states after all steps.</summary>
/// <param name="Units">values of the state</param>
public sealed record GruSpec(int Units) : RecurrentSpec(Units)
{
    internal static readonly LayerKind Kind = new("gru", "gru64",
        text => Takes(text, "gru", out int units) ? new GruSpec(units).With(text) : null,
        json => new GruSpec(json.Integer("units")).With(json));

    private protected override string Word => "gru";

    internal override Layer Build(string name, Shape input, ParameterSet parameters) => new GruLayer(name, input, this, parameters);
}

/// <summary>
/// Gated recurrent unit: r = sigmoid(x W_ir + h W_hr + b), z = sigmoid(x W_iz + h W_hz + b), n = tanh(x W_in + b_in + r * (h W_hn + b_hn)),
/// h = n + z * (h - n). Rows of the weights: r, z, n.
/// </summary>
/// <remarks>Source: Cho et al. 2014. Differs, as in PyTorch and cuDNN: the reset gate is applied after the product with the
/// state.</remarks>
sealed class GruLayer : RecurrentLayer
{
    // A row of sums is n, r, z, q: the input adds to the first three, the state to the last three, q being the state's part of n.
    internal GruLayer(string name, Shape input, GruSpec spec, ParameterSet parameters)
        : base(name, input, spec, gates: 3, columns: 4, shift: 2, parameters)
    {
    }

    private protected override void Activate(in Step step, Span<float> sums, Span<float> cell, Span<float> state)
        => Kernels.GruStep(step.Batch, Units, sums, step.Before, step.BeforeStride, state, step.StateStride);

    private protected override void Gradient(in Step step, Span<float> dState, Span<float> dCell, Span<float> dSums)
        => Kernels.GruStepGradient(step.Batch, Units, step.Sums, step.Before, step.BeforeStride, dState, dSums);
}
