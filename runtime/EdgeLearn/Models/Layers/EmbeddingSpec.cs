using System.Globalization;
using System.Numerics.Tensors;
using System.Text.Json;

namespace EdgeLearn;

/// <summary>
/// An <see cref="EmbeddingLayer"/>: <c>embed8192x128</c>, 8192 words, each a vector of 128; <c>embed128</c> has the 256 words that bytes
/// are.
/// </summary>
/// <param name="Words">the vocabulary; tokens are 0 to this - 1</param>
/// <param name="Width">values of a word's vector</param>
public sealed record EmbeddingSpec(int Words, int Width) : LayerSpec
{
    internal static readonly LayerKind Kind = new("embedding", "embed8192x128", Parse,
        json => new EmbeddingSpec(json.Integer("words"), json.Integer("width")));

    const int Bytes = 256;

    static EmbeddingSpec? Parse(LayerText text)
    {
        if (text.Is("embed", 1, out int[] width)) return new EmbeddingSpec(Bytes, width[0]);
        return text.Is("embed", 2, out int[] sizes) ? new EmbeddingSpec(sizes[0], sizes[1]) : null;
    }

    internal override LayerRole Role => LayerRole.Learner;

    internal override void Write(Utf8JsonWriter json)
    {
        json.WriteString("kind", Kind.Word);
        json.WriteNumber("words", Words);
        json.WriteNumber("width", Width);
    }

    /// <inheritdoc/>
    public override string ToShorthand(Activation unsaid)
        => Words == Bytes
            ? string.Create(CultureInfo.InvariantCulture, $"embed{Width}")
            : string.Create(CultureInfo.InvariantCulture, $"embed{Words}x{Width}");

    /// <inheritdoc/>
    public override Shape OutputShape(Shape input, string name)
    {
        if (Words is < 1 or > NetworkSpec.MostUnits || Width is < 1 or > NetworkSpec.MostUnits)
            throw new EdgeLearnException($"{name} has {Words} words of {Width} values, expected 1 to {NetworkSpec.MostUnits} of both");
        if ((long)input.Length * Width >= Shape.LongestLength)
        {
            throw new EdgeLearnException($"{name} makes {(long)input.Length * Width:N0} values of {input.Length} tokens, at "
                + $"most {Shape.LongestLength - 1:N0} are supported: use fewer tokens or a smaller width");
        }
        return Shape.Sequence(input.Length, Width);
    }

    internal override Layer Build(string name, Shape input, ParameterSet parameters) => new EmbeddingLayer(name, input, this, parameters);
}

/// <summary>
/// y[t] = W[x[t]], W [words x width]. Tokens come as data does, as floats: whole numbers below 2^24, which a float holds exactly; they must
/// not be prepared (shifted or scaled). Everything that comes in is read as one sequence of tokens.
/// </summary>
sealed class EmbeddingLayer : Layer
{
    // Rows of the gradient that are handed on at a time.
    const int PanelRows = 64;

    readonly EmbeddingSpec _spec;
    readonly ParameterSlice _weight;

    internal EmbeddingLayer(string name, Shape input, EmbeddingSpec spec, ParameterSet parameters)
        : base(name, input, spec.OutputShape(input, name))
    {
        _spec = spec;
        _weight = parameters.Add(name + ".weight", [spec.Words, spec.Width], decay: true);
        Slices = [_weight];
    }

    public override string Describe() => _spec.ToString();

    public override bool GradientReadsOutput => false;

    internal override LayerNeeds Needs(int batch, PassKind pass = default) => base.Needs(batch, pass) with
    {
        ForwardScratch = pass.IsProbed || _weight.Storage != WeightStorage.Float32 ? _spec.Width : 0,
        ParameterScratch = (long)Math.Min(PanelRows, _spec.Words) * _spec.Width,
    };

    public override void Initialise(ParameterSet parameters, ulong seed)
        => Initialisation.Uniform(parameters, seed, _weight, Initialisation.EmbeddingBound);

    internal override void Forward(int batch, ParameterSet parameters, in ForwardMode mode, ReadOnlySpan<float> x, Span<float> y,
        Span<float> saved, Span<float> scratch)
    {
        for (int i = 0; i < x.Length; i++)
            parameters.Read(_weight, mode.Probe, Token(x[i]) * _spec.Width, _spec.Width, scratch).CopyTo(y[(i * _spec.Width)..]);
    }

    int Token(float value)
    {
        int token = (int)value;
        if (token != value || (uint)token >= (uint)_spec.Words)
        {
            throw new EdgeLearnException(
                string.Create(CultureInfo.InvariantCulture,
                $"{Name} ({_spec}) got the token {value}, expected a whole number from 0 to {_spec.Words - 1}: tokens are not to be "
                + $"scaled, and the vocabulary has to hold them all"));
        }
        return token;
    }

    // Every row gets its gradient, most of them zero: an update with momentum or decay moves them all.
    internal override void ParameterGradient(in ForwardTrace trace, ReadOnlySpan<float> dz, Span<float> scratch, GradientSink sink)
    {
        if (!trace.SharedGradient.IsEmpty)
        {
            for (int i = 0; i < trace.Input.Length; i++) Add(dz, i, trace.SharedGradient, (int)trace.Input[i]);
            sink.Accept(_weight, 0, trace.SharedGradient);
            return;
        }

        for (int first = 0; first < _spec.Words; first += PanelRows)
        {
            int rows = Math.Min(PanelRows, _spec.Words - first);
            var panel = scratch[..(rows * _spec.Width)];
            panel.Clear();
            for (int i = 0; i < trace.Input.Length; i++)
            {
                int row = (int)trace.Input[i] - first;
                if ((uint)row < (uint)rows) Add(dz, i, panel, row);
            }

            sink.Accept(_weight, first * _spec.Width, panel);
        }
    }

    void Add(ReadOnlySpan<float> dz, int token, Span<float> sums, int row)
    {
        var sum = sums.Slice(row * _spec.Width, _spec.Width);
        TensorPrimitives.Add(sum, dz.Slice(token * _spec.Width, _spec.Width), sum);
    }

    // a token has no neighbours
    internal override void InputGradient(in ForwardTrace trace, ReadOnlySpan<float> dz, Span<float> dx, Span<float> scratch) => dx.Clear();
}
