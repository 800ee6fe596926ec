namespace EdgeLearn.Gesture;

/// <summary>What came of a run.</summary>
/// <param name="Windows">motions made; fewer than asked for when stopped</param>
/// <param name="Quarters">windows in each quarter of the run</param>
/// <param name="Known">by learner, the windows of each quarter that it knew before it learned from them</param>
/// <param name="AllocatedBytesPerWindow">managed bytes of answering and learning, by the rule under test</param>
sealed record GestureResult(int Windows, int[] Quarters, IReadOnlyList<(string Name, int[] Known)> Known, long PlannedBytes,
    long ParameterBytes, long UpdateStateBytes, long AllocatedBytesPerWindow);

/// <summary>
/// Prompts for motions in random order, reads one window of each, and gives it to every learner: the rule under test, its ceiling
/// (backprop), its floor (hidden layer left random), and a copy that stops learning half way, as a model would that was shipped then.
/// </summary>
sealed class GestureRun(GestureOptions options, Accelerometer sensor, SimulatedHand? hand) : IDisposable
{
    // Time to take the prompt in; what the sensor shows meanwhile is thrown away.
    const int PauseSamples = MotionWindow.SamplesPerSecond;

    const string Network = "27-32-2";

    readonly (string Name, StreamLearner Learner)[] _learners = [.. Learners(options)];
    readonly MotionWindow _window = new();
    readonly double[] _features = new double[MotionWindow.FeatureLength];

    // Every learner starts with the same weights.
    static IEnumerable<(string, StreamLearner)> Learners(GestureOptions options)
    {
        var settings = new TrainingSettings
        {
            Rule = options.Rule,
            Update = options.Update,
            LearningRate = options.LearningRate ?? Rate(options.Rule, options.Update),
            Seed = (ulong)options.Seed,
            Batch = 1
        };
        yield return (options.Rule.Word, Learner(settings));
        foreach (var control in (RuleSettings[])[new BackpropSettings(), new FrozenSettings()])
        {
            if (control != options.Rule)
            {
                yield return (control.Word, Learner(settings with { Rule = control, LearningRate = Rate(control, options.Update) }));
            }
        }

        yield return ("stopped", Learner(settings));
    }

    static StreamLearner Learner(TrainingSettings settings)
        => new(NetworkSpec.Parse(Network, null, Loss.SoftmaxCrossEntropy), new StreamSettings { Training = settings });

    // The best for rows that come one by one, of 0.003, 0.01, 0.03, 0.1, 0.3 and 1, over seeds 11 to 15.
    static float Rate(RuleSettings rule, UpdateSettings update) => (rule, update) switch
    {
        (_, SignSgdSettings) => 0.03f,
        (TargetProjectionSettings, _) => 0.1f,
        (FrozenSettings, _) => 0.3f,
        (ZerothOrderSettings, _) => 0.01f,
        _ => 0.03f,
    };

    /// <summary>Runs until all windows are made, or somebody stops it.</summary>
    /// <param name="windows">motions to ask for</param>
    /// <param name="prompt">tells the person what to do</param>
    /// <param name="stop">ends the run between two samples</param>
    public GestureResult Run(int windows, Action<int, Motion> prompt, CancellationToken stop)
    {
        int[] quarters = new int[4];
        var known = Array.ConvertAll(_learners, learner => (learner.Name, new int[4]));
        long allocated = 0;
        int done = 0;
        for (; done < windows; done++)
        {
            bool isSecondHalf = done >= windows / 2;
            var motion = (Motion)(Noise.UniformAt((ulong)options.Seed + 2, done) < 0.5f ? 0 : 1);
            hand?.IsTurned = isSecondHalf;
            hand?.Begin(motion);
            prompt(done, motion);
            if (!Record(stop)) break;
            int quarter = (int)(4L * done / windows);
            quarters[quarter]++;
            for (int i = 0; i < _learners.Length; i++)
            {
                var (name, learner) = _learners[i];
                long before = GC.GetAllocatedBytesForCurrentThread();
                bool isRight = learner.Answer(_features).Label == (int)motion;
                if (isSecondHalf && name == "stopped") learner.Forget();
                else learner.Learn((int)motion);
                if (i == 0 && done > 0) allocated = Math.Max(allocated, GC.GetAllocatedBytesForCurrentThread() - before);
                if (isRight) known[i].Item2[quarter]++;
            }
        }

        var tested = _learners[0].Learner;
        return new GestureResult(done, quarters, known, tested.PlannedBytes, tested.ParameterBytes, tested.UpdateStateBytes, allocated);
    }

    // A window's features; false when stopped.
    bool Record(CancellationToken stop)
    {
        for (int t = -PauseSamples; t < MotionWindow.SampleCount; t++)
        {
            if (stop.IsCancellationRequested) return false;
            if (hand is null && stop.WaitHandle.WaitOne(1000 / MotionWindow.SamplesPerSecond)) return false;
            var acceleration = sensor.Read();
            if (t >= 0) _window.Set(t, acceleration);
        }

        _window.Describe(_features);
        return true;
    }

    public void Dispose()
    {
        foreach (var (_, learner) in _learners) learner.Dispose();
    }
}
