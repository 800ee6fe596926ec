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
        => Takes(text, "rnn", out int units) ? new RnnSpec(units, text.Take("relu") ? Activation.Relu : Activation.Tanh).With(text) : null;

    static RecurrentSpec Read(LayerJson json)
        => new RnnSpec(json.Integer("units"), json.Has("activation") ? json.Activation() : Activation.Tanh).With(json);

    internal override void Write(System.Text.Json.Utf8JsonWriter json)
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
sealed class RnnLayer : RecurrentLayer
{
    readonly Activation _activation;

    internal RnnLayer(string name, Shape input, RnnSpec spec, ParameterSet parameters)
        : base(name, input, spec, gates: 1, columns: 1, shift: 0, parameters)
        => _activation = spec.Activation;

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
