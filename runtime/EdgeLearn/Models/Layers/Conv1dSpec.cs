using System.Globalization;
using System.Text.Json;

namespace EdgeLearn;

/// <summary>
/// A <see cref="Conv1dLayer"/> over the steps of a sequence: <c>conv5x32</c> gives 32 features from kernels of 5 steps; options
/// <c>strideN</c>, <c>padN</c> or <c>same</c>, <c>groupsN</c>, <c>nobias</c>. <c>depthwise5</c> has one kernel a feature.
/// </summary>
/// <param name="Length">steps of the kernel</param>
/// <param name="Features">features of a step that come out; 0 = as many as come in, one kernel a feature</param>
/// <param name="Activation">what follows the weighted sum</param>
public sealed record Conv1dSpec(int Length, int Features, Activation Activation) : LayerSpec, IWeightedSpec
{
    internal static readonly LayerKind Kind = new("conv1d", "conv5x32", Parse, Read);

    /// <summary>Steps between neighbouring positions of the kernel.</summary>
    public int Stride { get; init; } = 1;

    /// <summary>Steps of zeros before and behind.</summary>
    public int Padding { get; init; }

    /// <summary>Padding of half a kernel, so that with stride 1 the sequence keeps its length; the kernel has to be odd.</summary>
    public bool Same { get; init; }

    /// <summary>Groups of features that see nothing of each other.</summary>
    public int Groups { get; init; } = 1;

    /// <summary>Whether there is no bias.</summary>
    public bool HasNoBias { get; init; }

    bool IsDepthwise => Features == 0;

    internal override LayerRole Role => LayerRole.Learner;

    LayerSpec IWeightedSpec.Plain() => this with { Activation = Activation.Identity };

    LayerSpec? IWeightedSpec.OfRank(int rank)
        => IsDepthwise || Groups > 1 ? null : this with { Features = rank, HasNoBias = true, Activation = Activation.Identity };

    LayerSpec IWeightedSpec.WithBias() => this with { HasNoBias = false };

    static Conv1dSpec? Parse(LayerText text)
    {
        Conv1dSpec spec;
        if (text.Is("conv", 2, out int[] sizes)) spec = new Conv1dSpec(sizes[0], sizes[1], text.TakeActivation());
        else if (text.Is("depthwise", 1, out sizes)) spec = new Conv1dSpec(sizes[0], 0, text.TakeActivation());
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

    static Conv1dSpec Read(LayerJson json) => new(json.Integer("kernel"), json.Integer("features"), json.Activation())
    {
        Stride = json.Integer("stride", 1),
        Padding = json.Integer("padding", 0),
        Same = json.Flag("same"),
        Groups = json.Integer("groups", 1),
        HasNoBias = json.Flag("no_bias"),
    };

    internal override void Write(Utf8JsonWriter json)
    {
        json.WriteString("kind", Kind.Word);
        json.WriteNumber("kernel", Length);
        json.WriteNumber("features", Features);
        Conv2dSpec.WriteOptions(json, Stride, Padding, Same, Groups, HasNoBias);
        json.WriteString("activation", Activation.Word());
    }

    /// <inheritdoc/>
    public override string ToShorthand(Activation unsaid)
    {
        var invariant = CultureInfo.InvariantCulture;
        string kernel = IsDepthwise ? string.Create(invariant, $"depthwise{Length}") : string.Create(invariant, $"conv{Length}x{Features}");
        return kernel + Conv2dSpec.Options(Stride, Padding, Same, Groups, HasNoBias) + Activation.Suffix(unsaid);
    }

    /// <inheritdoc/>
    public override Shape OutputShape(Shape input, string name)
    {
        if (input.Rank != 2)
        {
            throw new EdgeLearnException($"{name} needs a sequence of steps x features, but its input is {input}: use "
                + $"conv{Length}x{Length}x{Math.Max(Features, 1)} for an image, or put reshapeTxF before it");
        }
        int outputs = IsDepthwise ? input.Width : Features, groups = IsDepthwise ? input.Width : Groups;
        if (outputs is < 1 or > NetworkSpec.MostUnits)
            throw new EdgeLearnException($"{name} has {outputs} features, expected 1 to {NetworkSpec.MostUnits}");
        if (groups < 1 || outputs % groups != 0 || input.Width % groups != 0)
        {
            throw new EdgeLearnException($"{name} has {groups} groups, which do not divide both {input.Width} features coming in "
                + $"and {outputs} going out: choose a common divisor");
        }
        if (Length < 1 || Stride < 1)
            throw new EdgeLearnException($"{name} has a kernel of {Length} steps and stride {Stride}, expected 1 or more");
        if (Same && (Length % 2 == 0 || Padding != 0))
            throw new EdgeLearnException($"{name} is 'same', which needs an odd kernel and no other padding: use {Length | 1}");
        if (Padding < 0 || Padding >= Length)
            throw new EdgeLearnException($"{name} has a padding of {Padding}, expected less than the kernel's {Length}");
        if (Length > input.Height + 2L * PaddingSteps)
        {
            throw new EdgeLearnException($"{name} has a kernel of {Length} steps, longer than its sequence of {input.Height} ({input}): "
                + $"use a shorter kernel, same, or fewer pools before it");
        }
        return Shape.Sequence((input.Height + 2 * PaddingSteps - Length) / Stride + 1, outputs);
    }

    internal int PaddingSteps => Same ? Length / 2 : Padding;

    internal override Layer Build(string name, Shape input, ParameterSet parameters)
        => new Conv1dLayer(name, input, OutputShape(input, name), IsDepthwise ? input.Width : Groups, this, parameters);
}
