using System.Globalization;
using System.Numerics.Tensors;
using System.Text.Json;

namespace EdgeLearn;

/// <summary>
/// A <see cref="PoolLayer"/>: <c>pool2</c> takes the maximum of windows of an image, or of steps of a sequence, <c>avgpool2</c> the mean;
/// <c>pool2x3</c> has windows of an image of one channel too. Options <c>strideN</c> (the window, unless said otherwise) and <c>padN</c>.
/// </summary>
/// <param name="Height">rows of the window, or its steps</param>
/// <param name="Width">columns of the window; 0 = as many as rows, or 1 over a sequence</param>
/// <param name="IsMean">mean instead of maximum</param>
public sealed record PoolSpec(int Height, int Width, bool IsMean) : LayerSpec
{
    internal static readonly LayerKind Kind = new("pool", "pool2", Parse, Read);

    /// <summary>Distance between neighbouring windows; 0 = the window's height.</summary>
    public int Stride { get; init; }

    /// <summary>Positions added at each side; a maximum ignores them, a mean counts them as zeros, as PyTorch's do.</summary>
    public int Padding { get; init; }

    static PoolSpec? Parse(LayerText text)
    {
        bool isMean = text.Word == "avgpool";
        if (!isMean && text.Word != "pool") return null;
        if (!text.Is(text.Word, 1, out int[] sizes) && !text.Is(text.Word, 2, out sizes))
            throw text.Wrong($"{text.Word} with a window, such as {text.Word}2 or {text.Word}2x3");
        return new PoolSpec(sizes[0], sizes.Length == 2 ? sizes[1] : 0, isMean)
        {
            Stride = text.Take("stride", 0),
            Padding = text.Take("pad", 0)
        };
    }

    static PoolSpec Read(LayerJson json)
        => new(json.Integer("height"), json.Integer("width", 0), json.Flag("mean"))
        {
            Stride = json.Integer("stride", 0),
            Padding = json.Integer("padding", 0)
        };

    internal override void Write(Utf8JsonWriter json)
    {
        json.WriteString("kind", Kind.Word);
        json.WriteNumber("height", Height);
        if (Width != 0) json.WriteNumber("width", Width);
        if (IsMean) json.WriteBoolean("mean", true);
        if (Stride != 0) json.WriteNumber("stride", Stride);
        if (Padding != 0) json.WriteNumber("padding", Padding);
    }

    /// <inheritdoc/>
    public override string ToShorthand(Activation unsaid)
    {
        var invariant = CultureInfo.InvariantCulture;
        return (IsMean ? "avgpool" : "pool") + string.Create(invariant, $"{Height}")
            + (Width != 0 ? string.Create(invariant, $"x{Width}") : "")
            + (Stride != 0 ? string.Create(invariant, $":stride{Stride}") : "")
            + (Padding != 0 ? string.Create(invariant, $":pad{Padding}") : "");
    }

    // A sequence is an image of one column, its features the channels.
    bool IsOverSteps(Shape input) => input.Rank == 2 && Width == 0;

    PatchGeometry Geometry(Shape input, string name)
    {
        bool steps = IsOverSteps(input);
        var image = steps ? new Shape(input.Height, 1, input.Width) : input;
        int width = steps ? 1 : Width == 0 ? Height : Width;
        if (Height < 1 || width < 1 || Stride < 0)
            throw new EdgeLearnException($"{name} has a window of {Height}x{width} and stride {Stride}, expected 1 or more");
        if (Padding < 0 || Padding > Height / 2 || (!steps && Padding > width / 2))
            throw new EdgeLearnException($"{name} has a padding of {Padding}, expected at most half the window");
        if (Height > image.Height + 2 * Padding || width > image.Width + (steps ? 0 : 2 * Padding))
        {
            throw new EdgeLearnException($"{name} has a window of {(steps ? $"{Height} steps" : $"{Height}x{width}")}, larger than its "
                + $"input of {input}: use a smaller window or fewer pools before it");
        }
        return new PatchGeometry(image, Height, width, Stride == 0 ? Height : Stride, Padding, steps ? 0 : Padding);
    }

    /// <inheritdoc/>
    public override Shape OutputShape(Shape input, string name)
    {
        if (input.Rank == 1)
        {
            throw new EdgeLearnException($"{name} needs an image or a sequence, but its input is a vector of {input.Length} values: give "
                + $"the shape (--input-shape 28x28) or put reshape before it");
        }
        return OutputOf(input, Geometry(input, name));
    }

    Shape OutputOf(Shape input, PatchGeometry geometry) => IsOverSteps(input) ? Shape.Sequence(geometry.OutputHeight, input.Width)
        : input.IsPlanar
            ? Shape.Planes(input.Channels, geometry.OutputHeight, geometry.OutputWidth)
            : new Shape(geometry.OutputHeight, geometry.OutputWidth, input.Channels);

    internal override Layer Build(string name, Shape input, ParameterSet parameters)
    {
        var geometry = Geometry(input, name);
        return new PoolLayer(name, input, OutputOf(input, geometry), geometry, IsMean, ToString());
    }
}

/// <summary>
/// y[c, o] = maximum or mean of x[c] over window o; the channels lie as they came. The gradient of a maximum goes to the first position
/// that has it.
/// </summary>
sealed class PoolLayer(string name, Shape input, Shape output, PatchGeometry geometry, bool isMean, string words)
    : Layer(name, input, output)
{
    public override string Describe() => words;

    public override bool GradientReadsInput => !isMean;

    public override bool GradientReadsOutput => !isMean;

    public override bool LeavesMarks => !isMean;

    internal override LayerNeeds Needs(int batch, PassKind pass = default) => base.Needs(batch, pass) with
    {
        Saved = pass.IsCompact && !isMean ? new PackedNumbers(geometry.KernelLength).FloatsFor((long)batch * OutputLength) : 0,
    };

    internal override void Forward(int batch, ParameterSet parameters, in ForwardMode mode, ReadOnlySpan<float> x, Span<float> y,
        Span<float> saved, Span<float> scratch)
    {
        for (int b = 0; b < batch; b++)
        {
            var image = x.Slice(b * InputLength, InputLength);
            var maps = y.Slice(b * OutputLength, OutputLength);
            if (isMean) Kernels.MeanPool(geometry, image, maps);
            else Kernels.MaxPool(geometry, image, maps);
            if (!saved.IsEmpty) Kernels.MaxPoolPlaces(geometry, image, maps, saved, b * OutputLength);
        }
    }

    internal override void InputGradient(in ForwardTrace trace, ReadOnlySpan<float> dz, Span<float> dx, Span<float> scratch)
    {
        if (isMean) dx.Clear();
        for (int b = 0; b < trace.Batch; b++)
        {
            var maps = dz.Slice(b * OutputLength, OutputLength);
            var image = dx.Slice(b * InputLength, InputLength);
            if (isMean)
            {
                Kernels.MeanPoolGradient(geometry, maps, image);
            }
            else if (trace.IsCompact)
            {
                Kernels.MaxPoolGradient(geometry, trace.Saved, b * OutputLength, maps, image);
            }
            else
            {
                Kernels.MaxPoolGradient(geometry, trace.Input.Slice(b * InputLength, InputLength),
                    trace.Output.Slice(b * OutputLength, OutputLength), maps, image);
            }
        }
    }
}

/// <summary>
/// A <see cref="GlobalPoolLayer"/>: <c>globalavg</c> or <c>globalmax</c>, one value a channel of an image or a feature of a sequence.
/// </summary>
/// <param name="IsMean">mean instead of maximum</param>
public sealed record GlobalPoolSpec(bool IsMean) : LayerSpec
{
    internal static readonly LayerKind Kind = new("global-pool", "globalavg", Parse, json => new GlobalPoolSpec(json.Flag("mean")));

    static GlobalPoolSpec? Parse(LayerText text)
        => text.Is("globalavg", 0, out _) ? new GlobalPoolSpec(true) : text.Is("globalmax", 0, out _) ? new GlobalPoolSpec(false) : null;

    internal override void Write(Utf8JsonWriter json)
    {
        json.WriteString("kind", Kind.Word);
        if (IsMean) json.WriteBoolean("mean", true);
    }

    /// <inheritdoc/>
    public override string ToShorthand(Activation unsaid) => IsMean ? "globalavg" : "globalmax";

    /// <inheritdoc/>
    public override Shape OutputShape(Shape input, string name) => input.Rank switch
    {
        1 => throw new EdgeLearnException($"{name} needs an image or a sequence, but its input is a vector of {input.Length} values: "
            + $"leave it out"),
        2 => Shape.Vector(input.Width),
        _ => Shape.Vector(input.Channels),
    };

    internal override Layer Build(string name, Shape input, ParameterSet parameters)
        => new GlobalPoolLayer(name, input, OutputShape(input, name), IsMean);
}

/// <summary>
/// y[c] = mean or maximum of channel c over all positions, or of feature c over all steps. The gradient of a maximum goes to the first
/// position that has it.
/// </summary>
sealed class GlobalPoolLayer(string name, Shape input, Shape output, bool isMean) : Layer(name, input, output)
{
    int Positions => InputLength / OutputLength;

    // The values of one channel are neighbours.
    bool IsPlanar => InputShape.IsPlanar || OutputLength == 1;

    public override string Describe() => isMean ? "globalavg" : "globalmax";

    public override bool GradientReadsInput => !isMean;

    public override bool GradientReadsOutput => !isMean;

    public override bool LeavesMarks => !isMean;

    PackedNumbers Places => new(Positions);

    internal override LayerNeeds Needs(int batch, PassKind pass = default) => base.Needs(batch, pass) with
    {
        Saved = pass.IsCompact && !isMean ? Places.FloatsFor((long)batch * OutputLength) : 0,
    };

    internal override void Forward(int batch, ParameterSet parameters, in ForwardMode mode, ReadOnlySpan<float> x, Span<float> y,
        Span<float> saved, Span<float> scratch)
    {
        for (int b = 0; b < batch; b++)
        {
            var values = x.Slice(b * InputLength, InputLength);
            var pooled = y.Slice(b * OutputLength, OutputLength);
            if (IsPlanar)
            {
                for (int c = 0; c < pooled.Length; c++)
                {
                    pooled[c] = isMean
                        ? TensorPrimitives.Sum(values.Slice(c * Positions, Positions))
                        : TensorPrimitives.Max(values.Slice(c * Positions, Positions));
                }
            }
            else
            {
                values[..OutputLength].CopyTo(pooled);
                for (int p = 1; p < Positions; p++)
                {
                    var step = values.Slice(p * OutputLength, OutputLength);
                    if (isMean) TensorPrimitives.Add(pooled, step, pooled);
                    else TensorPrimitives.Max(pooled, step, pooled);
                }
            }

            if (isMean) TensorPrimitives.Multiply(pooled, 1f / Positions, pooled);
            for (int c = 0; c < OutputLength && !saved.IsEmpty; c++)
                Places.Set(saved, b * OutputLength + c, PlaceOf(pooled[c], values[(c * Channel)..]));
        }
    }

    // From one value of a channel to the next, and from one channel to the next.
    int Position => IsPlanar ? 1 : OutputLength;

    int Channel => IsPlanar ? Positions : 1;

    // The first position of a channel that has its maximum.
    int PlaceOf(float max, ReadOnlySpan<float> channel)
    {
        int place = 0;
        while (place < Positions - 1 && channel[place * Position] != max) place++;
        return place;
    }

    internal override void InputGradient(in ForwardTrace trace, ReadOnlySpan<float> dz, Span<float> dx, Span<float> scratch)
    {
        dx.Clear();
        for (int b = 0; b < trace.Batch; b++)
        {
            for (int c = 0; c < OutputLength; c++)
            {
                int output = b * OutputLength + c, first = b * InputLength + c * Channel;
                float gradient = dz[output];
                if (isMean)
                {
                    for (int p = 0; p < Positions; p++) dx[first + p * Position] = gradient / Positions;
                    continue;
                }

                int place = trace.IsCompact ? Places.Get(trace.Saved, output) : PlaceOf(trace.Output[output], trace.Input[first..]);
                dx[first + place * Position] = gradient;
            }
        }
    }
}
