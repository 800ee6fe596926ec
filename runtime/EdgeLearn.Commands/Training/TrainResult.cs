using System.Text.Json.Serialization;

namespace EdgeLearn.Commands;

/// <summary>What <c>train --json</c> prints; the names in JSON are those of the properties in snake_case.</summary>
/// <param name="Rule">the learning rule's word</param>
/// <param name="Update">the update rule's word</param>
/// <param name="UpdateSettings">what of its settings differs from the defaults; absent where nothing does</param>
/// <param name="Network">the network in shorthand</param>
/// <param name="Seed">seed of the run</param>
/// <param name="Epochs">passes over the training data; a fraction where steps were given</param>
/// <param name="Batch">samples of a step</param>
/// <param name="LearningRate">rate of the last layer at the start</param>
/// <param name="TrainExamples">samples to learn from</param>
/// <param name="TestExamples">samples to test with</param>
/// <param name="TestAccuracy">share of test samples that are classified right; null for a regression, or where it was stopped</param>
/// <param name="TestLoss">mean loss on the test samples; null where it was stopped</param>
/// <param name="Validation">the samples held back from training; absent unless asked for</param>
/// <param name="Controls">the same budget spent by the two controls; absent unless asked for</param>
/// <param name="StepMsMedian">median time of a step</param>
/// <param name="StepMsP99">time that 99 % of the steps stayed below</param>
/// <param name="Seconds">wall time of all steps, checkpoints included</param>
/// <param name="PeakRssBytes">peak memory of the process, read before the controls ran</param>
/// <param name="WorkspaceBytes">the one block of a step: batch, activations, panels, update state</param>
/// <param name="ParameterBytes">weights and integer tensors</param>
/// <param name="OptimizerStateBytes">what the update remembers between steps; 0 for a state-free one</param>
/// <param name="AllocatedBytesPerStep">managed bytes allocated by a step, mean after the first three</param>
/// <param name="Past">what the run keeps of the past; absent where it keeps nothing</param>
/// <param name="Model">where the model was saved; null = nowhere</param>
/// <param name="Figures">what the test says beside accuracy and loss</param>
/// <param name="Data">what became of the data's columns, and what the user should know of the data</param>
/// <param name="Transfer">what learned of a network that was frozen in part; absent where everything learned</param>
/// <param name="Stopped">where it was stopped; absent where it went to its end</param>
public sealed record TrainResult(string Rule, string Update,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? UpdateSettings, string Network, ulong Seed,
    double Epochs, int Batch, float LearningRate, int TrainExamples, int TestExamples, double? TestAccuracy, double? TestLoss,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] ValidationResult? Validation,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] ControlResults? Controls, double StepMsMedian, double StepMsP99,
    double Seconds, long PeakRssBytes, long WorkspaceBytes, long ParameterBytes, long OptimizerStateBytes, double AllocatedBytesPerStep,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] ContinualResult? Past, string? Model,
    TestFigures? Figures, DataResult Data,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] TransferResult? Transfer,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] StoppedResult? Stopped);

/// <summary>How a trained network does on the samples that were held back from training.</summary>
/// <param name="Examples">samples</param>
/// <param name="Accuracy">share that is classified right; null for a regression</param>
/// <param name="Loss">mean loss; null where it is no number</param>
public sealed record ValidationResult(int Examples, double? Accuracy, double? Loss);

/// <summary>What a run of <c>train</c> keeps of the past.</summary>
/// <param name="ReplaySamples">samples in the replay buffer; null without one</param>
/// <param name="ReplaySeen">samples that were offered to it, those of earlier runs included</param>
/// <param name="ReplaySampleBytes">bytes of one</param>
/// <param name="ConsolidatedTasks">tasks whose weights are anchored; null without --ewc</param>
/// <param name="AveragedSteps">steps in the average that was evaluated and saved; null without --average</param>
public sealed record ContinualResult(int? ReplaySamples, long? ReplaySeen, int? ReplaySampleBytes, int? ConsolidatedTasks,
    long? AveragedSteps)
{
    /// <summary>Says it of a session at its end; null where it keeps nothing.</summary>
    internal static ContinualResult? Of(TrainingSession session, long averagedSteps)
    {
        if (session.Settings.Continual is null) return null;
        var replay = session.ReplayBuffer;
        return new ContinualResult(replay?.Count, replay?.SeenCount, replay?.RowBytes, session.Consolidation?.TaskCount,
            session.Average is null ? null : averagedSteps);
    }

    /// <summary>One line for people.</summary>
    public override string ToString()
    {
        var parts = new List<string>();
        if (ReplaySamples is { } samples)
            parts.Add($"{NumberText.Counted(samples, "sample")} of {ReplaySeen:N0} seen, {ReplaySampleBytes:N0} bytes each");
        if (ConsolidatedTasks is { } tasks) parts.Add($"anchors of {NumberText.Counted(tasks, "task")}");
        if (AveragedSteps is { } steps) parts.Add($"weights averaged over {NumberText.Counted(steps, "step")}");
        return $"kept: {string.Join("; ", parts)}";
    }
}
