using System.CommandLine;

namespace EdgeLearn.Commands;

/// <summary>
/// The options that say how to train: rule and update by their words, and an option for every row of their tables, the run's and that of
/// what it keeps of the past. Commands that plan, train or run rounds share them.
/// </summary>
sealed class TrainingOptions
{
    static readonly Dictionary<string, string> s_usualDefaults = new()
    {
        ["epochs"] = "4, more for small data, so that there are about 2,000 steps",
        ["feature-cache"] = "auto with --train, else off",
        ["feature-bytes"] = "64MiB",
        ["weights"] = "the model's own; float32 for a new one",
        ["replay-bytes"] = "none",
        ["ewc"] = "none",
    };

    readonly Option<RuleSettings?> _rule;
    readonly Option<UpdateSettings?> _update;
    readonly SettingOptions _settings;

    /// <summary>Gives the options to a command.</summary>
    /// <param name="command">the command</param>
    /// <param name="usual">what the command does where nobody says rule and update, in words</param>
    /// <param name="defaults">defaults in other words than the tables'; null = those of a run on this machine</param>
    /// <param name="leftOut">rows that the command has no option for</param>
    public TrainingOptions(ExampleCommand command, (string Rule, string Update)? usual = null,
        IReadOnlyDictionary<string, string>? defaults = null, params string[] leftOut)
    {
        _rule = OptionText.Parsed<RuleSettings?>("--rule", string.Join('|', LearningRules.All.Select(rule => rule.Word)),
            $"where the learning signal comes from; {LearningRules.BackpropFree} takes the best forward-only rule, frozen and backprop are "
            + $"the controls (default {usual?.Rule ?? "tpsgd"})", LearningRules.Named);
        _update = OptionText.Parsed<UpdateSettings?>("--update", string.Join('|', UpdateRules.All.Select(update => update.Word)),
            "what is done with the gradient, and kept of it: nothing for sgd and signsgd, 2 x rho floats a weight for frugal, one for "
            + $"signum, two for adam (default {usual?.Update ?? "what suits rule and network; docs/choosing.md"})",
            UpdateRules.Named);
        command.Add("", _rule, _update);
        List<(string?, Settings)> records = [(null, new TrainingSettings()), (null, new ContinualSettings())];
        records.AddRange(LearningRules.All.Select(rule => ((string?)rule.Word, (Settings)rule)));
        records.AddRange(UpdateRules.All.Select(update => ((string?)update.Word, (Settings)update)));
        _settings = new SettingOptions(command, records, name => leftOut.Contains(name) ? null : GroupOf(name),
            defaults ?? s_usualDefaults);
    }

    static string GroupOf(string name) => name switch
    {
        "epochs" or "batch" or "lr" or "seed" => "",
        "steps" or "schedule" or "warmup" => "run",
        "train" or "weights" => "network",
        "feature-cache" or "feature-bytes" => "memory",
        _ => "continual",
    };

    /// <summary>Whether the user said this setting.</summary>
    public bool Has(ParseResult parsed, string name) => _settings.Has(parsed, name);

    /// <summary>The settings of a command line.</summary>
    /// <param name="parsed">the command line</param>
    /// <param name="usual">the settings where nobody says anything; null = tpsgd, and what <see cref="WithUpdate"/> finds</param>
    /// <exception cref="EdgeLearnException">A value is out of range, or nobody in the run has a setting that was given.</exception>
    public TrainingSettings Read(ParseResult parsed, TrainingSettings? usual = null)
    {
        var settings = usual ?? new TrainingSettings();
        if (parsed.GetValue(_rule) is { } rule) settings = settings with { Rule = rule };
        if (parsed.GetValue(_update) is { } update) settings = settings with { Update = update };
        bool isOpen = usual is null && parsed.GetValue(_update) is null;
        foreach (var (name, text) in _settings.Given(parsed))
        {
            if (!isOpen || !IsOfUpdate(name)) settings = settings.With(name, text);
        }
        foreach (var (name, _) in _settings.Given(parsed)) settings.Continual?.CheckUse(name);
        if (Has(parsed, "steps") && Has(parsed, "epochs"))
            throw new EdgeLearnException("--steps and --epochs both say how long to train: give one of them");
        settings.Check();
        return settings;
    }

    /// <summary>
    /// The settings with the update that the user said or, where nobody said one, the usual one of rule and network with what was said of
    /// it.
    /// </summary>
    /// <param name="parsed">the command line</param>
    /// <param name="settings">of <see cref="Read"/></param>
    /// <param name="network">that learns</param>
    /// <exception cref="EdgeLearnException">The update has not a setting that was given, or a value is out of range.</exception>
    public TrainingSettings WithUpdate(ParseResult parsed, TrainingSettings settings, NetworkSpec network)
    {
        if (parsed.GetValue(_update) is not null) return settings;
        // What a part of a network needs was not measured.
        var kind = settings.Train is null ? network.KindOf() : NetworkKind.Other;
        settings = settings with { Update = settings.Rule.UsualUpdate(kind) };
        foreach (var (name, text) in _settings.Given(parsed).Where(given => IsOfUpdate(given.Name))) settings = settings.With(name, text);
        settings.Check();
        return settings;
    }

    static bool IsOfUpdate(string name)
        => new TrainingSettings().Find(name) is null && LearningRules.All.All(rule => rule.Find(name) is null)
            && UpdateRules.All.Any(update => update.Find(name) is not null);
}
