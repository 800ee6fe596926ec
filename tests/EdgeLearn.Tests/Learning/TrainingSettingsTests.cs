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
        ["--hidden-rate NaN"] = With(new TargetProjectionSettings { HiddenRate = float.NaN }),
        ["--momentum 1"] = With(new SgdSettings { Momentum = 1 }),
        ["--momentum NaN"] = With(new SignumSettings { Momentum = float.NaN }),
        ["--weight-decay -1"] = With(new AdamSettings { WeightDecay = -1 }),
        ["--warmup -1"] = new() { WarmupSteps = -1 },
        ["--target-scale 0"] = With(new TargetProjectionSettings { TargetScale = 0 }),
        ["--epsilon 0"] = With(new ZerothOrderSettings { Epsilon = 0 }),
        ["--directions 0"] = With(new ZerothOrderSettings { Directions = 0 }),
        ["--directions 5000"] = With(new ElasticZerothOrderSettings { Directions = 5000 }),
        ["--rho 1.5"] = With(new FrugalSettings { Rho = 1.5 }),
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

    static TrainingSettings With(RuleSettings rule) => new() { Rule = rule };

    static TrainingSettings With(UpdateSettings update) => new() { Update = update };

    [Fact]
    public void The_defaults_of_every_rule_and_update_are_in_range()
    {
        foreach (var rule in LearningRules.All)
        {
            foreach (var update in UpdateRules.All) new TrainingSettings { Rule = rule, Update = update }.Check();
        }
    }

    [Fact]
    public void Every_word_builds_the_rule_and_update_of_its_name()
    {
        using var network = new Network(NetworkSpec.Parse("4-3-2", null, Loss.SoftmaxCrossEntropy));
        foreach (var rule in LearningRules.All)
        {
            Assert.Equal(rule, LearningRules.Named(rule.Word));
            Assert.Equal(rule.Word, With(rule).BuildRule(network, 10).Name);
        }

        foreach (var update in UpdateRules.All)
        {
            Assert.Equal(update, UpdateRules.Named(update.Word));
            Assert.Equal(update.Word, With(update).BuildUpdate().Name);
        }
    }

    [Fact]
    public void An_unknown_word_is_refused_with_all_that_are_known()
    {
        Assert.Matches("^unknown rule 'dfa': expected tpsgd, zo, elastic-zo, backprop, frozen, local-heads.*, or backprop-free for the "
            + "best "
            + "of the forward-only rules$", Assert.Throws<EdgeLearnException>(() => LearningRules.Named("dfa")).Message);
        Assert.Matches("^unknown update 'magic': expected sgd, signsgd, signum, adam, frugal",
            Assert.Throws<EdgeLearnException>(() => UpdateRules.Named("magic")).Message);
    }

    // A row whose texts are known to differ from the default, for every row there is.
    internal static string Other(Setting row) => row.Name switch
    {
        "average" => "ema:0.5",
        "train" => "head,bias",
        "state-full" => "*.bias",
        _ when row.Kind == SettingKind.Flag => row.Default == "true" ? "false" : "true",
        _ when row.Kind == SettingKind.Word => row.Placeholder.Split('|').First(word => word != row.Default),
        _ when row.Kind == SettingKind.Whole => "7",
        _ => row.Default == "0.25" ? "0.5" : "0.25",
    };

    public static TheoryData<string, string> All
    {
        get
        {
            var all = new TheoryData<string, string>();
            foreach (var rule in LearningRules.All)
            {
                foreach (var update in UpdateRules.All) all.Add(rule.Word, update.Word);
            }

            return all;
        }
    }

    [Theory]
    [MemberData(nameof(All))]
    public void All_settings_of_a_run_come_back_from_their_names_and_texts(string rule, string update)
    {
        var start = new TrainingSettings { Rule = LearningRules.Named(rule), Update = UpdateRules.Named(update) };
        var rows = start.Rows.Concat(start.Rule.Rows).Concat(start.Update.Rows).Concat(new ContinualSettings().Rows).ToArray();
        Assert.Equal(rows.Length, rows.Select(row => row.Name).Distinct().Count());
        var settings = rows.Aggregate(start, (now, row) => now.With(row.Name, Other(row)));
        settings.Check();
        Assert.Equal(rows.Length + 2, settings.Changes().Count());
        var copy = settings.Changes().Skip(2).Reverse().Aggregate(start, (now, change) => now.With(change.Name, change.Value));
        Assert.Equal(settings.ToString(), copy.ToString());
        Assert.StartsWith($"rule = {rule}, update = {update}, epochs = 7", settings.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void A_setting_that_the_rule_and_the_update_do_not_have_is_refused_by_name()
    {
        string Refusal(string name) => Assert.Throws<EdgeLearnException>(() => With(new AdamSettings()).With(name, "0.5")).Message;
        Assert.Equal("--rho belongs to frugal, this run has tpsgd with adam: leave it out", Refusal("rho"));
        Assert.Equal("--momentum belongs to sgd, signum, this run has tpsgd with adam: leave it out", Refusal("momentum"));
        Assert.Equal("--epsilon belongs to zo, elastic-zo, this run has tpsgd with adam: leave it out", Refusal("epsilon"));
        Assert.Equal("unknown setting 'magic'", Refusal("magic"));
    }

    [Fact]
    public void A_shared_setting_has_the_default_of_its_owner()
    {
        Assert.Equal("0", new SgdSettings().Find("momentum")!.Default);
        Assert.Equal("0.9", new SignumSettings().Find("momentum")!.Default);
        Assert.Equal(0.5f, ((SgdSettings)With(new SgdSettings()).With("momentum", "0.5").Update).Momentum);
        Assert.Equal(0.5f, ((SignumSettings)With(new SignumSettings()).With("momentum", "0.5").Update).Momentum);
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
            var update = With(new FrugalSettings { Rho = 0, StateFull = pattern }).BuildUpdate();
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
    [InlineData(1_900, 64, 30)]
    [InlineData(100, 64, 150)] // two steps an epoch
    public void Small_data_is_passed_over_more_often(int samples, int batch, int epochs)
    => Assert.Equal(epochs, TrainingSettings.EpochsFor(samples, batch));
}
