using System.Globalization;
using System.Text.Json;

namespace EdgeLearn;

/// <summary>A <see cref="DenseLayer"/>: <c>128</c>, <c>128:relu</c>. Whatever comes in is read as one vector.</summary>
/// <param name="Units">outputs</param>
/// <param name="Activation">what follows the weighted sum</param>
public sealed record DenseSpec(int Units, Activation Activation) : LayerSpec, IWeightedSpec
{
    internal static readonly LayerKind Kind = new("dense", "128:relu", Parse, Read);

    /// <summary>Whether there is no bias, as in the first half of a pair of low rank.</summary>
    internal bool HasNoBias { get; init; }

    /// <inheritdoc/>
    public override LayerRole Role => LayerRole.Learner;

    LayerSpec IWeightedSpec.Plain() => this with { Activation = Activation.Identity };

    LayerSpec? IWeightedSpec.OfRank(int rank) => this with { Units = rank, HasNoBias = true, Activation = Activation.Identity };

    static DenseSpec? Parse(LayerText text)
    {
        if (text.Word.Length > 0 || text.Places is not null || text.Body is not null) return null;
        var activation = text.TakeActivation();
        return new DenseSpec(ParseUnits(text), activation);
    }

    internal static int ParseUnits(LayerText text)
        => LayerText.TryParse(text.Sizes, out int units)
            ? units
            : throw text.Wrong("a number of units of 1 or more, or units@HxW, units@K, units:activation");

    static DenseSpec Read(LayerJson json) => new(json.Integer("units"), json.Activation());

    internal override void Write(Utf8JsonWriter json)
    {
        json.WriteNumber("units", Units);
        json.WriteString("activation", Activation.Word());
    }

    /// <inheritdoc/>
    public override string ToShorthand(Activation unsaid)
        => string.Create(CultureInfo.InvariantCulture, $"{Units}{Activation.Suffix(unsaid)}");

    /// <inheritdoc/>
    public override Shape OutputShape(Shape input, string name)
    {
        CheckUnits(Units, name);
        return Shape.Vector(Units);
    }

    internal static void CheckUnits(int units, string name)
    {
        if (units is < 1 or > NetworkSpec.MostUnits)
            throw new EdgeLearnException($"{name} has {units} units, expected 1 to {NetworkSpec.MostUnits}");
    }

    /// <inheritdoc/>
    public override Layer Build(string name, Shape input, ParameterSet parameters)
        => new DenseLayer(name, input, Shape.Vector(Units), 1, Activation, parameters, HasNoBias);
}
