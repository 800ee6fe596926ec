using Xunit;

namespace EdgeLearn.Tests;

public class TrainingSettingsTests
{
    public static TheoryData<string, string> Refusals
    {
        get
        {
            var cases = new TheoryData<string, string>();
            foreach (string name in s_bad.Keys) cases.Add(name, name.Split(' ')[0]);
            return cases;
        }
    }

    static readonly Dictionary<string, TrainingSettings> s_bad = new()
    {
        ["--batch 0"] = new() { Batch = 0 },
        ["--batch -1"] = new() { Batch = -1 },
        ["--epochs 0"] = new() { Epochs = 0 },
        ["--steps 0"] = new() { Steps = 0 },
        ["--lr NaN"] = new() { LearningRate = float.NaN },
        ["--lr 0"] = new() { LearningRate = 0 },
        ["--lr -1"] = new() { LearningRate = -1 },
        ["--lr Infinity"] = new() { LearningRate = float.PositiveInfinity },
        ["--hidden-rate NaN"] = new() { HiddenRateScale = float.NaN },
        ["--momentum 1"] = new() { Momentum = 1 },
        ["--momentum NaN"] = new() { Momentum = float.NaN },
        ["--weight-decay -1"] = new() { WeightDecay = -1 },
        ["--warmup -1"] = new() { WarmupSteps = -1 },
        ["--target-scale 0"] = new() { TargetScale = 0 },
        ["--epsilon 0"] = new() { Epsilon = 0 },
        ["--directions 0"] = new() { Directions = 0 },
        ["--directions 5000"] = new() { Directions = 5000 },
    };

    [Theory]
    [MemberData(nameof(Refusals))]
    public void A_number_out_of_range_is_refused_by_the_name_of_its_option(string name, string option)
    {
        var refusal = Assert.Throws<EdgeLearnException>(s_bad[name].Check);
        Assert.StartsWith(option + " ", refusal.Message, StringComparison.Ordinal);
        Assert.Contains("expected", refusal.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', refusal.Message);
    }

    [Fact]
    public void The_defaults_of_every_rule_and_update_are_in_range()
    {
        foreach (var rule in Enum.GetValues<RuleKind>())
        {
            foreach (var update in Enum.GetValues<UpdateKind>())
            {
                var settings = new TrainingSettings { Rule = rule, Update = update };
                settings.Check();
                Assert.True(settings.Rate > 0);
            }
        }
    }

    [Fact]
    public void Every_kind_builds_the_rule_and_update_of_its_name()
    {
        using var network = new Network(NetworkSpec.Parse("4-3-2", null, Loss.SoftmaxCrossEntropy));
        foreach (string name in KindNames.RuleNames)
        {
            var kind = KindNames.ParseRule(name);
            Assert.Equal(name, kind.Name());
            Assert.Equal(name, new TrainingSettings { Rule = kind }.BuildRule(network, 10).Name);
        }

        foreach (string name in KindNames.UpdateNames)
        {
            var kind = KindNames.ParseUpdate(name);
            Assert.Equal(name, kind.Name());
            Assert.Equal(name, new TrainingSettings { Update = kind }.BuildUpdate().Name);
        }

        Assert.Equal(Enum.GetValues<RuleKind>().Length, KindNames.RuleNames.Count());
        Assert.Equal(Enum.GetValues<UpdateKind>().Length, KindNames.UpdateNames.Count());
    }

    [Fact]
    public void An_unknown_word_is_refused_with_all_that_are_known()
    {
        Assert.Equal("unknown rule 'dfa': expected tpsgd, zo, elastic-zo, backprop, frozen, local-heads, or backprop-free for the best of "
            + "the forward-only rules", Assert.Throws<EdgeLearnException>(() => KindNames.ParseRule("dfa")).Message);
        Assert.Equal("unknown update 'lion': expected sgd, signsgd, signum, adam, frugal",
            Assert.Throws<EdgeLearnException>(() => KindNames.ParseUpdate("lion")).Message);
    }

    [Fact]
    public void Steps_are_whole_epochs_with_a_short_last_batch_unless_a_number_is_given()
    {
        Assert.Equal(4 * 3, new TrainingSettings { Epochs = 4, Batch = 10 }.TotalSteps(21));
        Assert.Equal(4 * 2, new TrainingSettings { Epochs = 4, Batch = 10 }.TotalSteps(20));
        Assert.Equal(7, new TrainingSettings { Epochs = 4, Batch = 10, Steps = 7 }.TotalSteps(21));
    }

    [Fact]
    public void A_pattern_chooses_the_tensors_that_frugal_keeps_state_for()
    {
        using var network = new Network(NetworkSpec.Parse("4-3-2", null, Loss.SoftmaxCrossEntropy));
        UpdateRule Planned(string? pattern)
        {
            var update = new TrainingSettings { Update = UpdateKind.Frugal, Rho = 0, StateFullPattern = pattern }.BuildUpdate();
            update.Plan(network.Parameters, new MemoryPlan());
            return update;
        }

        Assert.Equal(0, Planned(null).StateLength);
        Assert.Equal(2 * (3 + 2), Planned("*.bias").StateLength);
        Assert.Equal(2 * (6 + 2), Planned("layers.1.*").StateLength);
        Assert.Equal(0, Planned("*.BIAS").StateLength);
    }

    [Theory]
    [InlineData(60_000, 64, 4)] // MNIST: four epochs are 3,752 steps
    [InlineData(3_823, 16, 8)]
    [InlineData(100, 64, 30)]
    public void Small_data_is_passed_over_more_often(int samples, int batch, int epochs)
    => Assert.Equal(epochs, TrainingSettings.EpochsFor(samples, batch));
}
