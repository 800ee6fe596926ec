using Xunit;

namespace EdgeLearn.Tests;

public class TrainingSessionTests
{
    const int Count = 53, Batch = 8;

    static MemoryDataset Labelled(int classes = 4)
        => new(Values.Random(Count * 16, 1), Values.Labels(Count, classes, 2), new Shape(4, 4), classes);

    static MemoryDataset Regression() => new(Values.Random(Count * 16, 1), Values.Random(Count * 4, 2), new Shape(4, 4), targetLength: 4);

    static Network Build(string loss = "cross-entropy")
        => new Network(NetworkSpec.Parse("4x4-9@2x2-4", null, Loss.Named(loss))).Initialise(1);

    public static TheoryData<string, string> All
    {
        get
        {
            var all = new TheoryData<string, string>();
            foreach (string rule in LearningRules.All.Select(each => each.Word))
            {
                foreach (string update in UpdateRules.All.Select(each => each.Word)) all.Add(rule, update);
            }

            return all;
        }
    }

    [Theory]
    [MemberData(nameof(All))]
    public void A_step_with_its_samples_allocates_nothing(string rule, string update)
    {
        foreach (bool labelled in new[] { true, false })
        {
            using var network = Build(labelled ? "cross-entropy" : "mean-square");
            using var session = new TrainingSession(network,
                new TrainingSettings
                {
                    Rule = LearningRules.Named(rule),
                    Batch = Batch,
                    Steps = 200,
                    Update = update == "frugal" ? new FrugalSettings { RefreshSteps = 9 } : UpdateRules.Named(update)
                },
                labelled ? Labelled() : Regression(), Preparation.Identity);
            for (int step = 0; step < 40; step++) session.Step();
            long before = GC.GetAllocatedBytesForCurrentThread();
            while (!session.IsDone) session.Step();
            Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
        }
    }

    [Theory]
    [MemberData(nameof(All))]
    public void The_plan_that_is_printed_is_the_plan_that_runs(string rule, string update)
    {
        using var network = Build();
        var settings = new TrainingSettings { Rule = LearningRules.Named(rule), Update = UpdateRules.Named(update), Batch = Batch };
        using var session = new TrainingSession(network, settings, Labelled(), Preparation.Identity);
        var printed = TrainingPlan.MemoryOf(network.Spec, settings);
        Assert.Equal(session.Plan.TotalBytes, printed.TotalBytes);
        foreach (var category in Enum.GetValues<MemoryCategory>()) Assert.Equal(session.Plan.BytesOf(category), printed.BytesOf(category));
        Assert.Equal(network.ParameterBytes, printed.BytesOf(MemoryCategory.Parameters));
    }

    [Theory]
    [MemberData(nameof(All))]
    public void An_evaluation_between_steps_changes_no_bit_of_the_run(string rule, string update)
    {
        var settings = new TrainingSettings
        {
            Rule = LearningRules.Named(rule),
            Update = UpdateRules.Named(update),
            Batch = Batch,
            Steps = 20,
            LearningRate = 0.01f
        };
        if (settings.Update is SgdSettings) settings = settings.With("momentum", "0.9");
        if (settings.Update is FrugalSettings) settings = settings.With("refresh", "7");
        using Network quiet = Build(), evaluated = Build();
        using var data = Labelled();
        using var first = new TrainingSession(quiet, settings, data, Preparation.Identity);
        using var second = new TrainingSession(evaluated, settings, data, Preparation.Identity);
        while (!first.IsDone)
        {
            Assert.Equal(first.Step(), second.Step());
            second.Evaluate(data);
        }

        Assert.Equal(quiet.Parameters.ContentHash(), evaluated.Parameters.ContentHash());
    }

    [Fact]
    public void An_evaluation_counts_every_sample_once()
    {
        using var network = Build();
        using var data = Labelled();
        using var session = new TrainingSession(network, new TrainingSettings { Batch = Batch }, data, Preparation.ScaleBy(2));
        var result = session.Evaluate(data);
        var reference = new ReferenceNetwork(network);
        int correct = 0;
        double loss = 0;
        float[] row = new float[16];
        for (int i = 0; i < Count; i++)
        {
            data.ReadInput(i, row);
            double[] y = reference.Outputs([.. row.Select(value => value * 0.5)], 2);
            correct += Array.IndexOf(y, y.Max()) == data.Label(i) ? 1 : 0;
            loss += Math.Log(y.Sum(Math.Exp)) - y[data.Label(i)];
        }

        Assert.Equal((Count, (double)correct / Count), (result.Count, result.Accuracy));
        Assert.Equal(loss / Count, result.Loss, 1e-6);
    }

    [Fact]
    public void The_rate_of_a_step_is_the_rate_of_the_run_times_the_schedule()
    {
        // With signs, the largest move of a step is the step's rate.
        using var network = Build();
        using var session = new TrainingSession(network,
            new TrainingSettings
            {
                Rule = new BackpropSettings(),
                Update = new SignSgdSettings(),
                Batch = Batch,
                Steps = 4,
                LearningRate = 0.5f
            },
            Labelled(), Preparation.Identity);
        for (int step = 0; step < 4; step++)
        {
            float[] before = network.Parameters.Values.ToArray();
            session.Step();
            Assert.Equal(0.5 * (1 - step / 4.0), before.Zip(network.Parameters.Values.ToArray(), (a, b) => Math.Abs(a - b)).Max(), 1e-6);
        }

        Assert.True(session.IsDone);
    }

    [Fact]
    public void A_run_that_does_not_fit_its_limit_is_refused_before_its_weights_exist()
    {
        using var network = new Network(NetworkSpec.Parse("4x4-9@2x2-4", null, Loss.SoftmaxCrossEntropy));
        var refusal =
            Assert.Throws<EdgeLearnException>(() =>
            new TrainingSession(network, new TrainingSettings(), Labelled(), Preparation.Identity, memoryLimitBytes: 2000));
        Assert.Contains("--memory-limit 2,000", refusal.Message, StringComparison.Ordinal);
        Assert.False(network.Parameters.IsAllocated);
    }

    [Fact]
    public void Data_that_does_not_fit_the_network_is_refused_in_one_line()
    {
        using Network classes = Build(), real = Build("mean-square");
        void Refused(Network network, Dataset data, string expected)
        {
            var refusal =
                Assert.Throws<EdgeLearnException>(() => new TrainingSession(network, new TrainingSettings(), data, Preparation.Identity));
            Assert.Contains(expected, refusal.Message, StringComparison.Ordinal);
            Assert.DoesNotContain('\n', refusal.Message);
        }

        Refused(classes, new MemoryDataset(new float[6], [0, 1], Shape.Vector(3)),
            "samples of 3 values (3), the network's input has 16 (4x4)");
        Refused(classes, Regression(), "has real targets, the network's loss is cross-entropy: use mean-square");
        Refused(classes, Labelled(5), "has 5 classes, the network has 4 outputs: end it with 5");
        Refused(real, Labelled(), "has 0 real targets a sample, the network has 4 outputs");
    }

    [Fact]
    public void The_rates_of_one_rule_do_not_slow_the_next_on_the_same_network()
    {
        using var data = Labelled();
        var backprop = new TrainingSettings { Rule = new BackpropSettings(), Batch = Batch, Steps = 5 };
        byte[] Train(bool targetProjectionFirst)
        {
            using var network = Build();
            float[] start = network.Parameters.Values.ToArray();
            if (targetProjectionFirst)
            {
                using var before = new TrainingSession(network, new TrainingSettings { Batch = Batch, Steps = 3 }, data,
                    Preparation.Identity);
                while (!before.IsDone) before.Step();
                start.CopyTo(network.Parameters.Values);
            }

            using var session = new TrainingSession(network, backprop, data, Preparation.Identity);
            while (!session.IsDone) session.Step();
            return network.Parameters.ContentHash();
        }

        Assert.Equal(Train(targetProjectionFirst: false), Train(targetProjectionFirst: true));
    }
}
