using Xunit;

namespace EdgeLearn.Tests;

/// <summary>
/// Any number of threads gives the bits of one. The tests change the team of the process: what runs beside them gets the same results,
/// which is the point.
/// </summary>
public sealed class ThreadTeamTests : IDisposable
{
    static readonly int[] s_counts = [2, 3, 5];

    public void Dispose() => ThreadTeam.Use(1);

    // Many strips of rows; one strip, shared by columns; one strip whose packed panels are; rows that are copied strip by strip.
    [Theory]
    [InlineData(137, 75, 70)]
    [InlineData(11, 250, 130)]
    [InlineData(1, 1000, 300)]
    [InlineData(70, 333, 1024)]
    public void Products_have_the_bits_of_one_thread(int rows, int columns, int depth)
    {
        float[] left = Values.Random(rows * depth, 1), right = Values.Random(depth * columns, 2);
        float[] Run(bool accumulate)
        {
            float[] c = Values.Random(rows * columns, 3);
            MatrixView a = new(left, rows, depth), b = new(right, depth, columns);
            Kernels.Product(a, b, c, columns, new float[Kernels.ProductScratchLength(a.Shape, b.Shape)], accumulate);
            return c;
        }

        float[] stored = Run(false), added = Run(true);
        foreach (int count in s_counts)
        {
            ThreadTeam.Use(count);
            Assert.Equal(count, ThreadTeam.Count);
            Values.AssertSameBits(stored, Run(false), $"{count} threads, stored");
            Values.AssertSameBits(added, Run(true), $"{count} threads, added");
        }
    }

    [Theory]
    [InlineData("tpsgd", "sgd")]
    [InlineData("backprop", "adam")]
    [InlineData("backprop", "signum")]
    [InlineData("zo", "sgd")]
    public void Runs_have_the_bits_of_one_thread_and_allocate_nothing(string rule, string update)
    {
        float[] expected = Train(rule, update);
        foreach (int count in s_counts)
        {
            ThreadTeam.Use(count);
            Values.AssertSameBits(expected, Train(rule, update), $"{rule}, {count} threads");
        }
    }

    static float[] Train(string rule, string update)
    {
        using var network = new Network(NetworkSpec.Parse("150-130-70-10", null, Loss.SoftmaxCrossEntropy)).Initialise(1);
        var samples = new SampleSet(network, 32);
        var settings = new TrainingSettings { Rule = LearningRules.Named(rule), Update = UpdateRules.Named(update), Batch = 32 };
        using var run = new RuleRun(network.Parameters, settings.BuildRule(network, 100), settings.BuildUpdate(), 32);
        for (int i = 0; i < 3; i++) run.Step(samples.Rows(32), 0.01f);
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < 3; i++) run.Step(samples.Rows(32), 0.01f);
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
        return network.Parameters.Values.ToArray();
    }

    [Fact]
    public unsafe void Many_small_pieces_of_work_are_all_done_once()
    {
        ThreadTeam.Use(3);
        long* counts = stackalloc long[8 * 3];
        new Span<long>(counts, 24).Clear();
        for (int i = 0; i < 4_000; i++) ThreadTeam.Run(&CountPart, counts);
        Assert.Equal([4_000L, 4_000L, 4_000L], [counts[0], counts[8], counts[16]]);
    }

    static unsafe void CountPart(void* state, int index, int count)
    {
        for (int i = index; i < 3; i += count) ((long*)state)[8 * i]++;
    }

    [Fact]
    public unsafe void A_failure_reaches_the_caller()
    {
        ThreadTeam.Use(2);
        Assert.Throws<InvalidOperationException>(() => ThreadTeam.Run(&Fail, null));
        Assert.Throws<EdgeLearnException>(() => ThreadTeam.Use(0));
        Assert.Throws<EdgeLearnException>(() => ThreadTeam.Use(65));
    }

    static unsafe void Fail(void* state, int index, int count) => throw new InvalidOperationException($"part {index} of {count}");
}
