using EdgeLearn.Datasets;

namespace EdgeLearn.Commands;

/// <summary>What <c>train</c> is asked to do.</summary>
sealed record TrainRequest
{
    public required TrainingSettings Settings { get; init; }

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

    public long? MemoryLimitBytes { get; init; }

    /// <summary>Whether backprop and frozen spend the same budget afterwards.</summary>
    public bool Controls { get; init; }

    /// <summary>Whether plain lines of progress are printed where no terminal is.</summary>
    public bool Verbose { get; init; }
}
