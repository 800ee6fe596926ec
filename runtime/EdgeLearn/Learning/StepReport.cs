namespace EdgeLearn;

/// <summary>What one step says.</summary>
/// <param name="Loss">mean loss of the batch, with the weights as they were before the step</param>
/// <param name="Count">rows of the batch</param>
public readonly record struct StepReport(double Loss, int Count)
{
    /// <summary>Whether the loss ran away; the weights are then worthless and the last checkpoint is the one to keep.</summary>
    public bool Diverged => !double.IsFinite(Loss);
}
