using System.Globalization;
using System.Text.Json;

namespace EdgeLearn;

/// <summary>An <see cref="ActivationLayer{TFunction}"/>: <c>relu</c>, <c>leakyrelu0.2</c>, <c>gelu</c>, <c>gelutanh</c>, ...</summary>
/// <param name="Function">which function</param>
/// <param name="Slope">of leaky ReLU, above 0</param>
public sealed record ActivationSpec(PointwiseKind Function, float Slope = ActivationSpec.UnsaidSlope) : LayerSpec
{
    const float UnsaidSlope = 0.01f;

    static readonly (string Word, PointwiseKind Function)[] s_words =
    [
        ("tanh", PointwiseKind.Tanh), ("hardtanh", PointwiseKind.HardTanh), ("relu", PointwiseKind.Relu),
            ("leakyrelu", PointwiseKind.LeakyRelu),
        ("sigmoid", PointwiseKind.Sigmoid), ("silu", PointwiseKind.Silu), ("gelu", PointwiseKind.Gelu),
            ("gelutanh", PointwiseKind.GeluTanh),
    ];

    internal static readonly LayerKind Kind = new("activation", "gelu", Parse, Read);

    internal override LayerRole Role => LayerRole.Activation;

    string Word => Array.Find(s_words, pair => pair.Function == Function).Word;

    static ActivationSpec? Parse(LayerText text)
    {
        int index = Array.FindIndex(s_words, pair => pair.Word == text.Word);
        if (index < 0 || text.Places is not null || text.Body is not null) return null;
        var function = s_words[index].Function;
        if (function == PointwiseKind.LeakyRelu) return new ActivationSpec(function, text.Number(UnsaidSlope));
        if (text.Sizes.Length > 0) throw text.Wrong(text.Word);
        return new ActivationSpec(function);
    }

    static ActivationSpec Read(LayerJson json)
    {
        string word = json.Text("function", "");
        int index = Array.FindIndex(s_words, pair => pair.Word == word);
        if (index < 0)
        {
            throw new EdgeLearnException($"{json.FileName}: unknown function '{word}': expected one "
                + $"of {string.Join(", ", s_words.Select(pair => pair.Word))}");
        }
        return new ActivationSpec(s_words[index].Function, json.Number("slope", UnsaidSlope));
    }

    internal override void Write(Utf8JsonWriter json)
    {
        json.WriteString("kind", Kind.Word);
        json.WriteString("function", Word);
        if (Function == PointwiseKind.LeakyRelu) json.WriteNumber("slope", Slope);
    }

    /// <inheritdoc/>
    public override string ToShorthand(Activation unsaid)
        => Function == PointwiseKind.LeakyRelu && Slope != UnsaidSlope
            ? string.Create(CultureInfo.InvariantCulture, $"{Word}{Slope}")
            : Word;

    /// <inheritdoc/>
    public override Shape OutputShape(Shape input, string name)
    {
        if (Function == PointwiseKind.LeakyRelu && !(Slope > 0 && float.IsFinite(Slope)))
            throw new EdgeLearnException($"{name} has the slope {Slope}, expected a number above 0, such as leakyrelu0.01");
        return input;
    }

    internal override Layer Build(string name, Shape input, ParameterSet parameters) => Function switch
    {
        PointwiseKind.Tanh => new ActivationLayer<Pointwise<TanhActivation>>(name, input, this, default),
        PointwiseKind.HardTanh => new ActivationLayer<HardTanhFunction>(name, input, this, default),
        PointwiseKind.Relu => new ActivationLayer<Pointwise<ReluActivation>>(name, input, this, default),
        PointwiseKind.LeakyRelu => new ActivationLayer<LeakyReluFunction>(name, input, this, new LeakyReluFunction(Slope)),
        PointwiseKind.Sigmoid => new ActivationLayer<SigmoidFunction>(name, input, this, default),
        PointwiseKind.Silu => new ActivationLayer<SiluFunction>(name, input, this, default),
        PointwiseKind.Gelu => new ActivationLayer<GeluFunction>(name, input, this, default),
        _ => new ActivationLayer<GeluTanhFunction>(name, input, this, default),
    };
}

/// <summary>Functions that are layers of their own.</summary>
public enum PointwiseKind
{
    /// <summary>tanh x.</summary>
    Tanh,

    /// <summary>x between -1 and 1, else the nearer limit.</summary>
    HardTanh,

    /// <summary>max(x, 0).</summary>
    Relu,

    /// <summary>x where positive, else slope * x.</summary>
    LeakyRelu,

    /// <summary>1 / (1 + e^-x).</summary>
    Sigmoid,

    /// <summary>x sigmoid(x).</summary>
    Silu,

    /// <summary>x Phi(x), Phi the normal distribution.</summary>
    Gelu,

    /// <summary>GELU by its tanh approximation.</summary>
    GeluTanh,
}

/// <summary>y = f(x) for every value.</summary>
sealed class ActivationLayer<TFunction>(string name, Shape shape, ActivationSpec spec, TFunction function) : Layer(name, shape, shape)
    where TFunction : struct, IPointwise
{
    // The derivatives of these do not follow from the output.
    public override bool GradientReadsInput => spec.Function is PointwiseKind.Silu or PointwiseKind.Gelu or PointwiseKind.GeluTanh;

    public override bool GradientReadsOutput => !GradientReadsInput;

    public override string Describe() => spec.ToString();

    // The derivatives of these follow from whether the output is positive.
    public override bool LeavesMarks => spec.Function is PointwiseKind.Relu or PointwiseKind.LeakyRelu;

    internal override LayerNeeds Needs(int batch, PassKind pass = default) => base.Needs(batch, pass) with
    {
        Saved = pass.IsCompact && LeavesMarks ? Kernels.MarksLength((long)batch * OutputLength) : 0,
    };

    internal override void Forward(int batch, ParameterSet parameters, in ForwardMode mode, ReadOnlySpan<float> x, Span<float> y,
        Span<float> saved, Span<float> scratch)
    {
        Kernels.Pointwise(function, x, y);
        if (!saved.IsEmpty) Kernels.MarkPositive(y, saved);
    }

    public override bool OverwritesGradient => true;

    public override bool OverwritesInput => true;

    internal override void InputGradient(in ForwardTrace trace, ReadOnlySpan<float> dz, Span<float> dx, Span<float> scratch)
    {
        if (!trace.IsCompact || !LeavesMarks) Kernels.PointwiseGradient(function, trace.Input, trace.Output, dz, dx);
        else Kernels.MarkedGradient(function, trace.Saved, dz, dx);
    }
}
