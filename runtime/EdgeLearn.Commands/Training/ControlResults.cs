using System.Text.Json.Serialization;

namespace EdgeLearn.Commands;

/// <summary>The two controls.</summary>
/// <param name="Backprop">the ceiling</param>
/// <param name="Frozen">the floor: hidden layers stay random</param>
public sealed record ControlResults(ControlResult Backprop, ControlResult Frozen);

/// <summary>One control.</summary>
/// <param name="Validation">the samples held back from training; absent unless asked for</param>
/// <param name="TestAccuracy">share of test samples that are classified right; null for a regression, or when the control diverged</param>
/// <param name="TestLoss">mean loss on the test samples; null when the control diverged</param>
/// <param name="Update">the update rule's word: the user's, else what suits the control</param>
/// <param name="LearningRate">rate of the last layer at the start</param>
/// <param name="StepMsMedian">median time of a step</param>
/// <param name="Seconds">wall time of all steps</param>
/// <param name="WorkspaceBytes">the one block of a step</param>
/// <param name="OptimizerStateBytes">what the update remembers between steps</param>
public sealed record ControlResult([property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] ValidationResult? Validation,
    double? TestAccuracy, double? TestLoss, string Update, float LearningRate, double StepMsMedian, double Seconds, long WorkspaceBytes,
    long OptimizerStateBytes);
