using System.Globalization;
using System.Text.Json;

namespace EdgeLearn;

/// <summary>
/// A <see cref="LocallyConnectedLayer"/>: <c>local5x5x8</c>, a convolution whose kernels are not shared between positions; option
/// <c>strideN</c>.
/// </summary>
/// <param name="Height">rows of the window</param>
/// <param name="Width">columns of the window</param>
/// <param name="Channels">maps that come out</param>
/// <param name="Activation">what follows the weighted sum</param>
public sealed record LocallyConnectedSpec(int Height, int Width, int Channels, Activation Activation) : LayerSpec, IWeightedSpec
{
    internal static readonly LayerKind Kind = new("local2d", "local5x5x8", Parse, Read);

    /// <summary>Distance between neighbouring windows.</summary>
    public int Stride { get; init; } = 1;

    /// <inheritdoc/>
    public override LayerRole Role => LayerRole.Learner;

    LayerSpec IWeightedSpec.Plain() => this with { Activation = Activation.Identity };

    static LocallyConnectedSpec? Parse(LayerText text)
        => text.Is("local", 3, out int[] sizes)
            ? new LocallyConnectedSpec(sizes[0], sizes[1], sizes[2], text.TakeActivation()) { Stride = text.Take("stride", 1) } : null;

    static LocallyConnectedSpec Read(LayerJson json)
    {
        var (height, width) = json.Sides("kernel")
            ?? throw new EdgeLearnException($"{json.FileName}: a local2d without its kernel [height, width]");
        return new LocallyConnectedSpec(height, width, json.Integer("channels"), json.Activation()) { Stride = json.Integer("stride", 1) };
    }

    internal override void Write(Utf8JsonWriter json)
    {
        json.WriteString("kind", Kind.Word);
        LayerJson.Write(json, "kernel", [Height, Width]);
        json.WriteNumber("channels", Channels);
        if (Stride != 1) json.WriteNumber("stride", Stride);
        json.WriteString("activation", Activation.Word());
    }

    /// <inheritdoc/>
    public override string ToShorthand(Activation unsaid)
        => string.Create(CultureInfo.InvariantCulture, $"local{Height}x{Width}x{Channels}") + Conv2dSpec.Options(Stride, 0, false, 1, false)
            + Activation.Suffix(unsaid);

    /// <inheritdoc/>
    public override Shape OutputShape(Shape input, string name)
    {
        if (input.Rank == 1)
            throw new EdgeLearnException($"{name} needs an image, but its input is a vector of {input.Length} values: give the image's "
                + $"shape (--input-shape 28x28) or put reshapeHxWxC before it");
        if (Channels is < 1 or > NetworkSpec.MostUnits)
            throw new EdgeLearnException($"{name} has {Channels} channels, expected 1 to {NetworkSpec.MostUnits}");
        var geometry = Conv2dSpec.CheckWindow(input, name, Height, Width, Stride, 0, false);
        return Shape.Planes(Channels, geometry.OutputHeight, geometry.OutputWidth);
    }

    /// <inheritdoc/>
    public override Layer Build(string name, Shape input, ParameterSet parameters)
        => new LocallyConnectedLayer(name, Conv2dSpec.CheckWindow(input, name, Height, Width, Stride, 0, false), OutputShape(input, name),
            Activation, parameters);
}
