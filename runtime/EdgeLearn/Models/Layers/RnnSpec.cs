using System.Text.Json;

namespace EdgeLearn;

/// <summary>
/// An <see cref="RnnLayer"/>: <c>rnn64</c> gives its last state, <c>rnn64:sequence</c> the states after all steps; <c>rnn64:relu</c>
/// instead of tanh.
/// </summary>
/// <param name="Units">values of the state</param>
/// <param name="Activation">tanh or ReLU</param>
public sealed record RnnSpec(int Units, Activation Activation) : RecurrentSpec(Units)
{
    internal static readonly LayerKind Kind = new("rnn", "rnn64", Parse, Read);

    static RecurrentSpec? Parse(LayerText text)
        => text.Is("rnn", 1, out int[] sizes)
            ? new RnnSpec(sizes[0], text.Take("relu") ? Activation.Relu : Activation.Tanh).With(text)
            : null;

    static RecurrentSpec Read(LayerJson json)
        => new RnnSpec(json.Integer("units"), json.Has("activation") ? json.Activation() : Activation.Tanh).With(json);

    internal override void Write(Utf8JsonWriter json)
    {
        base.Write(json);
        if (Activation != Activation.Tanh) json.WriteString("activation", Activation.Word());
    }

    private protected override string Word => "rnn";

    private protected override string Options => Activation.Suffix(Activation.Tanh);

    internal override Layer Build(string name, Shape input, ParameterSet parameters) => new RnnLayer(name, input, this, parameters);
}

/// <summary>Elman's recurrent net: h = activation(x W_ih + h W_hh + b).</summary>
/// <remarks>Source: Elman 1990. Keeps nothing but its states, from which the derivatives follow.</remarks>
sealed class RnnLayer(string name, Shape input, RnnSpec spec, ParameterSet parameters)
    : RecurrentLayer(name, input, spec, gates: 1, columns: 1, shift: 0, parameters)
{
    readonly Activation _activation = spec.Activation;

    private protected override bool SavesSums => false;

    private protected override void Activate(in Step step, Span<float> sums, Span<float> cell, Span<float> state)
    {
        Kernels.Activate(_activation, sums);
        for (int b = 0; b < step.Batch; b++) sums.Slice(b * Units, Units).CopyTo(state[(b * step.StateStride)..]);
    }

    private protected override void Gradient(in Step step, Span<float> dState, Span<float> dCell, Span<float> dSums)
    {
        dState.CopyTo(dSums);
        for (int b = 0; b < step.Batch; b++)
            Kernels.ActivationGradient(_activation, step.State.Slice(b * step.StateStride, Units), dSums.Slice(b * Units, Units));
        dState.Clear(); // nothing passes the activation
    }
}

/// <summary>A <see cref="GruLayer"/>: <c>gru64</c> gives its last state, <c>gru64:sequence</c> the states after all steps.</summary>
/// <param name="Units">values of the state</param>
public sealed record GruSpec(int Units) : RecurrentSpec(Units)
{
    internal static readonly LayerKind Kind = KindOf("gru", units => new GruSpec(units));

    private protected override string Word => "gru";

    internal override Layer Build(string name, Shape input, ParameterSet parameters) => new GruLayer(name, input, this, parameters);
}

/// <summary>
/// Gated recurrent unit: r = sigmoid(x W_ir + h W_hr + b), z = sigmoid(x W_iz + h W_hz + b), n = tanh(x W_in + b_in + r * (h W_hn + b_hn)),
/// h = n + z * (h - n). Rows of the weights: r, z, n.
/// </summary>
/// <remarks>Source: Cho et al. 2014. Differs, as in PyTorch and cuDNN: the reset gate is applied after the product with the
/// state.</remarks>
sealed class GruLayer(string name, Shape input, GruSpec spec, ParameterSet parameters)
    : RecurrentLayer(name, input, spec, gates: 3, columns: 4, shift: 2, parameters)
{
    // A row of sums is n, r, z, q: the input adds to the first three, the state to the last three, q being the state's part of n.
    private protected override void Activate(in Step step, Span<float> sums, Span<float> cell, Span<float> state)
        => Kernels.GruStep(step.Batch, Units, sums, step.Before, step.BeforeStride, state, step.StateStride);

    private protected override void Gradient(in Step step, Span<float> dState, Span<float> dCell, Span<float> dSums)
        => Kernels.GruStepGradient(step.Batch, Units, step.Sums, step.Before, step.BeforeStride, dState, dSums);
}

/// <summary>An <see cref="LstmLayer"/>: <c>lstm64</c> gives its last state, <c>lstm64:sequence</c> the states after all steps.</summary>
/// <param name="Units">values of the state, and of the cell</param>
public sealed record LstmSpec(int Units) : RecurrentSpec(Units)
{
    internal static readonly LayerKind Kind = KindOf("lstm", units => new LstmSpec(units));

    private protected override string Word => "lstm";

    internal override Layer Build(string name, Shape input, ParameterSet parameters) => new LstmLayer(name, input, this, parameters);
}

/// <summary>
/// Long short-term memory: c = sigmoid(f) * c + sigmoid(i) * tanh(g), h = sigmoid(o) * tanh(c), each of i, f, g, o = x W_i + h W_h + b.
/// Rows of the weights: i, f, g, o.
/// </summary>
/// <remarks>Source: Hochreiter and Schmidhuber 1997, with the forget gate of Gers et al. 2000.</remarks>
sealed class LstmLayer(string name, Shape input, LstmSpec spec, ParameterSet parameters)
    : RecurrentLayer(name, input, spec, gates: 4, columns: 4, shift: 0, parameters)
{
    private protected override bool HasCell => true;

    private protected override void Activate(in Step step, Span<float> sums, Span<float> cell, Span<float> state)
        => Kernels.LstmStep(step.Batch, Units, sums, step.CellBefore, cell, state, step.StateStride);

    private protected override void Gradient(in Step step, Span<float> dState, Span<float> dCell, Span<float> dSums)
    {
        Kernels.LstmStepGradient(step.Batch, Units, step.Sums, step.CellBefore, step.Cell, dState, dCell, dSums);
        dState.Clear(); // nothing passes the gates
    }
}
