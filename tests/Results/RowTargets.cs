namespace EdgeLearn.Results;

/// <summary>What a <see cref="TrainingRow"/> sets out to reach; null = nothing of the kind.</summary>
sealed record RowTargets
{
    /// <summary>Least accuracy of tpSGD, in percent.</summary>
    public double? LeastAccuracy { get; init; }

    /// <summary>Points that the best forward-only rule may lie below backprop.</summary>
    public double? WithinPoints { get; init; }

    /// <summary>Points that tpSGD lies above frozen.</summary>
    public double? PointsAboveFrozen { get; init; }

    /// <summary>Whether the best forward-only rule lies above frozen by more than twice the deviations of both.</summary>
    public bool ClearlyAboveFrozen { get; init; }

    /// <summary>Part of the gap that the best forward-only rule recovers.</summary>
    public double? Gap { get; init; } = 0.8;

    /// <summary>Part of the gap that tpSGD recovers.</summary>
    public double? TargetProjectionGap { get; init; } = 0.5;
}
