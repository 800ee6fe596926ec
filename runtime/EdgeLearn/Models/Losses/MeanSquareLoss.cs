namespace EdgeLearn;

/// <summary>Half the mean over the outputs of (y - t)^2, for real targets t. PyTorch's <c>mse_loss</c> is twice that.</summary>
sealed class MeanSquareLoss : Loss
{
    public override string Name => "mean-square";

    public override bool IsClassification => false;

    public override bool HasQuantities => true;

    internal override double OfDifference(double difference) => difference * difference / 2;

    private protected override double Run(in Batch batch, Span<float> outputs, bool gradient)
        => Kernels.MeanSquareError(batch.Count, outputs, batch.Targets, gradient, batch.StepCount);
}

/// <summary>
/// Mean over the outputs of h(y - t), for real targets t: h(d) = d^2 / 2 where |d| is at most delta, else delta (|d| - delta / 2). A few
/// wild targets cannot take over.
/// </summary>
/// <remarks>Source: Huber 1964.</remarks>
sealed class HuberLoss : Loss
{
    /// <summary>Makes the loss.</summary>
    /// <param name="delta">
    /// distance from which it grows linearly, above 0, in median deviations of the targets where they are scaled
    /// </param>
    /// <exception cref="EdgeLearnException">It is not.</exception>
    public HuberLoss(float delta)
    {
        if (!(float.IsFinite(delta) && delta > 0))
            throw new EdgeLearnException(FormattableString.Invariant($"huber:{delta}: expected a number above 0, such as huber:1.0"));
        Delta = delta;
        Name = $"huber:{LossText.Format(delta)}";
    }

    public override string Name { get; }

    /// <summary>Distance from which the loss grows linearly.</summary>
    public float Delta { get; }

    public override bool IsClassification => false;

    public override bool HasQuantities => true;

    internal override double OfDifference(double difference)
        => Math.Abs(difference) <= Delta ? difference * difference / 2 : Delta * (Math.Abs(difference) - (Delta / 2));

    private protected override double Run(in Batch batch, Span<float> outputs, bool gradient)
        => Kernels.Huber(batch.Count, Delta, outputs, batch.Targets, gradient, batch.StepCount);
}
