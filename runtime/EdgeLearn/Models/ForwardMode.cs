namespace EdgeLearn;

/// <summary>
/// How a forward pass is meant. The default is evaluation: plain weights, random layers off, norms on their running statistics. A probed
/// pass is an evaluation under a perturbation.
/// </summary>
/// <param name="Probe">how weights are read</param>
/// <param name="IsTraining">whether random layers draw and norms take the statistics of the batch</param>
/// <param name="Seed">in training, the seed of this step's random layers</param>
readonly record struct ForwardMode(Probe Probe, bool IsTraining, ulong Seed)
{
    /// <summary>
    /// Whether layers with int8 weights round their inputs to int8 as well, each sample with a scale of its own, and multiply bytes: faster
    /// where the CPU has dot products, and less exact.
    /// </summary>
    public bool MultipliesBytes { get; init; }

    /// <summary>Plain weights, nothing random.</summary>
    public static ForwardMode Evaluation => default;

    /// <summary>
    /// A training step: what random layers draw depends on the run's seed, the step, their name and the index of the value.
    /// </summary>
    public static ForwardMode Training(in StepClock clock)
        => clock.Evaluates ? Evaluation : new(Probe.None, true, Noise.Derive(clock.Seed, (ulong)clock.Step));

    /// <summary>An evaluation that reads every weight through a probe.</summary>
    public static ForwardMode Probed(in Probe probe) => new(probe, false, 0);
}
