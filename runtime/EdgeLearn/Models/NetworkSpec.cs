using System.Globalization;
using System.Text;

namespace EdgeLearn;

/// <summary>
/// A network without numbers: input shape, layers, loss. The shorthand is <c>input-layer-...-layer</c>, where the input is a width or <c>HxW[xC]</c> and a layer
/// is <c>units[@HxW | @K][:activation]</c>: <c>28x28-1000@10x10-10</c>, <c>64-128:relu-10</c>. Hidden layers are tanh and the last one identity unless said otherwise.
/// </summary>
public sealed class NetworkSpec
{
    // Below the largest input, so that no product of sizes leaves 64 bits before the set of parameters refuses it.
    const int MostUnits = (1 << 24) - 1;

    /// <summary>Describes a network.</summary>
    /// <exception cref="EdgeLearnException">A layer does not fit its input.</exception>
    public NetworkSpec(Shape input, IReadOnlyList<LayerSpec> layers, Loss loss)
    {
        Input = input;
        Layers = layers;
        Loss = loss;
        if (layers.Count == 0) throw new EdgeLearnException("the network has no layer: expected input-units-...-outputs, such as 784-100-10");
        var shape = input;
        for (int i = 0; i < layers.Count; i++)
        {
            CheckFit(layers[i], shape, i);
            shape = Shape.Vector(layers[i].Units);
        }
    }

    /// <summary>Shape of one sample.</summary>
    public Shape Input { get; }

    /// <summary>The layers, first to last.</summary>
    public IReadOnlyList<LayerSpec> Layers { get; }

    /// <summary>What the last layer is held against.</summary>
    public Loss Loss { get; }

    /// <summary>Values of the last layer.</summary>
    public int OutputLength => Layers[^1].Units;

    /// <summary>Reads the shorthand.</summary>
    /// <param name="text">such as <c>784-1000@10x10-10</c></param>
    /// <param name="data">shape of the data's samples, if known: gives a plain width its image, and must agree in length</param>
    /// <param name="loss">what the last layer is held against</param>
    /// <exception cref="EdgeLearnException">The text is no network, or does not fit the data.</exception>
    public static NetworkSpec Parse(string text, Shape? data, Loss loss)
    {
        string[] parts = text.Split('-');
        if (parts.Length < 2) throw new EdgeLearnException($"network '{text}': expected input-units-...-outputs, such as 784-100-10");
        if (!Shape.TryParse(parts[0], out var input)) throw new EdgeLearnException($"network '{text}': the input '{parts[0]}' is neither a width nor HxW nor HxWxC");
        if (data is { } shape)
        {
            if (shape.Length != input.Length) throw new EdgeLearnException($"network '{text}': its input has {input.Length} values, the data's samples have {shape.Length} ({shape}): begin the network with {shape}");
            if (!input.IsImage) input = shape;
        }

        var layers = new List<LayerSpec>(parts.Length - 1);
        for (int i = 1; i < parts.Length; i++) layers.Add(ParseLayer(text, parts[i], i, isLast: i == parts.Length - 1));
        return new NetworkSpec(input, layers, loss);
    }

    static LayerSpec ParseLayer(string text, string part, int position, bool isLast)
    {
        var activation = isLast ? Activation.Identity : Activation.Tanh;
        string body = part;
        int colon = part.IndexOf(':', StringComparison.Ordinal);
        if (colon >= 0)
        {
            activation = ActivationWords.Parse(part.AsSpan(colon + 1)) ?? throw new EdgeLearnException($"network '{text}': unknown activation '{part[(colon + 1)..]}' of layer {position}: expected tanh, relu or identity");
            body = part[..colon];
        }

        string[] halves = body.Split('@');
        if (halves.Length > 2 || !int.TryParse(halves[0], NumberStyles.None, CultureInfo.InvariantCulture, out int units) || units < 1)
        {
            throw new EdgeLearnException($"network '{text}': layer {position} is '{part}', expected a number of units of 1 or more, or units@HxW, units@K, units:activation");
        }

        if (halves.Length == 1) return new LayerSpec(units, activation);
        if (!Shape.TryParse(halves[1], out var window) || window.Channels > 1) throw new EdgeLearnException($"network '{text}': layer {position} looks at '{halves[1]}', expected a window HxW or a number of inputs");
        return halves[1].Contains('x', StringComparison.Ordinal) ? new LayerSpec(units, activation, window) : new LayerSpec(units, activation, Fan: window.Length);
    }

    static void CheckFit(LayerSpec layer, Shape input, int index)
    {
        string name = $"layer {index + 1} ({Describe(layer)})";
        if (layer.Units is < 1 or > MostUnits) throw new EdgeLearnException($"{name} has {layer.Units} units, expected 1 to {MostUnits}");
        if (layer.Window.Height > 0)
        {
            if (!input.IsImage) throw new EdgeLearnException($"{name} has windows, but its input is a vector of {input.Length} values: give the image's shape (--input-shape 28x28) or use {layer.Units}@{layer.Window.Height * layer.Window.Width} for random inputs");
            if (layer.Window.Height > input.Height || layer.Window.Width > input.Width) throw new EdgeLearnException($"{name} has windows larger than its {input} image");
        }
        else if (layer.Fan > input.Length)
        {
            throw new EdgeLearnException($"{name} looks at {layer.Fan} inputs, but there are only {input.Length}");
        }
    }

    static string Describe(LayerSpec layer) => layer switch
    {
        { Window.Height: > 0 } => string.Create(CultureInfo.InvariantCulture, $"{layer.Units}@{layer.Window.Height}x{layer.Window.Width}"),
        { Fan: > 0 } => string.Create(CultureInfo.InvariantCulture, $"{layer.Units}@{layer.Fan}"),
        _ => string.Create(CultureInfo.InvariantCulture, $"{layer.Units}"),
    };

    /// <summary>The shorthand; activations are written where they differ from the default.</summary>
    public override string ToString()
    {
        var text = new StringBuilder(Input.ToString());
        for (int i = 0; i < Layers.Count; i++)
        {
            text.Append('-').Append(Describe(Layers[i]));
            if (Layers[i].Activation != (i == Layers.Count - 1 ? Activation.Identity : Activation.Tanh)) text.Append(':').Append(Layers[i].Activation.Word());
        }

        return text.ToString();
    }
}
