namespace EdgeLearn.Commands;

/// <summary>Files that bring back every bit: model, checkpoint, step log.</summary>
static class ResumeChecks
{
    public static void ModelRoundTrip()
    {
        using var folder = new SelfTestFolder();
        string path = Path.Combine(folder.Path, "model.safetensors");
        using var network = new Network(SmallTask.Network).Initialise(SmallTask.Seed);
        var preparation = new Preparation([0.25f], [3]);
        ModelFile.Save(path, new Model(network, preparation, ["a", "b", "c"]));
        using var back = ModelFile.Load(path);
        SmallTask.ExpectEqual(SmallTask.Bits(network), SmallTask.Bits(back.Network), "weights of the file");
        SmallTask.ExpectEqual(ModelFile.ToArray(new Model(network, preparation, ["a", "b", "c"])), File.ReadAllBytes(path), "the file");
        if (back.Network.Spec.ToString() != network.Spec.ToString() || back.ClassNames is not ["a", "b", "c"])
            throw new SelfTestException($"the file describes {back.Network.Spec}, expected {network.Spec}");
        for (int i = 0; i < network.Layers[0].Integers[0].Values.Length; i++)
        {
            if (network.Layers[0].Integers[0].Values[i] != back.Network.Layers[0].Integers[0].Values[i])
                throw new SelfTestException($"window {i} differs");
        }
    }

    /// <summary>A run that is broken off at a step that is no save, and goes on, ends as one that was not.</summary>
    public static void Resume(TrainingSettings settings)
    {
        using var folder = new SelfTestFolder();
        using var data = SmallTask.Data();
        byte[] expected;
        using (var whole = new Run(settings, data)) expected = whole.Finish();
        using (var broken = new Run(settings, data))
        using (var checkpoint = new Checkpoint(folder.Path))
        {
            checkpoint.Start(broken.Session);
            for (int i = 0; i < 8; i++)
            {
                broken.Session.Step();
                checkpoint.Note(broken.Session);
                if (i == 4) checkpoint.Save(broken.Session);
            }
        }

        using var resumed = new Run(settings, data);
        using (var checkpoint = new Checkpoint(folder.Path))
        {
            if (!checkpoint.TryResume(resumed.Session)) throw new SelfTestException("there was nothing to go on from");
            int known = settings.Rule is ZerothOrderSettings ? 8 : 5;
            if (resumed.Session.StepCount != known)
                throw new SelfTestException($"it goes on at step {resumed.Session.StepCount}, expected {known}");
        }

        SmallTask.ExpectEqual(expected, resumed.Finish(), "weights and state of the resumed run");
    }

    /// <summary>The log alone, from the starting weights, without the data's help.</summary>
    public static void Replay(NoiseKind kind)
    {
        var settings = new TrainingSettings
        {
            Rule = new ZerothOrderSettings { Directions = 3, Noise = kind },
            Seed = SmallTask.Seed,
            Batch = 7,
            Steps = 12,
            LearningRate = 0.05f
        };
        using var folder = new SelfTestFolder();
        string path = Path.Combine(folder.Path, "steps.log");
        using var data = SmallTask.Data();
        using var run = new Run(settings, data);
        using (var log = StepLog.Open(path, run.Session))
        {
            while (!run.Session.IsDone)
            {
                run.Session.Step();
                log.Append(((ZerothOrder)run.Session.Rule).Records);
            }
        }

        using var replayed = new Run(settings, data);
        using (var log = StepLog.Open(path, replayed.Session)) log.ReplayInto(replayed.Session);
        SmallTask.ExpectEqual(run.Finish(), replayed.Finish(), "weights rebuilt from the log");
    }

    /// <summary>A network and its session.</summary>
    sealed class Run : IDisposable
    {
        readonly Network _network;

        public Run(TrainingSettings settings, Dataset data)
        {
            _network = new Network(SmallTask.Network).Initialise(settings.Seed);
            Session = new TrainingSession(_network, settings, data, Preparation.Identity);
        }

        public TrainingSession Session { get; }

        /// <summary>Takes the steps that are left; returns the bits of weights and state.</summary>
        public byte[] Finish()
        {
            while (!Session.IsDone) Session.Step();
            return [.. SmallTask.Bits(_network), .. System.Runtime.InteropServices.MemoryMarshal.AsBytes(Session.Update.State)];
        }

        public void Dispose()
        {
            Session.Dispose();
            _network.Dispose();
        }
    }
}

/// <summary>A folder under the system's temporary one that goes when the check is done.</summary>
sealed class SelfTestFolder : IDisposable
{
    public string Path { get; } = Directory.CreateTempSubdirectory("edgelearn-selftest-").FullName;

    public void Dispose() => Directory.Delete(Path, recursive: true);
}
