namespace EdgeLearn.Commands;

/// <summary>Whole runs: what they allocate, what they keep, and that they learn.</summary>
static class TrainingChecks
{
    // What a rule's first steps allocate stays: static constructors, the first draw of a selection.
    const int FirstSteps = 3;

    public static void Allocation(string name, TrainingSettings settings)
    {
        // The runtime may allocate when it needs something for the first time; what a step allocates it allocates again in the same step of
        // a new run.
        long allocated = AllocatedBytes(name, settings);
        if (allocated != 0) allocated = AllocatedBytes(name, settings);
        if (allocated != 0) throw new SelfTestException($"{settings.Steps - FirstSteps} steps allocated {allocated} bytes");
    }

    static long AllocatedBytes(string name, TrainingSettings settings)
    {
        using var data = SmallTask.Data();
        using var network = new Network(SmallTask.Network).Initialise(settings.Seed);
        using var session = new TrainingSession(network, settings, data, Preparation.Identity);
        byte[] before = SmallTask.Bits(network);
        for (int i = 0; i < FirstSteps; i++) session.Step();
        long allocated = GC.GetAllocatedBytesForCurrentThread();
        double loss = 0;
        while (!session.IsDone) loss = session.Step().Loss;
        allocated = GC.GetAllocatedBytesForCurrentThread() - allocated;
        if (!double.IsFinite(loss)) throw new SelfTestException($"the loss is {loss}");
        if (SmallTask.Bits(network).AsSpan().SequenceEqual(before)) throw new SelfTestException("the weights did not change");
        // Of layers that stay frozen nothing is kept: the last has a matrix and a bias.
        var slices = network.Parameters.Slices;
        long floats = FloatsOf(settings.Update, settings.Rule is FrozenSettings ? [.. slices.TakeLast(2)] : slices);
        if (session.Update.StateBytes != floats * sizeof(float))
            throw new SelfTestException($"{name} keeps {session.Update.StateBytes} bytes, expected {floats * sizeof(float)}");
        return allocated;
    }

    static long FloatsOf(UpdateSettings update, IReadOnlyList<ParameterSlice> slices) => update switch
    {
        SignSgdSettings or SgdSettings { Momentum: 0 } or FrugalSettings { Rho: 0 } => 0,
        AdamSettings => 2 * slices.Sum(slice => (long)slice.Length),
        FrugalSettings { Selection: FrugalSelection.Block } frugal =>
            2 * slices.Select(slice => (long)slice.Length).OrderDescending().Take((int)Math.Round(frugal.Rho * slices.Count)).Sum(),
        FrugalSettings frugal =>
            2 * slices.Sum(slice => slice.Shape.Length == 1
            ? slice.Length
            : (long)(int)(frugal.Rho * slice.RowLength) * (slice.Length / slice.RowLength)),
        _ => slices.Sum(slice => (long)slice.Length),
    };

    public static void Regression(RuleSettings rule)
    {
        var settings = new TrainingSettings
        {
            Rule = rule,
            Seed = SmallTask.Seed,
            Batch = 8,
            Steps = 200,
            LearningRate = 0.02f,
            Schedule = ScheduleKind.Constant
        };
        if (rule.Find("hidden-rate") is not null) settings = settings.With("hidden-rate", "1");
        using var data = SmallTask.Regression();
        using var network = new Network(NetworkSpec.Parse("36-10-2", data.InputShape, Loss.MeanSquareError)).Initialise(settings.Seed);
        using var session = new TrainingSession(network, settings, data, Preparation.Identity);
        double before = session.Evaluate(data).Loss;
        while (!session.IsDone) session.Step();
        double after = session.Evaluate(data).Loss;
        if (!(after < 0.8 * before))
            throw new SelfTestException($"the loss went from {before} to {after}, expected less than {0.8 * before}");
    }
}
