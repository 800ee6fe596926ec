using System.Numerics.Tensors;
using System.Text.Json;

namespace EdgeLearn;

/// <summary>A <see cref="SinusoidLayer"/>: <c>sinusoids</c>.</summary>
public sealed record SinusoidSpec : LayerSpec
{
    internal static readonly LayerKind Kind = new("sinusoids", "sinusoids",
        text => text.Is("sinusoids", 0, out _) ? new SinusoidSpec() : null, _ => new SinusoidSpec());

    /// <summary>Belongs to the unit before it.</summary>
    internal override LayerRole Role => LayerRole.Norm;

    internal override void Write(Utf8JsonWriter json) => json.WriteString("kind", Kind.Word);

    /// <inheritdoc/>
    public override string ToShorthand(Activation unsaid) => "sinusoids";

    /// <inheritdoc/>
    public override Shape OutputShape(Shape input, string name)
    {
        input.ExpectSequence(name);
        return input;
    }

    internal override Layer Build(string name, Shape input, ParameterSet parameters) => new SinusoidLayer(name, input);
}

/// <summary>
/// Positions that nobody learns: y[t, 2i] = x[t, 2i] + sin(t w_i), y[t, 2i + 1] = x[t, 2i + 1] + cos(t w_i), w_i = 10000^(-2i / features),
/// the same for every sample.
/// </summary>
/// <remarks>Source: Vaswani et al. 2017.</remarks>
sealed class SinusoidLayer : Layer
{
    const double LogLongest = 9.210340371976184; // ln 10000

    internal SinusoidLayer(string name, Shape shape)
        : base(name, shape, shape)
    {
    }

    public override string Describe() => "sinusoids";

    public override bool GradientReadsInput => false;

    public override bool GradientReadsOutput => false;

    internal override LayerNeeds Needs(int batch, PassKind pass = default) => base.Needs(batch, pass) with { ForwardScratch = InputLength };

    internal override void Forward(int batch, ParameterSet parameters, in ForwardMode mode, ReadOnlySpan<float> x, Span<float> y,
        Span<float> saved, Span<float> scratch)
    {
        var waves = scratch[..InputLength];
        Write(InputShape.Height, InputShape.Width, waves);
        for (int b = 0; b < batch; b++)
            TensorPrimitives.Add(x.Slice(b * InputLength, InputLength), waves, y.Slice(b * InputLength, InputLength));
    }

    // Each angle is the one before it, turned by w: two products and a sum a value, and no table that outlives the call.
    static void Write(int steps, int width, Span<float> waves)
    {
        for (int i = 0; i < width; i += 2)
        {
            var (turnSine, turnCosine) = PortableMath.SineCosine(PortableMath.Exp(-LogLongest * i / width));
            double sine = 0, cosine = 1;
            for (int t = 0; t < steps; t++)
            {
                waves[t * width + i] = (float)sine;
                if (i + 1 < width) waves[t * width + i + 1] = (float)cosine;
                (sine, cosine) = (sine * turnCosine + cosine * turnSine, cosine * turnCosine - sine * turnSine);
            }
        }
    }

    internal override void InputGradient(in ForwardTrace trace, ReadOnlySpan<float> dz, Span<float> dx, Span<float> scratch)
        => dz.CopyTo(dx);
}
