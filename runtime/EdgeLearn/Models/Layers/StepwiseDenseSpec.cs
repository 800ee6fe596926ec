using System.Globalization;
using System.Text.Json;

namespace EdgeLearn;

/// <summary>
/// A <see cref="DenseLayer"/> over the features of each step of a sequence, the same weights for all: <c>stepwise64:relu</c>.
/// </summary>
/// <param name="Units">outputs of a step</param>
/// <param name="Activation">what follows the weighted sum</param>
public sealed record StepwiseDenseSpec(int Units, Activation Activation) : LayerSpec, IWeightedSpec
{
    internal static readonly LayerKind Kind = new("stepwise", "stepwise64", Parse,
        json => new StepwiseDenseSpec(json.Integer("units"), json.Activation()));

    /// <summary>Whether there is no bias, as in the first half of a pair of low rank.</summary>
    internal bool HasNoBias { get; init; }

    internal override LayerRole Role => LayerRole.Learner;

    LayerSpec IWeightedSpec.Plain() => this with { Activation = Activation.Identity };

    LayerSpec? IWeightedSpec.OfRank(int rank) => this with { Units = rank, HasNoBias = true, Activation = Activation.Identity };

    static StepwiseDenseSpec? Parse(LayerText text)
        => text.Is("stepwise", 1, out int[] sizes) ? new StepwiseDenseSpec(sizes[0], text.TakeActivation()) : null;

    internal override void Write(Utf8JsonWriter json)
    {
        json.WriteString("kind", Kind.Word);
        json.WriteNumber("units", Units);
        json.WriteString("activation", Activation.Word());
    }

    /// <inheritdoc/>
    public override string ToShorthand(Activation unsaid)
        => string.Create(CultureInfo.InvariantCulture, $"stepwise{Units}{Activation.Suffix(unsaid)}");

    /// <inheritdoc/>
    public override Shape OutputShape(Shape input, string name)
    {
        input.ExpectSequence(name);
        DenseSpec.CheckUnits(Units, name);
        return Shape.Sequence(input.Height, Units);
    }

    internal override Layer Build(string name, Shape input, ParameterSet parameters)
        => new DenseLayer(name, input, Shape.Sequence(input.Height, Units), input.Height, Activation, parameters, HasNoBias);
}
