using EdgeLearn.Datasets;

namespace EdgeLearn.Commands;

/// <summary>What <c>train</c> is asked to do.</summary>
sealed record TrainRequest
{
    public required TrainingSettings Settings { get; init; }

    /// <summary>The settings with the update that suits their rule and a network, unless the user said one.</summary>
    public required Func<TrainingSettings, NetworkSpec, TrainingSettings> WithUpdate { get; init; }

    public required NetworkSource Network { get; init; }

    public required DataSplit Data { get; init; }

    public required Loss Loss { get; init; }

    public PreparationChoice Preparation { get; init; }

    /// <summary>Where what learned goes by itself; null = nowhere.</summary>
    public string? AdaptorPath { get; init; }

    /// <summary>Where the model goes; null = nowhere.</summary>
    public string? SavePath { get; init; }

    /// <summary>What runs keep between them; null = nothing.</summary>
    public string? PastPath { get; init; }

    /// <summary>Where the run can go on from after a crash; null = it cannot.</summary>
    public string? CheckpointFolder { get; init; }

    /// <summary>Whether a run in that folder goes on.</summary>
    public bool Resume { get; init; }

    /// <summary>Time between two saves there.</summary>
    public TimeSpan CheckpointInterval { get; init; }

    /// <summary>Where the course of the run goes as lines of JSON; null = nowhere.</summary>
    public string? LogPath { get; init; }

    /// <summary>Where its picture goes; null = nowhere.</summary>
    public string? SvgPath { get; init; }

    public long? MemoryLimitBytes { get; init; }

    /// <summary>Whether backprop and frozen spend the same budget afterwards.</summary>
    public bool Controls { get; init; }

    /// <summary>Whether each epoch has a line of progress where no terminal is.</summary>
    public bool Verbose { get; init; }
}

/// <summary>How inputs are to be prepared.</summary>
enum PreparationChoice
{
    /// <summary>The model's own; for a new network <see cref="Standardise"/>, or <see cref="None"/> when it reads tokens.</summary>
    Auto,

    /// <summary>As they are stored.</summary>
    None,

    /// <summary>Divided by the largest magnitude of the training set.</summary>
    Scale,

    /// <summary>To mean 0 and deviation 1, see <see cref="DataSplit.Standardise"/>.</summary>
    Standardise,
}

static class PreparationChoices
{
    /// <summary>Makes the preparation from the training set.</summary>
    /// <param name="choice">what the user wants</param>
    /// <param name="known">of the model to go on from</param>
    /// <param name="data">whose training set counts</param>
    /// <param name="network">says what it takes the inputs for</param>
    public static Preparation Make(this PreparationChoice choice, Preparation? known, DataSplit data, NetworkSpec network)
    {
        var inputs = OfInputs(choice, known, data, network);
        if (!network.Loss.HasQuantities || inputs == known) return inputs;
        if (known is not null) return inputs.WithTargets(known.Targets);
        return network.Loss is HuberLoss
            ? inputs.WithTargets(TargetScale.StandardiseRobustly(data.Train))
            : inputs.StandardiseTargets(data.Train);
    }

    static Preparation OfInputs(PreparationChoice choice, Preparation? known, DataSplit data, NetworkSpec network) => choice switch
    {
        PreparationChoice.Auto when known is not null => known,
        PreparationChoice.Auto when network.ReadsTokens => Preparation.Identity,
        PreparationChoice.None => Preparation.Identity,
        PreparationChoice.Scale => Preparation.ScaleByMaximum(data.Train),
        _ => data.Standardise(network),
    };
}
