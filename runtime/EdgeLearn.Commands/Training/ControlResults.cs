using System.Text.Json.Serialization;

namespace EdgeLearn.Commands;

/// <summary>The two controls.</summary>
/// <param name="Backprop">the ceiling</param>
/// <param name="Frozen">the floor: hidden layers stay random</param>
public sealed record ControlResults(ControlResult Backprop, ControlResult Frozen);

/// <summary>One control.</summary>
public sealed record ControlResult
{
    /// <summary>The samples held back from training; absent unless asked for.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public ValidationResult? Validation { get; init; }

    /// <summary>Share of test samples that are classified right; null for a regression, or when the control diverged.</summary>
    public required double? TestAccuracy { get; init; }

    /// <summary>Mean loss on the test samples; null when the control diverged.</summary>
    public required double? TestLoss { get; init; }

    /// <summary>Rate of the last layer at the start.</summary>
    public required float LearningRate { get; init; }

    /// <summary>Median time of a step.</summary>
    public required double StepMsMedian { get; init; }

    /// <summary>Wall time of all steps.</summary>
    public required double Seconds { get; init; }

    /// <summary>The one block of a step.</summary>
    public required long WorkspaceBytes { get; init; }

    /// <summary>What the update remembers between steps.</summary>
    public required long OptimizerStateBytes { get; init; }
}
