using EdgeLearn.Commands;

namespace EdgeLearn.Benchmarks;

/// <summary>
/// Planned bytes of a training run beside those of inference with the same batch: no measurement, a sum that every machine computes alike.
/// </summary>
/// <param name="id">of the workload</param>
/// <param name="mostTimes">how many times the bytes of inference it may take</param>
sealed class PlanJob(string id, double? mostTimes) : BenchJob("plan", "processes")
{
    public override double EstimatedSeconds(BenchContext context) => 0;

    public override IReadOnlyList<BenchRow> Run(BenchContext context)
    {
        var workload = Workloads.Named(id);
        long training = TrainingPlan.MemoryOf(workload.Spec, workload.Settings).TotalBytes,
            inference = TrainingPlan.MemoryOfInference(workload.Spec, workload.Batch).TotalBytes;
        return
        [
            new BenchRow
            {
                Name = $"{id} planned bytes, {workload.Settings.Rule.Word}",
                Section = Section,
                Unit = "bytes",
                Ours = training,
                Peer = "our inference",
                Theirs = inference,
                Ratio = (double)inference / training,
                RatioMin = (double)inference / training,
                RatioMax = (double)inference / training,
                Target = 1 / mostTimes,
                TargetText = mostTimes is { } most ? FormattableString.Invariant($"<= {most} of its") : null,
                PlannedBytes = training,
            },
        ];
    }
}
