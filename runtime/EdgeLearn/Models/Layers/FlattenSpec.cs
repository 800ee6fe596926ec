using System.Globalization;
using System.Text.Json;

namespace EdgeLearn;

/// <summary>A <see cref="FlattenLayer"/>: <c>flatten</c>. A dense layer does not need it.</summary>
public sealed record FlattenSpec : LayerSpec
{
    internal static readonly LayerKind Kind = new("flatten", "flatten", text => text.Is("flatten", 0, out _) ? new FlattenSpec() : null,
        _ => new FlattenSpec());

    internal override void Write(Utf8JsonWriter json) => json.WriteString("kind", Kind.Word);

    /// <inheritdoc/>
    public override string ToShorthand(Activation unsaid) => "flatten";

    /// <inheritdoc/>
    public override Shape OutputShape(Shape input, string name) => Shape.Vector(input.Length);

    internal override Layer Build(string name, Shape input, ParameterSet parameters)
        => new FlattenLayer(name, input, Shape.Vector(input.Length), "flatten");
}

/// <summary>
/// Gives the same values another shape: <c>reshape128x6</c> makes steps of features, <c>reshape7x7x16</c> maps of an image, C x H x W in
/// memory.
/// </summary>
/// <param name="Sizes">one to three sizes: length, steps x features or height x width, height x width x channels</param>
public sealed record ReshapeSpec(Shape Sizes) : LayerSpec
{
    internal static readonly LayerKind Kind = new("reshape", "reshape7x7x16", Parse, Read);

    static ReshapeSpec? Parse(LayerText text)
    {
        if (text.Word != "reshape") return null;
        return Shape.TryParse(text.Sizes, out var shape) && text.Places is null && text.Body is null
            ? new ReshapeSpec(Planar(shape))
            : throw text.Wrong("reshape with one to three sizes, such as reshape7x7x16");
    }

    static Shape Planar(Shape shape) => shape.Rank == 3 ? Shape.Planes(shape.Channels, shape.Height, shape.Width) : shape;

    static ReshapeSpec Read(LayerJson json)
    {
        string text = json.Text("shape", "");
        return Shape.TryParse(text, out var shape)
            ? new ReshapeSpec(Planar(shape))
            : throw new EdgeLearnException($"{json.FileName}: a reshape to '{text}', expected one to three sizes such as 7x7x16");
    }

    internal override void Write(Utf8JsonWriter json)
    {
        json.WriteString("kind", Kind.Word);
        json.WriteString("shape", Sizes.ToString());
    }

    /// <inheritdoc/>
    public override string ToShorthand(Activation unsaid) => string.Create(CultureInfo.InvariantCulture, $"reshape{Sizes}");

    /// <inheritdoc/>
    public override Shape OutputShape(Shape input, string name)
        => Sizes.Length == input.Length
            ? Sizes
            : throw new EdgeLearnException($"{name} makes {Sizes.Length} values of {input} = {input.Length}: expected sizes whose product "
                + $"is {input.Length}");

    internal override Layer Build(string name, Shape input, ParameterSet parameters) => new FlattenLayer(name, input, Sizes, ToString());
}

/// <summary>y = x in another shape; the values keep their order.</summary>
sealed class FlattenLayer(string name, Shape input, Shape output, string words) : Layer(name, input, output)
{
    public override string Describe() => words;

    public override bool GradientReadsInput => false;

    public override bool GradientReadsOutput => false;

    internal override void Forward(int batch, ParameterSet parameters, in ForwardMode mode, ReadOnlySpan<float> x, Span<float> y,
        Span<float> saved, Span<float> scratch) => x.CopyTo(y);

    public override bool OverwritesGradient => true;

    public override bool OverwritesInput => true;

    internal override void InputGradient(in ForwardTrace trace, ReadOnlySpan<float> dz, Span<float> dx, Span<float> scratch)
        => dz.CopyTo(dx);
}
