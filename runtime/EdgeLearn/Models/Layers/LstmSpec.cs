namespace EdgeLearn;

/// <summary>An <see cref="LstmLayer"/>: <c>lstm64</c> gives its last state, <c>lstm64:sequence</c> the states after all steps.</summary>
/// <param name="Units">values of the state, and of the cell</param>
public sealed record LstmSpec(int Units) : RecurrentSpec(Units)
{
    internal static readonly LayerKind Kind = new("lstm", "lstm64",
        text => Takes(text, "lstm", out int units) ? new LstmSpec(units).With(text) : null,
        json => new LstmSpec(json.Integer("units")).With(json));

    private protected override string Word => "lstm";

    internal override Layer Build(string name, Shape input, ParameterSet parameters) => new LstmLayer(name, input, this, parameters);
}

/// <summary>
/// Long short-term memory: c = sigmoid(f) * c + sigmoid(i) * tanh(g), h = sigmoid(o) * tanh(c), each of i, f, g, o = x W_i + h W_h + b.
/// Rows of the weights: i, f, g, o.
/// </summary>
/// <remarks>Source: Hochreiter and Schmidhuber 1997, with the forget gate of Gers et al. 2000.</remarks>
sealed class LstmLayer : RecurrentLayer
{
    internal LstmLayer(string name, Shape input, LstmSpec spec, ParameterSet parameters)
        : base(name, input, spec, gates: 4, columns: 4, shift: 0, parameters)
    {
    }

    private protected override bool HasCell => true;

    private protected override void Activate(in Step step, Span<float> sums, Span<float> cell, Span<float> state)
        => Kernels.LstmStep(step.Batch, Units, sums, step.CellBefore, cell, state, step.StateStride);

    private protected override void Gradient(in Step step, Span<float> dState, Span<float> dCell, Span<float> dSums)
    {
        Kernels.LstmStepGradient(step.Batch, Units, step.Sums, step.CellBefore, step.Cell, dState, dCell, dSums);
        dState.Clear(); // nothing passes the gates
    }
}
