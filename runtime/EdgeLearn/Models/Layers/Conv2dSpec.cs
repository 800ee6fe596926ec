using System.Globalization;
using System.Text.Json;

namespace EdgeLearn;

/// <summary>
/// A <see cref="Conv2dLayer"/>: <c>conv5x5x8</c> is 8 maps of a 5x5 kernel; options <c>strideN</c>, <c>padN</c> or <c>same</c>,
/// <c>groupsN</c>, <c>nobias</c>. <c>depthwise3x3</c> has one kernel a channel.
/// </summary>
/// <param name="Height">rows of the kernel</param>
/// <param name="Width">columns of the kernel</param>
/// <param name="Channels">maps that come out; 0 = as many as come in, one kernel a channel</param>
/// <param name="Activation">what follows the weighted sum</param>
public sealed record Conv2dSpec(int Height, int Width, int Channels, Activation Activation) : LayerSpec, IWeightedSpec
{
    internal static readonly LayerKind Kind = new("conv2d", "conv5x5x8", Parse, Read);

    /// <summary>Distance between neighbouring positions of the kernel.</summary>
    public int Stride { get; init; } = 1;

    /// <summary>Rows and columns of zeros around the image.</summary>
    public int Padding { get; init; }

    /// <summary>Padding of half a kernel, so that with stride 1 the maps are as large as the image; kernel sides have to be odd.</summary>
    public bool Same { get; init; }

    /// <summary>Groups of channels that see nothing of each other.</summary>
    public int Groups { get; init; } = 1;

    /// <summary>Whether there is no bias, which a norm behind the layer makes superfluous.</summary>
    public bool HasNoBias { get; init; }

    /// <summary>One kernel a channel.</summary>
    public bool IsDepthwise => Channels == 0;

    internal override LayerRole Role => LayerRole.Learner;

    LayerSpec IWeightedSpec.Plain() => this with { Activation = Activation.Identity };

    LayerSpec? IWeightedSpec.OfRank(int rank)
        => IsDepthwise || Groups > 1 ? null : this with { Channels = rank, HasNoBias = true, Activation = Activation.Identity };

    LayerSpec IWeightedSpec.WithBias() => this with { HasNoBias = false };

    static Conv2dSpec? Parse(LayerText text)
    {
        Conv2dSpec spec;
        if (text.Is("conv", 3, out int[] sizes)) spec = new Conv2dSpec(sizes[0], sizes[1], sizes[2], text.TakeActivation());
        else if (text.Is("depthwise", 2, out sizes)) spec = new Conv2dSpec(sizes[0], sizes[1], 0, text.TakeActivation());
        else return null;
        return spec with
        {
            Stride = text.Take("stride", 1),
            Padding = text.Take("pad", 0),
            Same = text.Take("same"),
            Groups = spec.IsDepthwise ? 1 : text.Take("groups", 1),
            HasNoBias = text.Take("nobias")
        };
    }

    static Conv2dSpec Read(LayerJson json)
    {
        var (height, width) = json.Sides("kernel")
            ?? throw new EdgeLearnException($"{json.FileName}: a conv2d without its kernel [height, width]");
        return new Conv2dSpec(height, width, json.Integer("channels"), json.Activation())
        {
            Stride = json.Integer("stride", 1),
            Padding = json.Integer("padding", 0),
            Same = json.Flag("same"),
            Groups = json.Integer("groups", 1),
            HasNoBias = json.Flag("no_bias"),
        };
    }

    internal override void Write(Utf8JsonWriter json)
    {
        json.WriteString("kind", Kind.Word);
        LayerJson.Write(json, "kernel", [Height, Width]);
        json.WriteNumber("channels", Channels);
        WriteOptions(json, Stride, Padding, Same, Groups, HasNoBias);
        json.WriteString("activation", Activation.Word());
    }

    /// <inheritdoc/>
    public override string ToShorthand(Activation unsaid)
    {
        var invariant = CultureInfo.InvariantCulture;
        string kernel = IsDepthwise
            ? string.Create(invariant, $"depthwise{Height}x{Width}")
            : string.Create(invariant, $"conv{Height}x{Width}x{Channels}");
        return kernel + Options(Stride, Padding, Same, Groups, HasNoBias) + Activation.Suffix(unsaid);
    }

    internal static void WriteOptions(Utf8JsonWriter json, int stride, int padding, bool same, int groups, bool hasNoBias)
    {
        if (stride != 1) json.WriteNumber("stride", stride);
        if (padding != 0) json.WriteNumber("padding", padding);
        if (same) json.WriteBoolean("same", true);
        if (groups != 1) json.WriteNumber("groups", groups);
        if (hasNoBias) json.WriteBoolean("no_bias", true);
    }

    internal static string Options(int stride, int padding, bool same, int groups, bool hasNoBias)
    {
        var invariant = CultureInfo.InvariantCulture;
        return (stride != 1 ? string.Create(invariant, $":stride{stride}") : "")
            + (padding != 0 ? string.Create(invariant, $":pad{padding}") : "") + (same ? ":same" : "")
            + (groups != 1 ? string.Create(invariant, $":groups{groups}") : "") + (hasNoBias ? ":nobias" : "");
    }

    /// <inheritdoc/>
    public override Shape OutputShape(Shape input, string name)
    {
        if (input.Rank == 1)
        {
            throw new EdgeLearnException($"{name} needs an image, but its input is a vector of {input.Length} values: give the image's "
                + $"shape (--input-shape 28x28) or put reshapeHxWxC before it");
        }
        int outputs = IsDepthwise ? input.Channels : Channels, groups = IsDepthwise ? input.Channels : Groups;
        if (outputs is < 1 or > NetworkSpec.MostUnits)
            throw new EdgeLearnException($"{name} has {outputs} channels, expected 1 to {NetworkSpec.MostUnits}");
        if (groups < 1 || outputs % groups != 0 || input.Channels % groups != 0)
        {
            throw new EdgeLearnException($"{name} has {groups} groups, which do not divide both the {input.Channels} channels coming in "
                + $"and the {outputs} going out: choose a common divisor");
        }
        var geometry = CheckWindow(input, name, Height, Width, Stride, Padding, Same);
        long patches = (long)(input.Channels / groups) * geometry.KernelLength * geometry.OutputLength;
        if (patches > int.MaxValue / sizeof(float))
        {
            throw new EdgeLearnException($"{name} has {patches:N0} values in the windows of one sample of {input}, at "
                + $"most {int.MaxValue / sizeof(float):N0} are supported: use a larger stride or pool before it");
        }
        return Shape.Planes(outputs, geometry.OutputHeight, geometry.OutputWidth);
    }

    /// <summary>The movement of a window, refused where it does not fit the image.</summary>
    internal static PatchGeometry CheckWindow(Shape input, string name, int height, int width, int stride, int padding, bool same)
    {
        if (height < 1 || width < 1 || stride < 1)
            throw new EdgeLearnException($"{name} has a window of {height}x{width} and stride {stride}, expected 1 or more");
        if (same && (height % 2 == 0 || width % 2 == 0 || padding != 0))
        {
            throw new EdgeLearnException($"{name} is 'same', which needs a window of odd sides and no other padding: "
                + $"use {height | 1}x{width | 1}");
        }
        if (padding < 0 || padding >= Math.Max(height, width))
            throw new EdgeLearnException($"{name} has a padding of {padding}, expected less than the window's {Math.Max(height, width)}");
        int paddingHeight = same ? height / 2 : padding, paddingWidth = same ? width / 2 : padding;
        if (height > input.Height + 2 * paddingHeight || width > input.Width + 2 * paddingWidth)
        {
            throw new EdgeLearnException($"{name} has a window of {height}x{width}, larger than its input "
                + $"of {input.Height}x{input.Width}{(padding > 0 ? $" with padding {padding}" : "")} ({input}): use a smaller window, "
                + $"same, or fewer pools before it");
        }

        return new PatchGeometry(input, height, width, stride, paddingHeight, paddingWidth);
    }

    internal override Layer Build(string name, Shape input, ParameterSet parameters)
        => new Conv2dLayer(name, CheckWindow(input, name, Height, Width, Stride, Padding, Same), OutputShape(input, name),
            IsDepthwise ? input.Channels : Groups, this, parameters);
}
