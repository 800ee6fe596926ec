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

    /// <summary>Share i (from 0) of the training set, the same in the fleet and in the controls.</summary>
    public DataShare Share(int index) => new() { Part = index + 1, PartCount = DeviceCount, Alpha = Alpha, Seed = Settings.Seed, HeldOutFraction = HeldOutFraction };

    /// <summary>All of the training set, less as much as all boards hold out.</summary>
    public DataShare Pooled => new() { Seed = Settings.Seed, HeldOutFraction = HeldOutFraction };

    /// <summary>How to train in a round (from 0): the rate falls linearly over the rounds and is constant within one.</summary>
    public RoundTraining Training(int round, RuleKind rule)
    {
        var settings = Settings.Rule == rule ? Settings : Settings with { Rule = rule, LearningRate = null };
        return RoundTraining.From(settings with { LearningRate = settings.Rate * (1 - (float)round / RoundCount) });
    }

    /// <summary>The model that every run starts from.</summary>
    public Model FirstModel(Preparation preparation, IReadOnlyList<string>? classNames) => new(new Network(Network).Initialise(Settings.Seed), preparation, classNames);
}
