namespace EdgeLearn.Commands;

/// <summary>All checks of the selftest, in order: from the noise up to whole runs.</summary>
static class SelfTestChecks
{
    /// <summary>Name and check; a check throws when it does not hold.</summary>
    public static IEnumerable<(string Name, Action Check)> All()
    {
        yield return ("noise words have their golden values", GoldenChecks.NoiseWords);
        yield return ("normal noise has its golden bits", GoldenChecks.NormalNoise);
        yield return ("orders of epochs are the golden ones", GoldenChecks.EpochOrders);
        foreach (var (name, run) in GoldenChecks.TrainingRuns()) yield return ($"{name} trains as PyTorch does", run);
        yield return ("dense layers agree with plain arithmetic at every width", ForwardChecks.Dense);
        yield return ("random inputs agree with plain arithmetic at every fan", ForwardChecks.RandomInputs);
        foreach (var kind in Enum.GetValues<NoiseKind>())
        {
            yield return ($"a probe of {kind} noise reads perturbed weights and leaves them alone", () => ForwardChecks.Probe(kind));
            yield return ($"the step log of {kind} noise rebuilds the weights", () => ResumeChecks.Replay(kind));
        }

        yield return ("a model file brings back every bit", ResumeChecks.ModelRoundTrip);
        foreach (var (name, settings) in SmallTask.RulesAndUpdates())
        {
            yield return ($"{name} allocates nothing and keeps the state it "
                + $"says", () => TrainingChecks.Allocation(name, settings));
        }
        foreach (var rule in LearningRules.All) yield return ($"{rule.Word} learns real targets", () => TrainingChecks.Regression(rule));
        foreach (var (name, settings) in SmallTask.RulesAndUpdates())
        {
            yield return ($"{name} resumes bit for "
                + $"bit", () => ResumeChecks.Resume(settings));
        }
    }
}

/// <summary>A folder under the system's temporary one that goes when the check is done.</summary>
sealed class SelfTestFolder : IDisposable
{
    /// <summary>Its path.</summary>
    public string Path { get; } = Directory.CreateTempSubdirectory("edgelearn-selftest-").FullName;

    public void Dispose() => Directory.Delete(Path, recursive: true);
}
