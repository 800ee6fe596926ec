namespace EdgeLearn;

/// <summary>Half the mean over the outputs of (y - t)^2, for real targets t. PyTorch's <c>mse_loss</c> is twice that.</summary>
public sealed class MeanSquareLoss : Loss
{
    /// <inheritdoc/>
    public override string Name => "mean-square";

    /// <inheritdoc/>
    public override bool IsClassification => false;

    /// <inheritdoc/>
    public override double Sum(in Batch batch, Span<float> outputs)
        => Kernels.MeanSquareError(batch.Count, outputs, batch.Targets, gradient: false);

    /// <inheritdoc/>
    public override double Gradient(in Batch batch, Span<float> outputs)
        => Kernels.MeanSquareError(batch.Count, outputs, batch.Targets, gradient: true);

    /// <inheritdoc/>
    public override int CountCorrect(in Batch batch, ReadOnlySpan<float> outputs) => 0;
}
