using System.Globalization;
using System.Text.Json;

namespace EdgeLearn;

/// <summary>A <see cref="DropoutLayer"/>: <c>dropout0.5</c>.</summary>
/// <param name="Fraction">of the values that are dropped, from 0 to below 1</param>
public sealed record DropoutSpec(float Fraction) : LayerSpec
{
    internal static readonly LayerKind Kind = new("dropout", "dropout0.5", Parse, json => new DropoutSpec(json.Number("fraction", 0.5f)));

    static DropoutSpec? Parse(LayerText text)
        => text.Word == "dropout" && text.Places is null && text.Body is null ? new DropoutSpec(text.Number(0.5f)) : null;

    internal override void Write(Utf8JsonWriter json)
    {
        json.WriteString("kind", Kind.Word);
        json.WriteNumber("fraction", Fraction);
    }

    /// <inheritdoc/>
    public override string ToShorthand(Activation unsaid) => string.Create(CultureInfo.InvariantCulture, $"dropout{Fraction}");

    /// <inheritdoc/>
    public override Shape OutputShape(Shape input, string name)
        => Fraction is >= 0 and < 1
            ? input
            : throw new EdgeLearnException($"{name} drops a fraction of {Fraction}, expected 0 to below 1, such as dropout0.5");

    internal override Layer Build(string name, Shape input, ParameterSet parameters) => new DropoutLayer(name, input, Fraction);
}

/// <summary>
/// In training y = x / (1 - fraction) where the noise of (seed of the step, layer, row * length + index) is at least the fraction, else 0;
/// in evaluation, and under a probe, y = x. The mask is never stored: the gradient makes it again.
/// </summary>
/// <remarks>Source: Srivastava et al. 2014. Differs: the mask is a hash, the same on every board.</remarks>
sealed class DropoutLayer(string name, Shape shape, float fraction) : Layer(name, shape, shape)
{
    readonly ulong _nameHash = Noise.TensorHash(name + ".dropout");

    public override string Describe() => string.Create(CultureInfo.InvariantCulture, $"dropout{fraction}");

    public override bool GradientReadsInput => false;

    public override bool GradientReadsOutput => false;

    internal override void Forward(int batch, ParameterSet parameters, in ForwardMode mode, ReadOnlySpan<float> x, Span<float> y,
        Span<float> saved, Span<float> scratch) => Mask(mode, x, y);

    public override bool OverwritesGradient => true;

    public override bool OverwritesInput => true;

    public override bool DrawsNoise => true;

    internal override void InputGradient(in ForwardTrace trace, ReadOnlySpan<float> dz, Span<float> dx, Span<float> scratch)
        => Mask(trace.Mode, dz, dx);

    void Mask(in ForwardMode mode, ReadOnlySpan<float> source, Span<float> target)
    {
        if (!mode.IsTraining || fraction == 0)
        {
            source.CopyTo(target);
            return;
        }

        ulong key = Noise.Key(mode.Seed, _nameHash);
        float scale = 1 / (1 - fraction);
        long first = (long)mode.FirstRow * InputLength;
        for (int i = 0; i < source.Length; i++) target[i] = Noise.UniformAt(key, first + i) >= fraction ? source[i] * scale : 0;
    }
}
