using EdgeLearn.Commands;
using EdgeLearn.Datasets;
using EdgeLearn.Device;
using EdgeLearn.Protocol;

namespace EdgeLearn.Cli;

/// <summary>What a demonstration runs: the same rounds for the real fleet and for its controls.</summary>
sealed record DemoPlan
{
    /// <summary>A share so small that a board can still tell a broken model from a good one.</summary>
    const double HeldOutFraction = 0.02;

    public required NetworkSpec Network { get; init; }

    public required TrainingSettings Settings { get; init; }

    public int DeviceCount { get; init; } = 4;

    public int RoundCount { get; init; } = 10;

    public double Alpha { get; init; } = 1;

    public Codec Codec { get; init; } = Codec.Float32;

    /// <summary>The plan for a data set: windows of 10x10 for images like MNIST's, of 4x4 for small ones.</summary>
    public static DemoPlan For(DataSplit data, ulong seed)
    {
        var shape = data.InputShape;
        bool small = shape.Height < 20;
        string network = small ? $"{shape}-200@4x4-{data.ClassCount}" : $"{shape}-1000@10x10-{data.ClassCount}";
        return new DemoPlan
        {
            Network = NetworkSpec.Parse(network, shape, Loss.SoftmaxCrossEntropy),
            // One epoch a round is short: momentum, whose state is reset with every round, makes more of it.
            Settings = new TrainingSettings
            {
                Epochs = 1,
                Batch = small ? 16 : 64,
                LearningRate = 0.3f,
                Seed = seed,
                Rule = new TargetProjectionSettings { LocalLoss = LocalLoss.L2, HiddenRate = 2 },
                Update = new SgdSettings { Momentum = 0.9f }
            },
        };
    }

    /// <summary>Share i (from 0) of the training set, the same in the fleet and in the controls.</summary>
    public DataShare Share(int index)
        => new() { Part = index + 1, PartCount = DeviceCount, Alpha = Alpha, Seed = Settings.Seed, HeldOutFraction = HeldOutFraction };

    /// <summary>All of the training set, less as much as all boards hold out.</summary>
    public DataShare Pooled => new() { Seed = Settings.Seed, HeldOutFraction = HeldOutFraction };

    /// <summary>How to train in a round (from 0): the rate falls linearly over the rounds and is constant within one.</summary>
    public RoundTraining Training(int round, RuleSettings rule)
    {
        var settings = Settings.Rule.Word == rule.Word ? Settings : Settings with { Rule = rule, LearningRate = null };
        return RoundTraining.From(settings, 1 - (float)round / RoundCount);
    }

    /// <summary>The model that every run starts from.</summary>
    public Model FirstModel(Preparation preparation, IReadOnlyList<string>? classNames)
        => new(new Network(Network).Initialise(Settings.Seed), preparation, classNames);
}
