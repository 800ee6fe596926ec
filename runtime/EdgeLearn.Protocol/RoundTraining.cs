namespace EdgeLearn.Protocol;

/// <summary>The wire's form of the core's <see cref="TrainingSettings"/>, without what a round decides itself: schedule, memory, the seeds of a board.</summary>
public sealed partial class RoundTraining
{
    /// <summary>Settings for the wire. The rate is the settings' own; multiply it by the round's schedule before.</summary>
    /// <exception cref="EdgeLearnException">They ask for what no round can carry.</exception>
    public static RoundTraining From(TrainingSettings settings)
    {
        if (settings is not { HeadUnits: 0, Similarity: 0, LayerByLayer: false })
            throw new EdgeLearnException("a round cannot carry hidden units of local heads, similarity matching or training layer by layer: leave them out");
        var training = new RoundTraining
        {
            Rule = (Rule)((int)settings.Rule + 1),
            Update = (Update)((int)settings.Update + 1),
            LearningRate = settings.Rate,
            Momentum = settings.Momentum ?? 0,
            Epochs = (uint)settings.Epochs,
            Steps = (ulong)(settings.Steps ?? 0),
            Batch = (uint)settings.Batch,
            Seed = settings.Seed,
            Epsilon = settings.Epsilon,
            Directions = (uint)settings.Directions,
            Gaussian = settings.Noise == NoiseKind.Gaussian,
            L1LocalLoss = settings.LocalLoss == LocalLoss.L1,
            LinearLocalLoss = settings.LocalLoss == LocalLoss.Linear,
            CrossEntropyLocalLoss = settings.LocalLoss == LocalLoss.CrossEntropy,
            HingeLocalLoss = settings.LocalLoss == LocalLoss.Hinge,
            TargetScale = settings.TargetScale,
            WeightDecay = settings.WeightDecay,
            ExactLayers = (uint)settings.ExactLayers,
        };

        // What suits elastic-zo depends on the network, which the board sees.
        if (settings.Rule != RuleKind.ElasticZerothOrder || settings.HiddenRateScale is not null) training.HiddenRateScale = settings.HiddenRate;
        return training;
    }

    /// <summary>Settings for the core on one board, checked.</summary>
    /// <param name="round">Number of the round; its examples come in an order of their own.</param>
    /// <param name="device">The board's id as a number.</param>
    /// <exception cref="EdgeLearnException">A rule or update that this version does not know, or a number out of range.</exception>
    public TrainingSettings ToSettings(ulong round, ulong device)
    {
        RuleKind rule = (RuleKind)((int)Rule - 1);
        UpdateKind update = (UpdateKind)((int)Update - 1);
        if (!Enum.IsDefined(rule))
            throw new EdgeLearnException($"the learning rule {(int)Rule} of the task is not known to this version: update the program");
        if (!Enum.IsDefined(update))
            throw new EdgeLearnException($"the update rule {(int)Update} of the task is not known to this version: update the program");
        TrainingSettings defaults = new();
        TrainingSettings settings = new()
        {
            Rule = rule,
            Update = update,
            LearningRate = LearningRate,
            HiddenRateScale = HasHiddenRateScale ? HiddenRateScale : null,
            Momentum = Momentum == 0 ? null : Momentum,
            Epochs = Whole(Epochs, 1 << 20, "epochs"),
            Steps = Steps == 0 ? null : Whole(Steps, int.MaxValue, "steps"),
            Batch = Whole(Batch, 1 << 20, "batch"),
            Schedule = ScheduleKind.Constant,
            Seed = Seed,
            OrderSeed = Noise.Derive(Seed, 2, round),
            DirectionSeed = RoundNoise.Seed(round, device),
            Epsilon = Epsilon == 0 ? defaults.Epsilon : Epsilon,
            Directions = Directions == 0 ? 1 : Whole(Directions, 4096, "directions"),
            Noise = Gaussian ? NoiseKind.Gaussian : NoiseKind.Sign,
            LocalLoss = CrossEntropyLocalLoss ? LocalLoss.CrossEntropy : HingeLocalLoss ? LocalLoss.Hinge : LinearLocalLoss ? LocalLoss.Linear : L1LocalLoss ? LocalLoss.L1 : LocalLoss.L2,
            TargetScale = TargetScale == 0 ? defaults.TargetScale : TargetScale,
            WeightDecay = WeightDecay,
            ExactLayers = ExactLayers == 0 ? 1 : Whole(ExactLayers, 1024, "exact layers"),
        };
        settings.Check();
        return settings;
    }

    /// <summary>Refuses a model whose weights a round cannot average: updates are float32.</summary>
    /// <exception cref="EdgeLearnException">Its weights are stored in fewer bits.</exception>
    public static void CheckStorage(Network network)
    {
        var storage = network.Parameters.Storage;
        if (storage != WeightStorage.Float32) throw new EdgeLearnException($"rounds train float32 weights, this model's are {storage.Word()}: push the float32 model");
    }

    static int Whole(ulong value, int most, string name) =>
        value <= (ulong)most ? (int)value : throw new EdgeLearnException($"the task asks for {value} {name}, at most {most} are possible");
}
