using System.Globalization;
using System.Text.Json;

namespace EdgeLearn;

/// <summary>A <see cref="ReceptiveFieldLayer"/>: <c>1000@10x10</c> for windows of an image, <c>1000@100</c> for random inputs.</summary>
/// <param name="Units">outputs</param>
/// <param name="Activation">what follows the weighted sum</param>
public sealed record ReceptiveFieldSpec(int Units, Activation Activation) : LayerSpec, IWeightedSpec
{
    internal static readonly LayerKind Kind = new("receptive", "1000@10x10", Parse, Read);

    /// <summary>Rows of the window that a unit sees; 0 where it sees random inputs.</summary>
    public int WindowHeight { get; init; }

    /// <summary>Columns of the window that a unit sees; 0 where it sees random inputs.</summary>
    public int WindowWidth { get; init; }

    /// <summary>Random inputs that a unit sees; 0 where it sees a window.</summary>
    public int Fan { get; init; }

    internal override LayerRole Role => LayerRole.Learner;

    LayerSpec IWeightedSpec.Plain() => this with { Activation = Activation.Identity };

    bool IsWindow => WindowHeight > 0;

    static ReceptiveFieldSpec? Parse(LayerText text)
    {
        if (text.Word.Length > 0 || text.Places is not { } places || text.Body is not null) return null;
        var spec = new ReceptiveFieldSpec(DenseSpec.ParseUnits(text), text.TakeActivation());
        if (places.Contains('@', StringComparison.Ordinal))
            throw text.Wrong("a number of units of 1 or more, or units@HxW, units@K, units:activation");
        if (!Shape.TryParse(places, out var window) || window.Channels > 1 || window.Rank == 3 || places.Count('x') > 1)
            throw text.Refuse($"looks at '{places}', expected a window HxW or a number of inputs");
        return window.Rank == 2
            ? spec with { WindowHeight = window.Height, WindowWidth = window.Width }
            : spec with { Fan = window.Length };
    }

    static LayerSpec Read(LayerJson json)
    {
        int units = json.Integer("units"), fan = json.Integer("inputs", 0);
        if (fan < 0) throw new EdgeLearnException($"{json.FileName}: a layer with {fan} random inputs, expected 1 or more");
        if (json.Sides("window") is { } window)
            return new ReceptiveFieldSpec(units, json.Activation()) { WindowHeight = window.Height, WindowWidth = window.Width };
        return fan > 0 ? new ReceptiveFieldSpec(units, json.Activation()) { Fan = fan } : new DenseSpec(units, json.Activation());
    }

    internal override void Write(Utf8JsonWriter json)
    {
        json.WriteNumber("units", Units);
        if (IsWindow) LayerJson.Write(json, "window", [WindowHeight, WindowWidth]);
        else json.WriteNumber("inputs", Fan);
        json.WriteString("activation", Activation.Word());
    }

    /// <inheritdoc/>
    public override string ToShorthand(Activation unsaid)
    {
        string places = IsWindow
            ? string.Create(CultureInfo.InvariantCulture, $"{WindowHeight}x{WindowWidth}")
            : Fan.ToString(CultureInfo.InvariantCulture);
        return string.Create(CultureInfo.InvariantCulture, $"{Units}@{places}{Activation.Suffix(unsaid)}");
    }

    /// <inheritdoc/>
    public override Shape OutputShape(Shape input, string name)
    {
        DenseSpec.CheckUnits(Units, name);
        if (IsWindow)
        {
            if (!input.IsImage)
            {
                throw new EdgeLearnException($"{name} has windows, but its input is a vector of {input.Length} values: give the image's "
                    + $"shape (--input-shape 28x28) or use {Units}@{WindowHeight * WindowWidth} for random inputs");
            }
            if (WindowHeight > input.Height || WindowWidth > input.Width)
                throw new EdgeLearnException($"{name} has windows larger than its {input} image");
            if (input is { IsPlanar: true, Channels: > 1 })
            {
                throw new EdgeLearnException($"{name} has windows, but its input are {input.Channels} maps "
                    + $"of {input.Height}x{input.Width}: use conv or local there, or {Units}@{WindowHeight * WindowWidth} for random "
                    + $"inputs");
            }
        }
        else if (Fan > input.Length)
        {
            throw new EdgeLearnException($"{name} looks at {Fan} inputs, but there are only {input.Length}");
        }

        return Shape.Vector(Units);
    }

    internal override Layer Build(string name, Shape input, ParameterSet parameters) => IsWindow
        ? ReceptiveFieldLayer.Windows(name, input, Units, WindowHeight, WindowWidth, Activation, parameters)
        : ReceptiveFieldLayer.Choices(name, input, Units, Fan, Activation, parameters);
}
