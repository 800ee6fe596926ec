using System.Text.Json.Serialization;

namespace EdgeLearn.Commands;

/// <summary>What <c>train --json</c> prints; the names in JSON are those of the properties in snake_case.</summary>
public sealed record TrainResult
{
    /// <summary>The learning rule's word.</summary>
    public required string Rule { get; init; }

    /// <summary>The update rule's word.</summary>
    public required string Update { get; init; }

    /// <summary>The network in shorthand.</summary>
    public required string Network { get; init; }

    /// <summary>Seed of the run.</summary>
    public required ulong Seed { get; init; }

    /// <summary>Passes over the training data; a fraction where steps were given.</summary>
    public required double Epochs { get; init; }

    /// <summary>Samples of a step.</summary>
    public required int Batch { get; init; }

    /// <summary>Rate of the last layer at the start.</summary>
    public required float LearningRate { get; init; }

    /// <summary>Samples to learn from.</summary>
    public required int TrainExamples { get; init; }

    /// <summary>Samples to test with.</summary>
    public required int TestExamples { get; init; }

    /// <summary>Share of test samples that are classified right; null for a regression.</summary>
    public required double? TestAccuracy { get; init; }

    /// <summary>Mean loss on the test samples.</summary>
    public required double TestLoss { get; init; }

    /// <summary>The samples held back from training; absent unless asked for.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public ValidationResult? Validation { get; init; }

    /// <summary>The same budget spent by the two controls; absent unless asked for.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public ControlResults? Controls { get; init; }

    /// <summary>Median time of a step.</summary>
    public required double StepMsMedian { get; init; }

    /// <summary>Time that 99 % of the steps stayed below.</summary>
    public required double StepMsP99 { get; init; }

    /// <summary>Wall time of all steps, checkpoints included.</summary>
    public required double Seconds { get; init; }

    /// <summary>Peak memory of the process, read before the controls ran.</summary>
    public required long PeakRssBytes { get; init; }

    /// <summary>The one block of a step: batch, activations, panels, update state.</summary>
    public required long WorkspaceBytes { get; init; }

    /// <summary>Weights and integer tensors.</summary>
    public required long ParameterBytes { get; init; }

    /// <summary>What the update remembers between steps; 0 for a state-free one.</summary>
    public required long OptimizerStateBytes { get; init; }

    /// <summary>Managed bytes allocated by a step, mean after the first three.</summary>
    public required double AllocatedBytesPerStep { get; init; }

    /// <summary>What the run keeps of the past; absent where it keeps nothing.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public ContinualResult? Past { get; init; }

    /// <summary>Where the model was saved; null = nowhere.</summary>
    public required string? Model { get; init; }

    /// <summary>What learned of a network that was frozen in part; absent where everything learned.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public TransferResult? Transfer { get; init; }
}

/// <summary>How a trained network does on the samples that were held back from training.</summary>
/// <param name="Examples">samples</param>
/// <param name="Accuracy">share that is classified right; null for a regression</param>
/// <param name="Loss">mean loss</param>
public sealed record ValidationResult(int Examples, double? Accuracy, double Loss);
