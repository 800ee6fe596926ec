using EdgeLearn.Protocol;
using Google.Protobuf;

namespace EdgeLearn.Tests;

/// <summary>Settings on the wire: what goes along, what comes back, and what is refused.</summary>
public class RoundTrainingTests
{
    static NetworkSpec Convolution => NetworkSpec.Parse("8x8-conv3x3x4:relu-3", null, Loss.SoftmaxCrossEntropy);

    static RoundTraining Travelled(RoundTraining training) => RoundTraining.Parser.ParseFrom(training.ToByteArray());

    public static TheoryData<string> Runs => [.. s_runs.Keys];

    static readonly Dictionary<string, TrainingSettings> s_runs = new()
    {
        ["defaults"] = new(),
        ["tpsgd"] = new()
        {
            Rule = new TargetProjectionSettings
            {
                LocalLoss = LocalLoss.Hinge,
                Targets = NoiseKind.Gaussian,
                TargetScale = 0.7f,
                HiddenRate = 0.1f,
                LayerByLayer = true
            },
            Update = new SgdSettings { Momentum = 0.9f, WeightDecay = 0.01f }
        },
        ["local-heads"] = new()
        {
            Rule = new LocalHeadsSettings { HeadUnits = 8, Similarity = 1f / 3, LayerByLayer = true, HiddenRate = 2 },
            Update = new AdamSettings { Beta1 = 0.8f, Beta2 = 0.99f, Epsilon = 1e-7f },
            LearningRate = 0.003f
        },
        ["elastic-zo"] = new()
        {
            Rule = new ElasticZerothOrderSettings
            {
                Epsilon = 0.01f,
                Directions = 3,
                Noise = NoiseKind.Gaussian,
                ExactLayers = 2,
                HiddenRate = 0.5f
            },
            Update = new SignumSettings { Momentum = 0.5f },
            Steps = 7,
            Batch = 5,
            Seed = ulong.MaxValue
        },
        ["frugal"] = new()
        {
            Rule = new BackpropSettings(),
            Update = new FrugalSettings
            {
                Rho = 0.1,
                Selection = FrugalSelection.Block,
                RefreshSteps = 3,
                Remainder = FrugalRemainder.Plain,
                RemainderRate = 0.1f,
                StateFull = "*.bias"
            },
            Epochs = 3
        },
        ["parts and past"] = new()
        {
            Rule = new ZerothOrderSettings { SignsInTurn = true },
            Train = TrainableParts.Parse("head,bias"),
            Features = FeatureStorage.Int8,
            FeatureBytes = 1000,
            Continual = new ContinualSettings
            {
                ReplayBytes = 5000,
                Replay = ReplayKind.Balanced,
                ReplayStorage = ReplayStorage.Int8,
                ReplayFraction = 0.25f,
                Average = AverageKind.Exponential,
                AverageDecay = 0.9f
            }
        },
    };

    [Theory]
    [MemberData(nameof(Runs))]
    public void Every_option_of_training_travels(string name)
    {
        var settings = s_runs[name];
        var training = Travelled(RoundTraining.From(settings, 0.5f));
        var back = training.ToSettings();
        Assert.Equal(settings.Rule, back.Rule);
        Assert.Equal(settings.Update, back.Update);
        Assert.Equal(settings.Continual, back.Continual);
        Assert.Equal((settings with { Schedule = ScheduleKind.Constant }).ToString(), back.ToString());
        string[] names = [.. training.Settings.Select(setting => setting.Name)];
        Assert.Equal(names.Order(StringComparer.Ordinal), names);
        Assert.Equal(settings.Changes().Count() - 2, names.Length);
    }

    [Fact]
    public void The_rate_travels_only_where_it_was_given_and_the_factor_always()
    {
        float Rate(TrainingSettings settings)
            => Travelled(RoundTraining.From(settings, 0.5f)).ToSettings(Convolution, 3, 4).LearningRate!.Value;
        Assert.Equal(0.05f, Rate(new TrainingSettings { Rule = new BackpropSettings() }));
        Assert.Equal(0.0015f, Rate(new TrainingSettings { Rule = new BackpropSettings(), Update = new AdamSettings() }));
        Assert.Equal(0.4f, Rate(new TrainingSettings { LearningRate = 0.8f }));
        Assert.Null(RoundTraining.From(new TrainingSettings()).ToSettings().LearningRate);
    }

    [Fact]
    public void Boards_and_rounds_differ_in_directions_and_orders_and_share_targets()
    {
        var training = RoundTraining.From(new TrainingSettings { Seed = 9 });
        TrainingSettings one = training.ToSettings(Convolution, 1, 1), two = training.ToSettings(Convolution, 1, 2),
            next = training.ToSettings(Convolution, 2, 1);
        Assert.Equal((9UL, 9UL), (one.Seed, next.Seed));
        Assert.Equal(one.OrderSeed, two.OrderSeed);
        Assert.NotEqual(one.OrderSeed, next.OrderSeed);
        Assert.Equal(3, new[] { one, two, next }.Select(settings => settings.DirectionSeed).Distinct().Count());
    }

    [Theory]
    [InlineData("magic", "1", "unknown setting 'magic'")]
    [InlineData("rho", "0.5", "--rho belongs to frugal, this run has tpsgd with sgd")]
    [InlineData("batch", "0", "--batch 0: expected")]
    [InlineData("batch", "9999999", "at most 1048576 are possible")]
    [InlineData("steps", "3000000000", "at most 2147483647 are possible")]
    [InlineData("epochs", "2000000", "at most 1048576 are possible")]
    [InlineData("replay-fraction", "0.25", "--replay-fraction needs --replay-bytes")]
    public void A_setting_that_is_not_known_or_out_of_range_is_refused_by_name(string name, string value, string expected)
    {
        var training = RoundTraining.From(new TrainingSettings());
        training.Settings.Add(new RoundTraining.Types.Setting { Name = name, Value = value });
        Assert.Contains(expected, Assert.Throws<EdgeLearnException>(training.ToSettings).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void What_no_round_can_do_is_refused_before_it_is_sent()
    {
        Assert.Contains("--weights", Assert.Throws<EdgeLearnException>(() =>
            RoundTraining.From(new TrainingSettings { Weights = WeightStorage.Int8 })).Message, StringComparison.Ordinal);
        Assert.Contains("--ewc", Assert.Throws<EdgeLearnException>(() =>
            RoundTraining.From(new TrainingSettings { Continual = new ContinualSettings { Consolidation = 1 } })).Message,
                StringComparison.Ordinal);
    }

    // The bytes of version 1: rule zo, update sgd, factor 0.75, directions 2, lr 0.002, steps 40.
    [Fact]
    public void A_message_of_this_version_is_read_by_later_ones()
    {
        byte[] bytes = Convert.FromHexString("A00101AA01027A6FB20103736764BD010000403FC2010F0A0A646972656374696F6E73120132"
            + "C2010B0A026C721205302E303032C2010B0A05737465707312023430");
        var settings = RoundTraining.Parser.ParseFrom(bytes).ToSettings(Convolution, 1, 1);
        Assert.Equal(new ZerothOrderSettings { Directions = 2 }, settings.Rule);
        Assert.Equal((40L, 0.002f * 0.75f), (settings.Steps, settings.LearningRate));
        Assert.Equal(bytes, RoundTraining.From(new TrainingSettings
        {
            Rule = new ZerothOrderSettings { Directions = 2 },
            LearningRate = 0.002f,
            Steps = 40
        }, 0.75f).ToByteArray());
        foreach (uint version in (uint[])[0, 2])
        {
            string message = Assert.Throws<EdgeLearnException>(new RoundTraining { Version = version }.ToSettings).Message;
            Assert.Contains($"in version {version} how to train, this program reads 1", message, StringComparison.Ordinal);
        }
    }
}
