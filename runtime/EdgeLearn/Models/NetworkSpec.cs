namespace EdgeLearn;

/// <summary>
/// A network without numbers: input shape, layers, loss. The shorthand is <c>input-layer-...-layer</c>, where the input is a width,
/// <c>HxW[xC]</c> or <c>TxF</c>: <c>28x28-1000@10x10-10</c>, <c>64-128:relu-10</c>. A layer with weights that says no activation is tanh,
/// but identity when it is the last one or when a norm or an activation follows.
/// </summary>
public sealed class NetworkSpec
{
    /// <summary>
    /// Most units or channels of a layer: below the largest input, so that no product of sizes leaves 64 bits before the set of parameters
    /// refuses it.
    /// </summary>
    internal const int MostUnits = Shape.LongestLength - 1;

    // Far beyond what a board can train, and few enough for every check to end at once.
    const int MostLayers = 1000, DeepestBlock = 16;

    readonly Shape[] _shapes;

    /// <summary>Describes a network.</summary>
    /// <exception cref="EdgeLearnException">A layer does not fit its input.</exception>
    public NetworkSpec(Shape input, IReadOnlyList<LayerSpec> layers, Loss loss)
    {
        Input = input;
        Layers = layers;
        Loss = loss;
        if (layers.Count == 0)
            throw new EdgeLearnException("the network has no layer: expected input-units-...-outputs, such as 784-100-10");
        if (layers.Count > MostLayers)
            throw new EdgeLearnException($"the network has {layers.Count:N0} layers, at most {MostLayers:N0} are supported");
        for (int i = 1; i < layers.Count; i++)
        {
            if (layers[i] is EmbeddingSpec)
            {
                throw new EdgeLearnException($"layer {i + 1} ({layers[i]}) reads tokens, but stands behind layer {i} ({layers[i - 1]}): "
                    + $"put it first");
            }
        }

        _shapes = ShapesOf(input, layers, "");
        for (int i = 0; i < layers.Count; i++) (layers[i] as TokenHeadSpec)?.CheckPlace(layers, i, _shapes[i]);
        Units = LocalUnit.Of(layers);
        if (Units.Count == 0)
        {
            throw new EdgeLearnException($"network '{this}' has no layer with weights, so that nothing could learn: end it with a number "
                + $"of outputs");
        }
        loss.CheckOutputs(this);
    }

    /// <summary>Shapes before, between and after layers; refuses the first that does not fit.</summary>
    internal static Shape[] ShapesOf(Shape input, IReadOnlyList<LayerSpec> layers, string prefix)
    {
        var shapes = new Shape[layers.Count + 1];
        shapes[0] = input;
        for (int i = 0; i < layers.Count; i++)
        {
            string name = $"{(prefix.Length == 0 ? "layer " : prefix)}{i + 1} ({layers[i].ToShorthand(ActivationOf(layers[i]))})";
            var shape = layers[i].OutputShape(shapes[i], name);
            if (shape.LongLength >= Shape.LongestLength)
            {
                throw new EdgeLearnException($"{name} makes {shape.LongLength:N0} values of a sample of {shapes[i]}, at "
                    + $"most {Shape.LongestLength - 1:N0} are supported: choose fewer channels or a larger stride");
            }
            shapes[i + 1] = shape;
        }

        return shapes;
    }

    // Names a layer in errors without its activation, which has nothing to do with shapes.
    static Activation ActivationOf(LayerSpec layer) => layer is IWeightedSpec weighted ? weighted.Activation : Activation.Identity;

    /// <summary>Shape of one sample.</summary>
    public Shape Input { get; }

    /// <summary>The layers, first to last.</summary>
    public IReadOnlyList<LayerSpec> Layers { get; }

    /// <summary>What the last layer is held against.</summary>
    public Loss Loss { get; }

    /// <summary>The stretches that a forward-only rule trains one by one, first to last; at least one.</summary>
    internal IReadOnlyList<LocalUnit> Units { get; }

    /// <summary>Shape of a sample before a layer.</summary>
    public Shape InputOf(int layer) => _shapes[layer];

    /// <summary>Shape of a sample after a layer.</summary>
    public Shape OutputOf(int layer) => _shapes[layer + 1];

    /// <summary>Whether inputs are tokens, whole numbers that stand for words or bytes, and must not be scaled.</summary>
    public bool ReadsTokens => Layers[0] is EmbeddingSpec;

    /// <summary>Values of the last layer.</summary>
    public int OutputLength => _shapes[^1].Length;

    /// <summary>Labels of a sample: one, or one for each step where the last layer leaves a sequence.</summary>
    public int LabelLength => _shapes[^1].Rank == 2 ? _shapes[^1].Height : 1;

    /// <summary>Whether a sample has a class for each step, and not one for all of it.</summary>
    public bool LabelsSteps => Loss.IsClassification && LabelLength > 1;

    /// <summary>Outputs that one label chooses among.</summary>
    public int ClassCount => OutputLength / LabelLength;

    /// <summary>Reads the shorthand.</summary>
    /// <param name="text">such as <c>784-1000@10x10-10</c></param>
    /// <param name="data">shape of the data's samples, if known: gives a plain width its image, and must agree in length</param>
    /// <param name="loss">what the last layer is held against</param>
    /// <exception cref="EdgeLearnException">The text is no network, or does not fit the data.</exception>
    public static NetworkSpec Parse(string text, Shape? data, Loss loss)
    {
        if (text.Count('(') != text.Count(')'))
        {
            throw new EdgeLearnException($"network '{text}': {text.Count('(')} opening and {text.Count(')')} closing parentheses, "
                + $"expected equal numbers");
        }
        if (LayerText.Depth(text) > DeepestBlock)
        {
            throw new EdgeLearnException($"the network has blocks in blocks, {LayerText.Depth(text):N0} deep, at most {DeepestBlock} are "
                + $"supported: put them one behind the other");
        }
        var parts = LayerText.Split(text, '-');
        if (parts.Count < 2) throw new EdgeLearnException($"network '{text}': expected input-units-...-outputs, such as 784-100-10");
        if (!Shape.TryParse(parts[0], out var input))
            throw new EdgeLearnException($"network '{text}': the input '{parts[0]}' is neither a width nor HxW nor HxWxC");
        if (data is { } shape)
        {
            if (shape.Length != input.Length)
            {
                throw new EdgeLearnException($"network '{text}': its input has {input.Length} values, the data's samples "
                    + $"have {shape.Length} ({shape}): begin the network with {shape}");
            }
            if (!input.IsImage || (shape.Height, shape.Width, shape.Channels) == (input.Height, input.Width, input.Channels)) input = shape;
        }

        return new NetworkSpec(input, LayerText.ParseAll(text, parts[1..], ""), loss);
    }

    /// <summary>The same layers held against another loss.</summary>
    /// <exception cref="EdgeLearnException">The loss cannot use so many outputs.</exception>
    public NetworkSpec WithLoss(Loss loss) => loss.Equals(Loss) ? this : new NetworkSpec(Input, Layers, loss);

    /// <summary>The shorthand; activations are written where they differ from the default.</summary>
    public override string ToString() => $"{Input}-{LayerText.ToString(Layers)}";
}

/// <summary>
/// A stretch of layers that a forward-only rule trains by itself: one layer with weights, or one block, with the norm and activation that
/// follow, and before it the layers without weights that prepare its input. No signal crosses units.
/// </summary>
/// <param name="First">index of its first layer</param>
/// <param name="Learner">index of the layer with weights, or of the block</param>
/// <param name="End">index behind its last layer</param>
readonly record struct LocalUnit(int First, int Learner, int End)
{
    /// <summary>
    /// Divides layers into units; every layer belongs to exactly one. Layers without weights at the end belong to the last unit. Empty when
    /// no layer has weights.
    /// </summary>
    public static IReadOnlyList<LocalUnit> Of(IReadOnlyList<LayerSpec> layers)
    {
        var units = new List<LocalUnit>();
        int first = 0;
        for (int i = 0; i < layers.Count; i++)
        {
            if (layers[i].Role != LayerRole.Learner) continue;
            int end = i + 1;
            while (end < layers.Count && layers[end].Role is LayerRole.Norm or LayerRole.Activation) end++;
            units.Add(new LocalUnit(first, i, end));
            first = end;
        }

        if (units.Count > 0) units[^1] = units[^1] with { End = layers.Count };
        return units;
    }
}
