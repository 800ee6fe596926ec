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

    internal override LayerRole Role => LayerRole.Learner;

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
        {
            throw new EdgeLearnException($"{name} needs an image, but its input is a vector of {input.Length} values: give the image's "
                + $"shape (--input-shape 28x28) or put reshapeHxWxC before it");
        }
        if (Channels is < 1 or > NetworkSpec.MostUnits)
            throw new EdgeLearnException($"{name} has {Channels} channels, expected 1 to {NetworkSpec.MostUnits}");
        var geometry = Conv2dSpec.CheckWindow(input, name, Height, Width, Stride, 0, false);
        return Shape.Planes(Channels, geometry.OutputHeight, geometry.OutputWidth);
    }

    internal override Layer Build(string name, Shape input, ParameterSet parameters)
        => new LocallyConnectedLayer(name, Conv2dSpec.CheckWindow(input, name, Height, Width, Stride, 0, false), OutputShape(input, name),
            Activation, parameters);
}

/// <summary>
/// y[o, p] = activation(b[o, p] + w[p, o] . window p of x): a convolution whose kernels differ from position to position. W [positions x
/// outputs x inputs * kernel height * kernel width], bias [outputs x height x width]. One position of all samples at a time, so that each
/// weight is read once a batch.
/// </summary>
sealed class LocallyConnectedLayer : ActivatedLayer
{
    readonly PatchGeometry _geometry;
    readonly ParameterSlice _weight;
    readonly ParameterSlice _bias;

    internal LocallyConnectedLayer(string name, PatchGeometry geometry, Shape output, Activation activation, ParameterSet parameters)
        : base(name, geometry.Image, output, activation)
    {
        _geometry = geometry;
        _weight = parameters.Add(name + ".weight", [Positions, Outputs, Fan], decay: true);
        _bias = parameters.AddVector(name + ".bias", [Outputs, geometry.OutputHeight, geometry.OutputWidth]);
        Slices = [_weight, _bias];
    }

    int Positions => _geometry.OutputLength;

    int Outputs => OutputShape.Channels;

    // Weights of one output at one position.
    int Fan => InputShape.Channels * _geometry.KernelLength;

    public override long MultiplyAdds => (long)Fan * OutputLength;

    public override string Describe() => $"local {_geometry.KernelHeight}x{_geometry.KernelWidth}x{Outputs} {Activation.Word()}";

    internal override LayerNeeds Needs(int batch, PassKind pass = default)
    {
        long columns = (long)batch * (Fan + Outputs);
        return base.Needs(batch, pass) with
        {
            ForwardScratch = columns + Outputs + (long)Outputs * Fan + (pass.IsProbed ? OutputLength : 0),
            ParameterScratch = columns + Math.Max(GradientSink.ProductScratchLength(Outputs, Fan), OutputLength),
            InputScratch = columns + Kernels.ProductScratchLength(new MatrixShape(batch, Outputs), new MatrixShape(Outputs, Fan)),
        };
    }

    public override void Initialise(ParameterSet parameters, ulong seed)
        => Initialisation.Uniform(parameters, seed, _weight, _bias, Fan, Activation);

    internal override void Forward(int batch, ParameterSet parameters, in ForwardMode mode, ReadOnlySpan<float> x, Span<float> y,
        Span<float> saved, Span<float> scratch)
    {
        Span<float> windows = scratch[..(batch * Fan)], sums = scratch.Slice(batch * Fan, batch * Outputs),
            zeros = scratch.Slice(batch * (Fan + Outputs), Outputs);
        var rest = scratch[(batch * (Fan + Outputs) + Outputs)..];
        zeros.Clear();
        var bias = parameters.Read(_bias, mode.Probe, 0, OutputLength, mode.Probe.IsNone ? default : rest[(Outputs * Fan)..]);
        for (int p = 0; p < Positions; p++)
        {
            var w = parameters.Read(_weight, mode.Probe, p * Outputs * Fan, Outputs * Fan, rest);
            for (int b = 0; b < batch; b++)
                Kernels.ReadWindow(_geometry, p, x.Slice(b * InputLength, InputLength), windows.Slice(b * Fan, Fan));
            Kernels.DenseForward(batch, Fan, w, zeros, windows, sums, Outputs);
            for (int b = 0; b < batch; b++)
            {
                for (int o = 0; o < Outputs; o++) y[b * OutputLength + o * Positions + p] = sums[b * Outputs + o] + bias[o * Positions + p];
            }
        }

        Kernels.Activate(Activation, y);
    }

    void ReadGradients(int batch, int position, ReadOnlySpan<float> dz, Span<float> gradients)
    {
        for (int b = 0; b < batch; b++)
        {
            for (int o = 0; o < Outputs; o++) gradients[b * Outputs + o] = dz[b * OutputLength + o * Positions + position];
        }
    }

    internal override void ParameterGradient(in ForwardTrace trace, ReadOnlySpan<float> dz, Span<float> scratch, GradientSink sink)
    {
        int batch = trace.Batch;
        Span<float> windows = scratch[..(batch * Fan)], gradients = scratch.Slice(batch * Fan, batch * Outputs),
            rest = scratch[(batch * (Fan + Outputs))..];
        for (int p = 0; p < Positions; p++)
        {
            for (int b = 0; b < batch; b++)
                Kernels.ReadWindow(_geometry, p, trace.Input.Slice(b * InputLength, InputLength), windows.Slice(b * Fan, Fan));
            ReadGradients(batch, p, dz, gradients);
            sink.AcceptProduct(_weight, p * Outputs * Fan, new MatrixView(gradients, batch, Outputs).Transpose(),
                new MatrixView(windows, batch, Fan), rest);
        }

        Kernels.ColumnSums(batch, dz, rest[..OutputLength]);
        sink.Accept(_bias, 0, rest[..OutputLength]);
    }

    internal override void InputGradient(in ForwardTrace trace, ReadOnlySpan<float> dz, Span<float> dx, Span<float> scratch)
    {
        int batch = trace.Batch;
        Span<float> windows = scratch[..(batch * Fan)], gradients = scratch.Slice(batch * Fan, batch * Outputs),
            rest = scratch[(batch * (Fan + Outputs))..];
        dx.Clear();
        for (int p = 0; p < Positions; p++)
        {
            ReadGradients(batch, p, dz, gradients);
            var w = new MatrixView(trace.Parameters[_weight].Slice(p * Outputs * Fan, Outputs * Fan), Outputs, Fan);
            Kernels.Product(new MatrixView(gradients, batch, Outputs), w, windows, Fan, rest);
            for (int b = 0; b < batch; b++)
                Kernels.AddWindow(_geometry, p, windows.Slice(b * Fan, Fan), dx.Slice(b * InputLength, InputLength));
        }
    }
}
