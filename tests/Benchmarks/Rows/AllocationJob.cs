using System.Globalization;
using EdgeLearn.Commands;

namespace EdgeLearn.Benchmarks;

/// <summary>Managed bytes and collections over very many steps of an online learner; both must be 0.</summary>
sealed class AllocationJob(string id) : BenchJob("allocation", "online")
{
    public override double EstimatedSeconds(BenchContext context) => StepsIn(context) * (id == "W3s" ? 1e-6 : 40e-6);

    public override IReadOnlyList<BenchRow> Run(BenchContext context)
    {
        using var work = new PreparedWorkload(Workloads.Named(id));
        int steps = StepsIn(context);
        work.Step();
        int collections = GC.CollectionCount(0);
        long before = GC.GetAllocatedBytesForCurrentThread();
        double loss = 0;
        for (int i = 0; i < steps; i++)
        {
            loss = work.Step();
            if (i % 10_000 == 0) context.Stop.ThrowIfCancellationRequested();
        }

        long bytes = GC.GetAllocatedBytesForCurrentThread() - before;
        collections = GC.CollectionCount(0) - collections;
        return
        [
            new BenchRow
            {
                Name = $"{id} allocation in {steps.ToString("N0", CultureInfo.InvariantCulture)} steps",
                Section = Section,
                Unit = "bytes",
                Ours = bytes,
                Peer = "-",
                AllocatedBytes = (double)bytes / steps,
                TargetText = "0 bytes, 0 collections",
                Met = bytes == 0 && collections == 0,
                Note = string.Create(CultureInfo.InvariantCulture, $"{collections} collections, loss at the end {loss:G3}"),
            },
        ];
    }

    int StepsIn(BenchContext context) => !context.Quick ? 1_000_000 : id == "W3s" ? 100_000 : 10_000;
}
