namespace EdgeLearn;

/// <summary>
/// Layers over one <see cref="ParameterSet"/>. Describing a network allocates no weights, so that its memory can be planned first;
/// <see cref="Initialise"/> or a model file brings them. Owns its parameters.
/// </summary>
public sealed class Network : IDisposable
{
    /// <summary>Builds the layers of a description.</summary>
    /// <param name="spec">the description</param>
    /// <param name="storage">how matrices are stored</param>
    public Network(NetworkSpec spec, WeightStorage storage = WeightStorage.Float32)
    {
        Spec = spec;
        Parameters = new ParameterSet(storage);
        Layers = [.. spec.Layers.Select((layer, i) => layer.Build($"layers.{i}", spec.InputOf(i), Parameters))];
    }

    /// <summary>What the network was built from.</summary>
    public NetworkSpec Spec { get; private set; }

    /// <summary>First to last.</summary>
    internal Layer[] Layers { get; }

    /// <summary>
    /// The stretches that a forward-only rule trains one by one, first to last; at least one. Every layer belongs to exactly one.
    /// </summary>
    internal IReadOnlyList<LocalUnit> Units => Spec.Units;

    /// <summary>All weights.</summary>
    public ParameterSet Parameters { get; }

    /// <summary>
    /// First layers that only run forward, because nothing below or in them learns and something in them has weights: they are run as in
    /// evaluation (no dropout, running statistics), and what they give for a sample is the same in every epoch. Dropout right below the
    /// first layer that learns is not among them. 0 in a network that learns as a whole.
    /// </summary>
    public int FrozenCount
    {
        get
        {
            int first = FirstTrainable, count = first;
            while (count > 0 && Layers[count - 1].Slices.Count == 0) count--;
            if (count == 0) return 0;
            while (count < first && Layers[count] is not DropoutLayer) count++;
            return count;
        }
    }

    /// <summary>The first layer that has something to learn; the number of layers when none has.</summary>
    public int FirstTrainable => FirstTrainableOf(0, Layers.Length);

    /// <summary>The first of some layers that has something to learn; <paramref name="end"/> when none has.</summary>
    internal int FirstTrainableOf(int first, int end)
    {
        while (first < end && !Layers[first].IsTrainable) first++;
        return first;
    }

    /// <summary>Values of one sample.</summary>
    public int InputLength => Spec.Input.Length;

    /// <summary>
    /// The last layer where it can hold its outputs against the labels by itself, a few at a time; null where all outputs have to be there
    /// for the loss.
    /// </summary>
    internal TokenHeadLayer? LossHead => Loss.Equals(Loss.SoftmaxCrossEntropy) ? Layers[^1] as TokenHeadLayer : null;

    /// <summary>The layers whose outputs exist as a whole: all, or all but <see cref="LossHead"/>.</summary>
    internal ReadOnlySpan<Layer> Body => Layers.AsSpan()[..(Layers.Length - (LossHead is null ? 0 : 1))];

    /// <summary>Values of the last layer.</summary>
    public int OutputLength => Spec.OutputLength;

    /// <summary>What the last layer is held against.</summary>
    public Loss Loss => Spec.Loss;

    /// <summary>Allocates the weights and draws them from a seed.</summary>
    public Network Initialise(ulong seed)
    {
        Parameters.Allocate();
        foreach (var layer in Layers) layer.Initialise(Parameters, seed);
        return this;
    }

    /// <summary>Holds the outputs against another loss from now on.</summary>
    /// <exception cref="EdgeLearnException">The loss cannot use so many outputs.</exception>
    public void UseLoss(Loss loss) => Spec = Spec.WithLoss(loss);

    /// <summary>The same network with its weights stored in another way. The caller disposes of both.</summary>
    public Network WithStorage(WeightStorage storage)
    {
        var network = new Network(Spec, storage);
        network.Parameters.Allocate();
        network.Take(this);
        return network;
    }

    /// <summary>Takes over the weights and integer tensors of a network of the same layers, which may store them in another way.</summary>
    internal void Take(Network other)
    {
        for (int i = 0; i < Layers.Length; i++) Layers[i].TakeIntegers(other.Layers[i]);
        Parameters.Take(other.Parameters);
    }

    /// <summary>Bytes of the weights and of the integer tensors.</summary>
    public long ParameterBytes
        => Parameters.Bytes + Layers.SelectMany(layer => layer.Integers).Sum(tensor => tensor.Length * sizeof(int));

    /// <inheritdoc/>
    public void Dispose() => Parameters.Dispose();
}

/// <summary>
/// What a model file holds: a network with its weights, how its inputs are prepared, and what its inputs and classes are called. Owns the
/// network.
/// </summary>
/// <param name="Network">with weights</param>
/// <param name="Preparation">of every input</param>
/// <param name="ClassNames">one an output, or null</param>
/// <param name="Columns">how rows of a table become its inputs; null where it was not made for a table</param>
public sealed record Model(Network Network, Preparation Preparation, IReadOnlyList<string>? ClassNames = null, InputColumns? Columns = null)
    : IDisposable
{
    /// <summary>How images or sound become its inputs, in the words of the library that reads them; null where it does not say.</summary>
    public string? Media { get; init; }

    /// <inheritdoc/>
    public void Dispose() => Network.Dispose();
}
