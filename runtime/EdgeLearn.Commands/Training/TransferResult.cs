namespace EdgeLearn.Commands;

/// <summary>
/// What <c>--train</c> makes of a network: adaptors in its layers, a head for the data's classes, and, at the end, an adaptor's file or a
/// model without adaptors.
/// </summary>
/// <param name="source">the network as the user gave it</param>
/// <param name="train">what learns; null = everything</param>
/// <param name="adaptorPath">where the adaptor goes; null = nowhere</param>
sealed class TransferSource(NetworkSource source, TrainableParts? train, string? adaptorPath)
{
    string? _baseIdentity;

    /// <summary>Finds out before a long run whether its adaptor can be saved.</summary>
    /// <exception cref="EdgeLearnException">There is no base, or it would not fit.</exception>
    public void Check(Preparation preparation, WeightStorage storage)
    {
        if (adaptorPath is null) return;
        if (train is null)
            throw new EdgeLearnException("--save-adaptor needs --train, which says what learns: such as --train lora:4 or --train bias");
        if (source.ModelPath is not { } path)
            throw new EdgeLearnException("--save-adaptor needs a model that the adaptor belongs to: give --model FILE");
        using var model = NetworkSource.LoadModel(path);
        if (storage != model.Network.Parameters.Storage)
        {
            throw new EdgeLearnException($"--save-adaptor: {path} has {model.Network.Parameters.Storage.Word()} weights, the run "
                + $"has {storage.Word()}: leave --weights out");
        }
        if (!preparation.Equals(model.Preparation))
        {
            throw new EdgeLearnException($"--save-adaptor: {path} prepares its inputs in another way than --preparation says: "
                + $"leave --preparation out");
        }
        _baseIdentity = Adaptor.IdentityOf(model);
    }

    /// <summary>The network that is trained.</summary>
    /// <param name="spec">as the user gave it</param>
    /// <param name="outputs">that the data needs</param>
    /// <param name="classNames">of the data</param>
    /// <param name="output">told of a new head</param>
    /// <exception cref="EdgeLearnException">The data has other classes and the head does not learn, or no layer can have the
    /// adaptor.</exception>
    public NetworkSpec SpecFor(NetworkSpec spec, int outputs, IReadOnlyList<string>? classNames, CommandOutput output)
    {
        if (train is null) return spec;
        if (source.ModelPath is { } path) spec = WithHead(spec, path, outputs, classNames, output);
        return train.Adapt(spec);
    }

    NetworkSpec WithHead(NetworkSpec spec, string path, int outputs, IReadOnlyList<string>? classNames, CommandOutput output)
    {
        bool areOthers = source.ClassNames is { } known && classNames is not null && !known.SequenceEqual(classNames);
        if (outputs == spec.OutputLength && !areOthers) return spec;
        string difference = outputs != spec.OutputLength
            ? $"{path} has {spec.OutputLength} outputs, the data needs {outputs}"
            : $"{path} knows the classes {string.Join(", ", source.ClassNames!.Take(5))}, the data "
                + $"has {string.Join(", ", classNames!.Take(5))}";
        if (!train!.Has(TrainableKind.Head) && !train.Has(TrainableKind.All))
            throw new EdgeLearnException($"{difference}: a new head has to learn too: --train {train},head");
        output.Error.WriteLine($"{difference}: a new head is drawn");
        source.DrawsHead = true;
        return outputs == spec.OutputLength ? spec : spec.WithOutputs(outputs);
    }

    /// <summary>Writes what was learned: the model with its adaptors merged, the adaptor, or both.</summary>
    public void Save(Model learned, string? modelPath)
    {
        if (adaptorPath is not null) Adaptor.Save(adaptorPath, learned, train!, _baseIdentity!);
        if (modelPath is null) return;
        using var merged = learned.Network.Spec.Layers.Any(layer => layer is AdaptedSpec) ? learned.Network.Merge() : null;
        ModelFile.Save(modelPath, merged is null ? learned : learned with { Network = merged });
    }

    /// <summary>What learned, for the result; null where everything did.</summary>
    /// <param name="learned">the network</param>
    /// <param name="isSaved">whether its adaptor was written, where one was asked for</param>
    public TransferResult? Result(Network learned, bool isSaved) => train is null ? null : new TransferResult(
        train.ToString(),
        learned.Parameters.Slices.Where(slice => slice.Trainable).Sum(slice => (long)slice.Length),
        isSaved ? adaptorPath : null,
        isSaved && adaptorPath is not null ? new FileInfo(adaptorPath).Length : null);
}

/// <summary>What learned of a network that was frozen in part.</summary>
/// <param name="Train">the keys of --train</param>
/// <param name="TrainableCount">weights that learned</param>
/// <param name="Adaptor">the file that has them alone; null = none</param>
/// <param name="AdaptorBytes">its length</param>
public sealed record TransferResult(string Train, long TrainableCount, string? Adaptor, long? AdaptorBytes);
