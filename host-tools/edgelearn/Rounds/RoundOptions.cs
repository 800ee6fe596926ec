using System.CommandLine;
using EdgeLearn.Commands;
using EdgeLearn.Protocol;

namespace EdgeLearn.Cli;

/// <summary>The options of <c>round run</c> that say what a board does in a round and when a round ends.</summary>
sealed class RoundOptions
{
    static readonly TrainingSettings s_default = new() { Epochs = 1 };

    readonly Option<string?> _group = OptionText.Text("--to", "GROUP", "the boards that take part (default: default)");
    readonly Option<int?> _rounds = OptionText.Whole("--rounds", "how many rounds, one after the other (default 1)");
    readonly Option<Codec?> _codec =
        OptionText.Words("--codec", "what travels: weights, one sign a weight, or (seed, scalar) records of --rule zo (default float32)",
        RoundWords.Codecs);
    readonly Option<RuleKind?> _rule =
        OptionText.Parsed<RuleKind?>("--rule", string.Join('|', KindNames.RuleNames),
        "where the learning signal comes from (default tpsgd; zo with --codec records)", text => KindNames.ParseRule(text));
    readonly Option<UpdateKind?> _update =
        OptionText.Parsed<UpdateKind?>("--update", string.Join('|', KindNames.UpdateNames),
        "what is done with the gradient; its state is new in each round, and frugal has its default settings (default sgd)",
        text => KindNames.ParseUpdate(text));
    readonly Option<double?> _rate =
        OptionText.Number("--lr", "learning rate of the last layer in the first round (default: one that suits rule and update)");
    readonly Option<double?> _hiddenRate =
        OptionText.Number("--hidden-rate",
        "tpsgd, local-heads, elastic-zo: rate of the hidden layers as a factor on --lr (default 1; elastic-zo: 30 / their weights)");
    readonly Option<ScheduleKind?> _schedule =
        OptionText.Words("--schedule", "how the rate runs over the rounds (default linear, to zero after the last)",
        ("constant", ScheduleKind.Constant), ("linear", ScheduleKind.Linear));
    readonly Option<double?> _momentum =
        OptionText.Number("--momentum", "momentum of sgd (default 0: no state), decay of signum (default 0.9)");
    readonly Option<double?> _weightDecay = OptionText.Number("--weight-decay", "decoupled weight decay (default 0)");
    readonly Option<int?> _epochs = OptionText.Whole("--epochs", "passes of a board over its own data (default 1)");
    readonly Option<long?> _steps = OptionText.Long("--steps", "steps of a board, in place of --epochs");
    readonly Option<int?> _batch = OptionText.Whole("--batch", "samples of a step (default 64)");
    readonly Option<ulong?> _seed = OptionText.Seed("--seed", "seed of targets, directions and order of samples (default 1)");
    readonly Option<double?> _epsilon = OptionText.Number("--epsilon", "zo, elastic-zo: size of a probe (default 0.001)");
    readonly Option<int?> _directions = OptionText.Whole("--directions", "zo, elastic-zo: directions a step (default 1)");
    readonly Option<int?> _minimum =
        OptionText.Whole("--minimum", "updates that a round needs at its deadline, or it is abandoned and the model stays (default 1)");
    readonly Option<int?> _expected =
        OptionText.Whole("--expected", "a round ends as soon as so many boards have answered (default: all of the group)");
    readonly Option<TimeSpan?> _deadline =
        DurationText.Option("--deadline", "when a round ends at the latest, such as 90s or 10m (default 10m)");

    /// <summary>Gives the options to a command.</summary>
    public RoundOptions(Command command)
    {
        Option[] all =
        [
            _rounds, _group, _codec, _rule, _update, _rate, _hiddenRate, _schedule, _momentum, _weightDecay, _epochs, _steps, _batch, _seed,
                _epsilon, _directions, _minimum,
            _expected, _deadline,
        ];
        foreach (var option in all) command.Options.Add(option);
    }

    /// <summary>The rounds of a command line.</summary>
    /// <exception cref="EdgeLearnException">A number is out of range, or the codec cannot carry what the rule does.</exception>
    public RoundPlan Read(ParseResult parsed)
    {
        var codec = parsed.GetValue(_codec) ?? Codec.Float32;
        var settings = s_default with
        {
            Rule = parsed.GetValue(_rule) ?? (codec == Codec.ZerothOrder ? RuleKind.ZerothOrder : s_default.Rule),
            Update = parsed.GetValue(_update) ?? s_default.Update,
            Epochs = parsed.GetValue(_epochs) ?? s_default.Epochs,
            Steps = parsed.GetValue(_steps),
            Batch = parsed.GetValue(_batch) ?? s_default.Batch,
            LearningRate = (float?)parsed.GetValue(_rate),
            HiddenRateScale = (float?)parsed.GetValue(_hiddenRate),
            Momentum = (float?)parsed.GetValue(_momentum),
            WeightDecay = (float?)parsed.GetValue(_weightDecay) ?? s_default.WeightDecay,
            Schedule = parsed.GetValue(_schedule) ?? ScheduleKind.Linear,
            Seed = parsed.GetValue(_seed) ?? s_default.Seed,
            Epsilon = (float?)parsed.GetValue(_epsilon) ?? s_default.Epsilon,
            Directions = parsed.GetValue(_directions) ?? s_default.Directions,
        };
        if (settings.Steps is not null && parsed.GetValue(_epochs) is not null)
            throw new EdgeLearnException("--steps and --epochs both say how long to train: give one of them");
        settings.Check();
        if (codec == Codec.ZerothOrder && settings.Rule != RuleKind.ZerothOrder)
            throw new EdgeLearnException($"--codec records carries the steps of --rule zo alone, not of {settings.Rule.Name()}: take "
                + $"float32 or sign");
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
