namespace EdgeLearn.Protocol;

/// <summary>
/// The wire's form of the core's <see cref="TrainingSettings"/>: rule and update by their words, every setting that differs from its
/// default by name and text, and beside them what a round itself decides. What a board decides stays out: the seeds that are its own.
/// </summary>
public sealed partial class RoundTraining
{
    /// <summary>The version of this form that the program writes and reads.</summary>
    public const uint ThisVersion = 1;

    // Bounds of what a hub may ask of a board.
    const int MostEpochs = 1 << 20, MostBatch = 1 << 20;

    /// <summary>
    /// Settings for the wire. The rate goes along only where they have one; else each board takes what suits its network.
    /// </summary>
    /// <param name="settings">of a run of rounds; their schedule is the caller's, for it runs over the rounds</param>
    /// <param name="rateFactor">the schedule's factor for this round</param>
    /// <exception cref="EdgeLearnException">They ask for what no round can do.</exception>
    public static RoundTraining From(TrainingSettings settings, float rateFactor = 1)
    {
        if (settings.Weights != WeightStorage.Float32)
            throw new EdgeLearnException($"--weights {settings.Weights.Word()}: rounds train float32 weights, leave it out");
        if (settings.Continual is { Consolidation: > 0 })
            throw new EdgeLearnException("--ewc: a board has no earlier task in a round, leave it out");
        var training = new RoundTraining
        {
            Version = ThisVersion,
            Rule = settings.Rule.Word,
            Update = settings.Update.Word,
            RateFactor = rateFactor,
        };
        training.Settings.AddRange(settings.Changes().Where(change => change.Name is not ("rule" or "update" or "schedule" or "warmup"))
            .OrderBy(change => change.Name, StringComparer.Ordinal)
            .Select(change => new Types.Setting { Name = change.Name, Value = change.Value }));
        return training;
    }

    /// <summary>Settings for the core, checked; the rate is the operator's, null where each board takes what suits its network.</summary>
    /// <exception cref="EdgeLearnException">Another version, a rule, update or setting that this program does not know, or a value out of
    /// range.</exception>
    public TrainingSettings ToSettings()
    {
        if (Version != ThisVersion)
        {
            throw new EdgeLearnException($"the task says in version {Version} how to train, this program reads {ThisVersion}: update the "
                + $"program");
        }
        if (!(float.IsFinite(RateFactor) && RateFactor > 0))
            throw new EdgeLearnException($"the task has a rate factor of {RateFactor}, expected a number above 0");
        var settings = new TrainingSettings
        {
            Rule = LearningRules.Named(Rule),
            Update = UpdateRules.Named(Update),
            Schedule = ScheduleKind.Constant,
        };
        foreach (var setting in Settings) settings = settings.With(setting.Name, setting.Value);
        settings.Check();
        Bound(settings.Epochs, MostEpochs, "epochs");
        Bound(settings.Steps ?? 1, int.MaxValue, "steps");
        Bound(settings.Batch, MostBatch, "samples in a batch");
        return settings;
    }

    /// <summary>Settings for one board in one round.</summary>
    /// <param name="network">the round's; says the usual rate where the operator gave none</param>
    /// <param name="round">number of the round; its examples come in an order of their own</param>
    /// <param name="device">the board's id as a number</param>
    /// <exception cref="EdgeLearnException">As without a board.</exception>
    public TrainingSettings ToSettings(NetworkSpec network, ulong round, ulong device)
    {
        var settings = ToSettings().WithRates(network);
        return settings with
        {
            LearningRate = settings.LearningRate * RateFactor,
            OrderSeed = Noise.Derive(settings.Seed, 2, round),
            DirectionSeed = RoundNoise.Seed(round, device),
        };
    }

    /// <summary>Directions of a step; 1 for rules without.</summary>
    public int Directions => ToSettings().Rule is ProbeSettings probes ? probes.Directions : 1;

    /// <summary>Refuses a model whose weights a round cannot average: updates are float32.</summary>
    /// <exception cref="EdgeLearnException">Its weights are stored in fewer bits.</exception>
    public static void CheckStorage(Network network)
    {
        var storage = network.Parameters.Storage;
        if (storage != WeightStorage.Float32)
            throw new EdgeLearnException($"rounds train float32 weights, this model's are {storage.Word()}: push the float32 model");
    }

    static void Bound(long value, long most, string name)
    {
        if (value > most) throw new EdgeLearnException($"the task asks for {value} {name}, at most {most} are possible");
    }
}

/// <summary>A round as the hub shows it.</summary>
public sealed partial class RoundView
{
    /// <summary>Whether nothing will change any more.</summary>
    public bool IsOver => State is Types.State.Committed or Types.State.Abandoned;
}

/// <summary>
/// The noise of a round that board and hub both compute, from the core's frozen hash: seeds of records, votes of exact zeros.
/// </summary>
public static class RoundNoise
{
    /// <summary>The seed of a board's zeroth-order run in a round; give it to <see cref="TrainingSettings.DirectionSeed"/>.</summary>
    /// <param name="round">Number of the round.</param>
    /// <param name="device">The board's id as a number.</param>
    public static ulong Seed(ulong round, ulong device) => Noise.Derive(round, device);

    /// <summary>The seed of one record of that run, as <see cref="ProbeSettings.SeedOf"/> makes it.</summary>
    /// <param name="round">Number of the round.</param>
    /// <param name="device">The board's id as a number.</param>
    /// <param name="step">From 0.</param>
    /// <param name="direction">From 0.</param>
    public static ulong RecordSeed(ulong round, ulong device, int step, int direction) =>
        ProbeSettings.SeedOf(Seed(round, device), step, direction);

    /// <summary>The vote of a parameter that did not change at all; true = up.</summary>
    public static bool ZeroVote(ulong round, ulong device, int index) => Noise.SignAt(Noise.Derive(round, device, 1), index) > 0;
}
