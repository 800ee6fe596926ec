using System.Globalization;

namespace EdgeLearn;

/// <summary>Networks made from others: with adaptors or without, with another head, with one output more.</summary>
static class NetworkTransfer
{
    /// <summary>
    /// A network with the weights of another where names and shapes are the same, and starting weights drawn from a seed where they are
    /// not. Integer tensors are taken over too. The caller disposes of both.
    /// </summary>
    /// <param name="source">whose weights are taken</param>
    /// <param name="spec">as many layers as the source</param>
    /// <param name="seed">of what is drawn</param>
    /// <param name="takes">false for tensors that are to be drawn anew all the same; null = none</param>
    public static Network Rebuild(this Network source, NetworkSpec spec, ulong seed, Func<ParameterSlice, bool>? takes = null)
    {
        if (spec.Layers.Count != source.Layers.Length)
        {
            throw new EdgeLearnException($"network '{spec}' has {spec.Layers.Count} layers, '{source.Spec}' has {source.Layers.Length}: "
                + $"expected the same layers");
        }
        var network = new Network(spec, source.Parameters.Storage).Initialise(seed);
        for (int i = 0; i < network.Layers.Length; i++)
        {
            if (network.Layers[i].Integers.Count == source.Layers[i].Integers.Count) network.Layers[i].TakeIntegers(source.Layers[i]);
        }

        foreach (var slice in network.Parameters.Slices)
        {
            if (takes?.Invoke(slice) == false || source.Parameters.Find(slice.Name) is not { } from
                || !from.Shape.SequenceEqual(slice.Shape) || from.Storage != slice.Storage)
            {
                continue;
            }
            source.Parameters.Scales(from).CopyTo(network.Parameters.Scales(slice));
            source.Parameters.Elements(from).CopyTo(network.Parameters.Elements(slice));
        }

        return network;
    }

    /// <summary>The description with another number of outputs.</summary>
    /// <param name="spec">its last layer with weights is dense</param>
    /// <param name="outputs">1 or more</param>
    /// <exception cref="EdgeLearnException">The last layer with weights is no dense layer.</exception>
    public static NetworkSpec WithOutputs(this NetworkSpec spec, int outputs)
    {
        int head = spec.Units[^1].Learner;
        if (spec.Layers[head] is not DenseSpec dense)
        {
            throw new EdgeLearnException($"the last layer with weights of {spec} is '{spec.Layers[head]}': only a dense layer can be "
                + $"given another number of outputs{(spec.Layers[head] is AdaptedSpec ? ", so merge its adaptor first" : "")}");
        }
        var layers = spec.Layers.ToArray();
        layers[head] = dense with { Units = outputs };
        return new NetworkSpec(spec.Input, layers, spec.Loss);
    }

    /// <summary>
    /// The network with outputs for more classes. Nothing that was there changes, and the old outputs keep their bits (a batch of 16
    /// samples or more may round in another order once there are 16 outputs). A new output begins as the mean of the old ones, so that it
    /// cannot win before it has learned. The caller disposes of both.
    /// </summary>
    /// <param name="source">its last layer with weights is dense</param>
    /// <param name="classes">1 or more new ones</param>
    /// <exception cref="EdgeLearnException">The last layer with weights is no dense layer.</exception>
    public static Network WithMoreOutputs(this Network source, int classes)
    {
        int old = source.OutputLength;
        var network = source.Rebuild(source.Spec.WithOutputs(old + classes), seed: 0);
        string head = network.Layers[network.Units[^1].Learner].Name;
        foreach (var slice in network.Parameters.Slices)
        {
            var from = source.Parameters.Find(slice.Name)!;
            if (!slice.Name.StartsWith(head + '.', StringComparison.Ordinal)) continue;
            int width = from.Length / old;
            float[] mean = new float[width];
            float[] row = new float[width];
            for (int i = 0; i < old; i++)
            {
                source.Parameters.Decode(from, i * width, row);
                for (int k = 0; k < width; k++) mean[k] += row[k] / old;
            }

            source.Parameters.Scales(from).CopyTo(network.Parameters.Scales(slice));
            source.Parameters.Elements(from).CopyTo(network.Parameters.Elements(slice));
            for (int i = old; i < old + classes; i++) network.Parameters.EncodeRow(slice, i * width, mean);
        }

        return network;
    }

    /// <summary>The model with one class more, see <see cref="WithMoreOutputs"/>. The caller disposes of both.</summary>
    /// <param name="source">a classification model</param>
    /// <param name="className">of the new class</param>
    /// <param name="name">what to call the model in errors</param>
    /// <exception cref="EdgeLearnException">There is such a class, the model does not classify, or its last layer with weights is no dense
    /// layer.</exception>
    public static Model WithClass(this Model source, string className, string name)
    {
        if (!source.Network.Loss.IsClassification)
        {
            throw new EdgeLearnException($"{name} has the loss {source.Network.Loss.Name} and no classes: expected a model that "
                + $"classifies");
        }
        var known = source.ClassNames
            ?? Enumerable.Range(0, source.Network.OutputLength).Select(i => i.ToString(CultureInfo.InvariantCulture));
        string[] names = [.. known, className];
        if (className.Length == 0 || names.Distinct().Count() < names.Length)
        {
            throw new EdgeLearnException($"--name '{className}': {name} knows the "
                + $"classes {string.Join(", ", names[..^1].Take(12))}{(names.Length > 13 ? ", ..." : "")}: choose a new name");
        }
        return source with { Network = source.Network.WithMoreOutputs(1), ClassNames = names };
    }

    /// <summary>
    /// The network with its adaptors taken up into the weights of their layers; bottlenecks, which have something between their sums, stay
    /// as they are. In float32 the outputs are the same up to rounding. The caller disposes of both.
    /// </summary>
    public static Network Merge(this Network source)
    {
        var spec = source.Spec;
        LayerSpec[] layers = [.. spec.Layers.Select(layer => layer is AdaptedSpec adapted ? adapted.Merged : layer)];
        var network = source.Rebuild(new NetworkSpec(spec.Input, layers, spec.Loss), seed: 0);
        for (int i = 0; i < layers.Length; i++)
        {
            if (source.Layers[i] is AdaptedLayer adapted && layers[i] is not AdaptedSpec)
                adapted.Merge(source.Parameters, network.Parameters);
        }

        return network;
    }
}
