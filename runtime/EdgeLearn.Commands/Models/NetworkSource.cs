namespace EdgeLearn.Commands;

/// <summary>
/// What <c>--network</c> names: a shorthand, a JSON file, a model file to go on from, or nothing, which takes a default that suits the
/// data. Builds the same network again for every control.
/// </summary>
sealed class NetworkSource
{
    const long LongestJsonBytes = 1 << 20;

    string? _shorthand;
    NetworkSpec? _spec;

    /// <summary>The file that --network names; null where it is a shorthand or nothing.</summary>
    public string? NamedPath { get; private set; }

    /// <summary>The model file to go on from.</summary>
    public string? ModelPath { get; private init; }

    /// <summary>The state_dict whose weights it starts from; null = none.</summary>
    public string? StatePath { get; private init; }

    /// <summary>Whether the model's head is for other classes, so that a new one is drawn.</summary>
    public bool DrawsHead { get; set; }

    /// <summary>How the model's file stores its matrices; null without a model.</summary>
    public WeightStorage? Storage { get; private init; }

    /// <summary>How the model's inputs are prepared.</summary>
    public Preparation? Preparation { get; private init; }

    /// <summary>Names of the model's classes, where it has any.</summary>
    public IReadOnlyList<string>? ClassNames { get; private init; }

    /// <summary>The columns of a table that the model takes in, where it was made for one.</summary>
    public InputColumns? Columns { get; private init; }

    /// <summary>How images or sound become the model's inputs, where it says.</summary>
    public string? Media { get; private init; }

    /// <summary>What data beside the model are read by; null without a model.</summary>
    /// <param name="loss">of the run</param>
    /// <param name="train">what learns: a head may be drawn anew for other classes</param>
    public ModelMeaning? Meaning(Loss loss, TrainableParts? train) => ModelPath is null ? null : new ModelMeaning(Columns, ClassNames,
        loss.IsClassification ? loss.ClassesOf(_spec!.WithLoss(loss).ClassCount) : 0, Media, _spec!.Input,
        train is not null && (train.Has(TrainableKind.Head) || train.Has(TrainableKind.All)));

    /// <summary>The loss, where a file says it.</summary>
    public Loss? Loss => _spec?.Loss;

    /// <summary>Reads a network with the weights to start from.</summary>
    /// <param name="text">the network; null where the model says it</param>
    /// <param name="model">a model file, a state_dict of the network that <paramref name="text"/> names, or null for new weights</param>
    /// <exception cref="EdgeLearnException">It is no network, or it is said twice or not at all.</exception>
    public static NetworkSource Read(string? text, string? model)
    {
        if (model is null) return Read(text);
        if (!File.Exists(model))
        {
            throw new EdgeLearnException($"--model {model}: there is no such file; expected a model file, or a state_dict saved as "
                + $"safetensors");
        }
        if (!StateFile.IsBare(model))
        {
            if (text is not null)
                throw new EdgeLearnException($"--model {model} and --network {text} both name the network: give one of them");
            var alone = Read(model);
            alone.NamedPath = null;
            return alone;
        }
        if (text is null)
            throw new EdgeLearnException($"{model} is a state_dict, which does not say its net: add --network, such as 784-100-10");
        var network = Read(text);
        return network.ModelPath is null
            ? new NetworkSource { _shorthand = network._shorthand, _spec = network._spec, StatePath = model, NamedPath = network.NamedPath }
            : throw new EdgeLearnException($"--network {text} is a model with weights of its own, and so is {model}: give one of them");
    }

    /// <summary>Reads what the option names.</summary>
    /// <exception cref="EdgeLearnException">It is no network.</exception>
    public static NetworkSource Read(string? text)
    {
        if (text is null) return new NetworkSource();
        if (!File.Exists(text) && !Directory.Exists(text))
        {
            bool isPath = text.Contains('/', StringComparison.Ordinal) || Path.GetExtension(text) is ".json" or ".safetensors";
            return isPath
                ? throw new EdgeLearnException($"--network {text}: there is no such file; expected a model file, a JSON file or a "
                    + $"shorthand such as 784-100-10") : new NetworkSource { _shorthand = text };
        }

        if (Path.GetExtension(text) == ".json")
        {
            if (new FileInfo(text).Length > LongestJsonBytes)
                throw new EdgeLearnException($"{text} is longer than {LongestJsonBytes} bytes: not a network description");
            using (var file = ByteSource.Open(text))
            {
                if (ForeignFile.Of(file.ReadStart(ForeignFile.StartBytes)) is { Name: not ForeignFile.Json, Remedy: { } remedy } other)
                    throw new EdgeLearnException($"{text} is {other.Name}, where a description of a network is expected: {remedy}");
            }
            return new NetworkSource { _spec = NetworkJson.Read(File.ReadAllText(text), text), NamedPath = text };
        }

        using var model = LoadModel(text);
        return new NetworkSource
        {
            _spec = model.Network.Spec,
            ModelPath = text,
            NamedPath = text,
            Preparation = model.Preparation,
            ClassNames = model.ClassNames,
            Columns = model.Columns,
            Media = model.Media,
            Storage = model.Network.Parameters.Storage,
        };
    }

    // A model file, or the folder of a checkpoint.
    internal static Model LoadModel(string path) => Directory.Exists(path) ? Checkpoint.LoadModel(path) : ModelFile.Load(path);

    /// <summary>The network for some data.</summary>
    /// <param name="input">shape of a sample</param>
    /// <param name="outputs">classes, or real targets of a sample</param>
    /// <param name="loss">what the outputs are held against</param>
    /// <param name="isSequence">whether samples of two dimensions are steps x features</param>
    public NetworkSpec SpecFor(Shape input, int outputs, Loss loss, bool isSequence = false)
        => _spec?.WithLoss(loss)
            ?? (_shorthand is { } text ? NetworkSpec.Parse(text, input, loss) : UsualNetwork.For(input, outputs, loss, isSequence));

    /// <summary>The network where nothing is known of the data.</summary>
    /// <param name="loss">what the outputs are held against</param>
    /// <returns>null when the network depends on the data</returns>
    public NetworkSpec? SpecAlone(Loss loss)
        => _spec?.WithLoss(loss) ?? (_shorthand is { } text ? NetworkSpec.Parse(text, null, loss) : null);

    /// <summary>Says what of the state_dict's tensors no layer was made of.</summary>
    /// <param name="notes">where to</param>
    public void SayLeftOut(TextWriter notes)
    {
        if (StatePath is { } state && StateFile.SayLeftOut(state) is { } line) notes.WriteLine(line);
    }

    /// <summary>The network with its starting weights: the model's, or drawn from a seed. The caller disposes of it.</summary>
    public Network Build(NetworkSpec spec, ulong seed, WeightStorage storage)
    {
        if (ModelPath is null && StatePath is null) return new Network(spec, storage).Initialise(seed);
        var saved = StatePath is { } state ? StateFile.Load(state, spec) : LoadModel(ModelPath!).Network;
        saved.UseLoss(spec.Loss);
        if (saved.Spec.ToString() != spec.ToString() || DrawsHead)
        {
            string head = $"{saved.Layers[saved.Units[^1].Learner].Name}.";
            using var old = saved;
            saved = old.Rebuild(spec, seed, slice => !DrawsHead || !slice.Name.StartsWith(head, StringComparison.Ordinal));
        }

        if (saved.Parameters.Storage == storage) return saved;
        using (saved) return saved.WithStorage(storage);
    }
}

/// <summary>
/// The network that data gets where the user names none. All have hidden units that see different things (maps, steps), for which
/// forward-only learning is as good as backprop; chosen on validation samples of images, sensor windows and tables, for the kind and not
/// for the set.
/// </summary>
static class UsualNetwork
{
    // What is much longer than wide is a sequence of steps, not an image.
    const int SequenceRatio = 3;

    /// <summary>A network for samples of this shape.</summary>
    /// <param name="input">shape of a sample</param>
    /// <param name="outputs">classes, or real targets of a sample</param>
    /// <param name="loss">what the outputs are held against</param>
    /// <param name="isSequence">whether a sample of two dimensions is known to be steps x features</param>
    public static NetworkSpec For(Shape input, int outputs, Loss loss, bool isSequence)
        => NetworkSpec.Parse($"{input}-{Hidden(input, isSequence)}-{outputs}", input, loss);

    static string Hidden(Shape input, bool isSequence) => input switch
    {
        { IsImage: false } => "256",
        { Rank: 2 } when isSequence || input.Height >= SequenceRatio * input.Width => Sequence(input.Height),
        { Rank: 3 } when Math.Min(input.Height, input.Width) >= 16 =>
            "conv3x3x32:same-batchnorm-relu-pool2-conv3x3x48:same-batchnorm-relu-pool2-conv3x3x64:same-batchnorm-relu-pool2-128:relu",
        _ when Math.Min(input.Height, input.Width) >= 16 => "conv5x5x16:relu-pool2-conv5x5x32:relu-pool2-128:relu",
        _ when Math.Min(input.Height, input.Width) >= 4 => "conv3x3x16:same:relu-conv3x3x32:same:relu-pool2-128:relu",
        _ => "256",
    };

    // Long series are sampled often, so that the first layer may skip; short ones cost little, so that it may be wide, which brings local
    // heads nearest to backprop.
    static string Sequence(int steps)
    {
        string first = steps >= 256 ? "conv16x32:stride4" : steps >= 64 ? "conv9x32:same" : steps >= 16
            ? "conv9x128:same"
            : "conv3x32:same", second = steps >= 16 ? "conv9x64:same" : "conv3x64:same";
        return $"{first}-batchnorm-relu-{(steps >= 64 ? "pool2-" : "")}{second}-batchnorm-relu-globalmax";
    }
}
