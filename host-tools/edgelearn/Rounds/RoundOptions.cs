using System.CommandLine;
using EdgeLearn.Commands;
using EdgeLearn.Protocol;

namespace EdgeLearn.Cli;

/// <summary>The options of <c>round run</c> that say what a board does in a round and when a round ends.</summary>
sealed class RoundOptions
{
    static readonly TrainingSettings s_default = new() { Epochs = 1 };

    static readonly Dictionary<string, string> s_defaults = new()
    {
        ["epochs"] = "1",
        ["schedule"] = "linear; over the rounds, constant within one",
        ["warmup"] = "0; of a run of rounds: rounds",
        ["feature-bytes"] = "64MiB",
        ["replay-bytes"] = "none",
    };

    readonly TrainingOptions _training;
    readonly Option<string?> _group = OptionText.Text("--to", "GROUP", "the boards that take part (default: default)");
    readonly Option<int?> _rounds = OptionText.Whole("--rounds", "how many rounds, one after the other (default 1)");
    readonly Option<Codec?> _codec =
        OptionText.Words("--codec", "what travels: weights, one sign a weight, or (seed, scalar) records of --rule zo (default float32)",
        RoundWords.Codecs);
    readonly Option<int?> _minimum =
        OptionText.Whole("--minimum", "updates that a round needs at its deadline, or it is abandoned and the model stays (default 1)");
    readonly Option<int?> _expected =
        OptionText.Whole("--expected", "a round ends as soon as so many boards have answered (default: all of the group)");
    readonly Option<TimeSpan?> _deadline =
        DurationText.Option("--deadline", "when a round ends at the latest, such as 90s or 10m (default 10m)");

    public RoundOptions(ExampleCommand command)
    {
        command.Add("", _rounds, _group, _codec);
        _training = new TrainingOptions(command, ("tpsgd; zo with --codec records", "sgd; its state is new in each round"), s_defaults,
            "weights", "ewc", "ewc-decay", "ewc-samples");
        command.Add("", _minimum, _expected, _deadline);
    }

    /// <summary>The rounds of a command line.</summary>
    /// <exception cref="EdgeLearnException">A number is out of range, or the codec cannot carry what the rule does.</exception>
    public RoundPlan Read(ParseResult parsed)
    {
        var codec = parsed.GetValue(_codec) ?? Codec.Float32;
        var settings = _training.Read(parsed, codec == Codec.ZerothOrder ? s_default with { Rule = new ZerothOrderSettings() } : s_default);
        if (codec == Codec.ZerothOrder && settings.Rule is not ZerothOrderSettings)
        {
            throw new EdgeLearnException($"--codec records carries the steps of --rule zo alone, not of {settings.Rule.Word}: take "
                + $"float32 or sign");
        }
        return new RoundPlan(
            parsed.GetValue(_group) ?? "",
            AtLeastOne("--rounds", parsed.GetValue(_rounds) ?? 1),
            codec,
            settings,
            (uint)AtLeastOne("--minimum", parsed.GetValue(_minimum) ?? 1),
            parsed.GetValue(_expected) is { } expected ? (uint)AtLeastOne("--expected", expected) : 0,
            parsed.GetValue(_deadline) ?? TimeSpan.Zero);
    }

    static int AtLeastOne(string option, int value)
        => value >= 1 ? value : throw new EdgeLearnException($"{option} {value}: expected 1 or more");
}

/// <summary>Rounds that follow each other: each starts from the result of the one before.</summary>
/// <param name="Group">empty = default</param>
/// <param name="Count">of rounds</param>
/// <param name="Codec">what travels</param>
/// <param name="Settings">of the first round; its schedule runs over the rounds</param>
/// <param name="Minimum">updates that a round needs</param>
/// <param name="Expected">boards whose answers end a round; 0 = all of the group</param>
/// <param name="Deadline">of a round; 0 = the hub's</param>
sealed record RoundPlan(string Group, int Count, Codec Codec, TrainingSettings Settings, uint Minimum, uint Expected, TimeSpan Deadline)
{
    /// <summary>The request of one round.</summary>
    /// <param name="index">from 0</param>
    public RunRoundRequest Request(int index) => new()
    {
        Group = Group,
        Codec = Codec,
        Training = RoundTraining.From(Settings, new Schedule(Settings.Schedule, Count, Settings.WarmupSteps).FactorAt(index)),
        DeadlineMs = (long)Deadline.TotalMilliseconds,
        MinimumReports = Minimum,
        ExpectedDevices = Expected,
    };
}
