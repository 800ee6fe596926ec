using EdgeLearn.Protocol;

namespace EdgeLearn.Device;

/// <summary>
/// A round's task in the core's words. The rate is constant within the round. The targets of tpsgd come from the task's seed alone, so that all boards and
/// all rounds with that seed learn towards the same ones; order of examples and directions mix round and board in.
/// </summary>
static class TaskSettings
{
    /// <summary>Translates a task.</summary>
    /// <param name="task">from the hub; checked here and by <see cref="TrainingSettings.Check"/></param>
    /// <param name="device">the board's number</param>
    /// <param name="examples">training examples of the board</param>
    /// <exception cref="EdgeLearnException">The task cannot be done by this version, or asks for the impossible.</exception>
    public static TrainingSettings Of(TrainTask task, ulong device, int examples)
    {
        var wire = task.Training ?? throw new EdgeLearnException("the task does not say how to train");
        if (wire.Batch == 0) throw new EdgeLearnException("the task asks for batches of 0 examples; expected 1 or more");
        float outputRate = wire.OutputLearningRate != 0 ? wire.OutputLearningRate : wire.LearningRate;
        var settings = new TrainingSettings
        {
            Rule = RuleOf(wire.Rule),
            Update = UpdateOf(wire.Update),
            LearningRate = outputRate,
            HiddenRateScale = wire.LearningRate / outputRate,
            Momentum = wire.Momentum,
            // A batch larger than the set is the set: memory must not grow by the hub's word.
            Batch = (int)Math.Min(wire.Batch, (uint)examples),
            Schedule = ScheduleKind.Constant,
            Seed = wire.Seed,
            DirectionSeed = RoundNoise.Seed(task.Round, device),
            Directions = wire.Directions == 0 ? 1 : (int)Math.Min(wire.Directions, int.MaxValue),
        };
        settings = settings with { Steps = StepsOf(wire, settings.Batch, examples) };
        if (wire.Perturbation != 0) settings = settings with { Epsilon = wire.Perturbation };
        settings.Check();
        if (task.Codec == Codec.ZerothOrder) CheckRecords(settings);
        return settings;
    }

    /// <summary>Seed of the order of examples.</summary>
    public static ulong OrderSeed(TrainTask task, ulong device) => Noise.Derive(task.Training.Seed, task.Round, device);

    static long StepsOf(EdgeLearn.Protocol.TrainingSettings wire, int batch, int examples)
    {
        if (wire.Epochs == 0 && wire.Steps == 0) throw new EdgeLearnException("the task asks for 0 epochs and 0 steps; expected 1 or more of one of them");
        long ofEpochs = wire.Epochs == 0 ? long.MaxValue : (long)wire.Epochs * ((examples - 1) / batch + 1);
        return Math.Min(ofEpochs, wire.Steps == 0 ? long.MaxValue : wire.Steps);
    }

    static void CheckRecords(TrainingSettings settings)
    {
        if (settings.Rule != RuleKind.ZerothOrder || settings.Update != UpdateKind.Sgd || settings.Momentum != 0 || settings.HiddenRateScale != 1)
            throw new EdgeLearnException($"records of {settings.Rule} with {settings.Update} cannot be replayed: this codec needs zo with plain sgd and one rate");
        if (settings.Steps * settings.Directions > ZerothOrderCodec.RecordLimit)
            throw new EdgeLearnException($"{settings.Steps} steps of {settings.Directions} directions are more than the {ZerothOrderCodec.RecordLimit} records of one update");
    }

    static RuleKind RuleOf(Rule rule) => rule switch
    {
        Rule.TargetProjection => RuleKind.TargetProjection,
        Rule.ZerothOrder => RuleKind.ZerothOrder,
        Rule.ElasticZerothOrder => RuleKind.ElasticZerothOrder,
        Rule.Backprop => RuleKind.Backprop,
        Rule.Frozen => RuleKind.Frozen,
        _ => throw new EdgeLearnException($"the learning rule {(int)rule} is not known to this version: update the program"),
    };

    static UpdateKind UpdateOf(Update update) => update switch
    {
        Update.Sgd => UpdateKind.Sgd,
        Update.SignSgd => UpdateKind.SignSgd,
        Update.Signum => UpdateKind.Signum,
        Update.Adam => UpdateKind.Adam,
        Update.Frugal => UpdateKind.Frugal,
        _ => throw new EdgeLearnException($"the update rule {(int)update} is not known to this version: update the program"),
    };
}
