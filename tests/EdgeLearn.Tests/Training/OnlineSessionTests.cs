using Xunit;

namespace EdgeLearn.Tests;

public class OnlineSessionTests
{
    const int Inputs = 6, Classes = 3, Rows = 60;

    static readonly float[] s_inputs = Values.Random(Rows * Inputs, 5);
    static readonly int[] s_labels = Values.Labels(Rows, Classes, 6);

    static NetworkSpec Spec => NetworkSpec.Parse("6-8-3", null, Loss.SoftmaxCrossEntropy);

    static ReadOnlySpan<float> Row(int i) => s_inputs.AsSpan(i * Inputs, Inputs);

    static TrainingSettings Settings(string rule, string update, float rate = 0.02f) => new()
    {
        Rule = LearningRules.Named(rule),
        Update = UpdateRules.Named(update),
        LearningRate = rate,
        Batch = 1,
        Seed = 4,
    };

    [Theory]
    [InlineData("tpsgd", "sgd")]
    [InlineData("local-heads", "sgd")]
    [InlineData("local-heads", "adam")]
    [InlineData("backprop", "signum")]
    [InlineData("frozen", "frugal")]
    [InlineData("elastic-zo", "sgd")]
    [InlineData("zo", "signsgd")]
    public void Rows_in_the_order_of_a_run_give_its_weights(string rule, string update)
    {
        var settings = Settings(rule, update) with { Schedule = ScheduleKind.Constant, Epochs = 2 };
        using var data = new MemoryDataset(s_inputs, s_labels, Shape.Vector(Inputs), Classes);
        using var expected = new Network(Spec).Initialise(4);
        using (var run = new TrainingSession(expected, settings, data, Preparation.Identity))
        {
            while (!run.IsDone) run.Step();
        }

        using var network = new Network(Spec).Initialise(4);
        using (var session = new OnlineSession(network, settings))
        {
            for (int epoch = 0; epoch < 2; epoch++)
            {
                var order = new EpochOrder(Noise.Derive(4, 2), (ulong)epoch, Rows);
                for (int i = 0; i < Rows; i++)
                {
                    session.Answer(Row(order[i])); // which must change nothing
                    session.Learn(Row(order[i]), s_labels[order[i]]);
                }
            }

            Assert.Equal(2 * Rows, session.StepCount);
        }

        Values.AssertSameBits(expected.Parameters.Values, network.Parameters.Values, rule);
    }

    [Fact]
    public void Replayed_rows_are_learned_beside_the_new_one()
    {
        // A buffer that holds one row: from the second step on, a step is that of a batch of the new row and the one kept.
        var settings = Settings("backprop", "sgd") with { Batch = 2, Continual = new ContinualSettings { ReplayBytes = 100_000 } };
        using var network = new Network(Spec).Initialise(4);
        using var expected = new Network(Spec).Initialise(4);
        using (var session = new OnlineSession(network, settings))
        {
            session.Learn(Row(0), s_labels[0]);
            Assert.Equal(2, session.Learn(Row(1), s_labels[1]).Count);
        }

        float[] batchInputs = [.. Row(1), .. Row(0)];
        using (var first = new OnlineSession(expected, Settings("backprop", "sgd"))) first.Learn(Row(0), s_labels[0]);
        using (var data = new MemoryDataset(batchInputs, [s_labels[1], s_labels[0]], Shape.Vector(Inputs), Classes))
        {
            var pair = Settings("backprop", "sgd") with { Batch = 2, Steps = 1 };
            using var run = new TrainingSession(expected, pair, data, Preparation.Identity);
            run.Step();
        }

        for (int i = 0; i < expected.Parameters.Length; i++)
            Assert.Equal(expected.Parameters.Values[i], network.Parameters.Values[i], 1e-6f);
    }

    [Theory]
    [InlineData("tpsgd", 0)]
    [InlineData("local-heads", 0)]
    [InlineData("local-heads", 4000)]
    [InlineData("elastic-zo", 4000)]
    public void A_row_allocates_nothing(string rule, long replayBytes)
    {
        var settings = Settings(rule, "sgd") with
        {
            Batch = replayBytes > 0 ? 4 : 1,
            Continual = replayBytes > 0 ? new ContinualSettings { ReplayBytes = replayBytes } : null,
        };
        using var network = new Network(Spec).Initialise(4);
        using var session = new OnlineSession(network, settings);
        for (int i = 0; i < 10; i++) session.Learn(Row(i), s_labels[i]);
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < Rows; i++)
        {
            session.Answer(Row(i));
            session.Learn(Row(i), s_labels[i]);
        }

        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    [Fact]
    public void What_needs_an_end_is_refused()
    {
        using var network = new Network(Spec).Initialise(4);
        var settings = Settings("tpsgd", "sgd");
        Assert.Contains("--layer-by-layer", Refusal(settings with { Rule = new LocalHeadsSettings { LayerByLayer = true } }),
            StringComparison.Ordinal);
        Assert.Contains("--ewc", Refusal(settings with { Continual = new ContinualSettings { Consolidation = 10 } }),
            StringComparison.Ordinal);
        Assert.Contains("limit", Assert.Throws<EdgeLearnException>(() => new OnlineSession(network, settings, 100)).Message,
            StringComparison.Ordinal);
        using var session = new OnlineSession(network, settings);
        Assert.Throws<ArgumentOutOfRangeException>(() => session.Learn(Row(0), Classes));
        Assert.Throws<InvalidOperationException>(() => session.Learn(Row(0), [1f, 2, 3]));

        string Refusal(TrainingSettings refused)
            => Assert.Throws<EdgeLearnException>(() => new OnlineSession(network, refused)).Message;
    }
}
