using Xunit;

namespace EdgeLearn.Tests;

public sealed class ContinualRunTests : IDisposable
{
    readonly string _folder = Directory.CreateTempSubdirectory("edgelearn-continual-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    // 53 samples: epochs end in short batches.
    static MemoryDataset Data(bool labelled, ulong seed = 5)
    {
        float[] inputs = new float[53 * 16];
        for (int i = 0; i < inputs.Length; i++) inputs[i] = Noise.GaussianAt(seed, i) + i / 16 % 3;
        if (labelled) return new MemoryDataset(inputs, [.. Enumerable.Range(0, 53).Select(i => i % 3)], new Shape(4, 4));
        return new MemoryDataset(inputs, [.. Enumerable.Range(0, 53 * 3).Select(i => Noise.GaussianAt(seed + 1, i))], new Shape(4, 4), 3);
    }

    static readonly ContinualSettings s_all = new()
    {
        ReplayBytes = 64 + 39 + 20 * 68,
        Replay = ReplayKind.Balanced,
        ReplayFraction = 0.25f,
        Consolidation = 0.5f,
        ConsolidationSamples = 20,
        ConsolidationDecay = 0.9f,
        Average = AverageKind.Exponential,
        AverageDecay = 0.9f,
    };

    static TrainingSettings Settings(string rule, ContinualSettings? continual = null)
    {
        var settings = new TrainingSettings
        {
            Rule = LearningRules.Named(rule),
            Update = new SgdSettings { Momentum = 0.9f },
            Steps = 40,
            Batch = 8,
            LearningRate = 0.01f,
            Continual = continual ?? s_all
        };
        return settings.Rule is ProbeSettings ? settings.With("directions", "2") : settings;
    }

    static Network NewNetwork(bool labelled = true)
        => new Network(NetworkSpec.Parse("4x4-6@2x2-5-3", null, labelled ? Loss.SoftmaxCrossEntropy : Loss.MeanSquareError)).Initialise(3);

    public static TheoryData<string> Rules() => [.. LearningRules.All.Select(each => each.Word)];

    // A first task, then a second one that goes on from its past, stopped or not.
    byte[] SecondTask(string rule, string? folder, long stopAt)
    {
        byte[] past;
        using (var network = NewNetwork())
        {
            using var first = new TrainingSession(network, Settings(rule), Data(true), Preparation.Identity);
            while (first.StepCount < 12) first.Step();
            first.Consolidate();
            past = ContinualFile.ToArray(first);
        }

        using var second = NewNetwork();
        using var data = Data(true, seed: 9);
        using var session = new TrainingSession(second, Settings(rule), data, Preparation.Identity);
        ContinualFile.Load(past, "past", session);
        Assert.Equal(20, session.ReplayBuffer!.Count);
        using var checkpoint = folder is null ? null : new Checkpoint(Path.Combine(_folder, folder));
        if (checkpoint is { HasState: true }) Assert.True(checkpoint.TryResume(session));
        else checkpoint?.Start(session);
        while (session.StepCount < stopAt)
        {
            session.Step();
            checkpoint?.Note(session);
            if (session.StepCount % 10 == 0) checkpoint?.Save(session);
        }

        if (session.IsDone) session.Consolidate();
        return [.. second.Parameters.ContentHash(), .. ContinualFile.WriterOf(session, null, withAverage: true).ToArray()];
    }

    [Theory]
    [MemberData(nameof(Rules))]
    public void A_resumed_run_ends_with_the_same_bits_in_weights_samples_anchors_and_average(string rule)
    {
        byte[] undisturbed = SecondTask(rule, null, stopAt: 40);
        SecondTask(rule, "run", stopAt: 3); // within the first epoch, while samples are offered
        SecondTask(rule, "run", stopAt: 17);
        Assert.Equal(undisturbed, SecondTask(rule, "run", stopAt: 40));
    }

    [Theory]
    [MemberData(nameof(Rules))]
    public void A_step_allocates_nothing(string rule)
    {
        foreach (bool labelled in (bool[])[true, false])
        {
            using var network = NewNetwork(labelled);
            using var data = Data(labelled);
            var continual = s_all with { Replay = labelled ? ReplayKind.Balanced : ReplayKind.Reservoir };
            using var session = new TrainingSession(network, Settings(rule, continual) with { Steps = 90 }, data, Preparation.Identity);
            for (int i = 0; i < 20; i++) session.Step();
            session.Consolidate();
            session.Evaluate(data);
            long before = GC.GetAllocatedBytesForCurrentThread();
            while (!session.IsDone) session.Step();
            Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
            session.Evaluate(data);
            Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 1, 2048); // its figures, those of each class among them
        }
    }

    [Fact]
    public void Everything_that_is_kept_is_in_the_plan()
    {
        using var network = NewNetwork();
        using var data = Data(true);
        MemoryPlan PlanOf(ContinualSettings? continual)
        {
            var settings = Settings("tpsgd") with { Continual = continual };
            using var session = new TrainingSession(network, settings, data, Preparation.Identity);
            Assert.Equal(session.Plan.TotalBytes, TrainingPlan.MemoryOf(network.Spec, settings).TotalBytes);
            return session.Plan;
        }

        long vector = network.Parameters.Length * sizeof(float);
        Assert.Equal(0, PlanOf(null).BytesOf(MemoryCategory.Past));
        Assert.InRange(PlanOf(new ContinualSettings { ReplayBytes = 1000 }).BytesOf(MemoryCategory.Past), 997, 1000);
        Assert.Equal(2 * vector, PlanOf(new ContinualSettings { Consolidation = 1 }).BytesOf(MemoryCategory.Past));
        Assert.Equal(vector, PlanOf(new ContinualSettings { Average = AverageKind.Equal }).BytesOf(MemoryCategory.Past));
        // Beside replayed samples, inputs of a batch cannot be read again and live as long as the step.
        int inputs = Settings("tpsgd").Batch * network.InputLength * sizeof(float);
        Assert.InRange(PlanOf(s_all).WorkspaceBytes - PlanOf(null).WorkspaceBytes, 3 * vector + s_all.ReplayBytes - 3 * 64 - 103,
            3 * vector + s_all.ReplayBytes + inputs + 4 * 64);
    }

    [Fact]
    public void A_part_of_each_batch_is_replayed_once_there_is_something()
    {
        using var network = NewNetwork();
        using var data = Data(true);
        using var session = new TrainingSession(network, Settings("backprop"), data, Preparation.Identity);
        Assert.Equal(9, session.StepsPerEpoch); // 6 new samples a step of 8
        Assert.Equal(6, session.Step().Count);
        Assert.Equal(8, session.Step().Count);
        while (!session.IsDone) session.Step();
        Assert.Equal(53, session.ReplayBuffer!.SeenCount); // offered in the first epoch only
    }

    [Fact]
    public void A_file_of_the_past_comes_back_to_the_byte()
    {
        foreach (var (labelled, storage) in ((bool, ReplayStorage)[])[(true, ReplayStorage.AsData), (true, ReplayStorage.Int8),
            (false, ReplayStorage.AsData), (false, ReplayStorage.Int8)])
        {
            using var network = NewNetwork(labelled);
            using var data = Data(labelled);
            var settings =
                Settings("backprop",
                s_all with
                {
                    Replay = labelled ? ReplayKind.Balanced : ReplayKind.Reservoir,
                    ReplayStorage = storage,
                    Average = AverageKind.None
                });
            using var session = new TrainingSession(network, settings, data, Preparation.Identity);
            while (session.StepCount < 10) session.Step();
            session.Consolidate();
            string path = Path.Combine(_folder, "past");
            ContinualFile.Save(path, session);
            using var next = new TrainingSession(network, settings, data, Preparation.Identity);
            ContinualFile.Load(path, next);
            Assert.Equal(File.ReadAllBytes(path), ContinualFile.ToArray(next));
            // In fewer bytes, a part of the samples.
            using var smaller = new TrainingSession(network,
                settings with
                {
                    Continual =
                settings.Continual! with { ReplayBytes = 64 + (labelled ? 39 : 0) + 7 * session.ReplayBuffer!.RowBytes }
                }, data,
                Preparation.Identity);
            ContinualFile.Load(path, smaller);
            Assert.Equal(7, smaller.ReplayBuffer!.Count);
        }
    }

    [Theory]
    [InlineData("local-heads")]
    [InlineData("tpsgd")]
    public void Local_heads_go_from_run_to_run(string rule)
    {
        TrainingSession Session(Network network, string of, int headUnits = 0)
        {
            var settings = Settings(of) with { Continual = null, Seed = 5 };
            if (headUnits > 0) settings = settings with { Rule = new LocalHeadsSettings { HeadUnits = headUnits } };
            return new TrainingSession(network, settings, Data(true), Preparation.Identity);
        }

        static float[] HeadsOf(TrainingSession session) => ((LocalLearning)session.Rule).HeadParameters!.Values.ToArray();

        using var network = NewNetwork();
        using var first = Session(network, rule);
        float[] fresh = HeadsOf(first);
        while (first.StepCount < 12) first.Step();
        byte[] past = ContinualFile.ToArray(first);
        float[] learned = HeadsOf(first);
        Assert.NotEqual(fresh, learned);
        using var next = Session(network, rule);
        ContinualFile.Load(past, "past", next);
        Assert.Equal(learned, HeadsOf(next));

        // With a class more the old ones are known; other heads, and another rule, begin anew.
        using var grown = network.WithMoreOutputs(1);
        using var wider = Session(grown, rule);
        ContinualFile.Load(past, "past", wider);
        foreach (var slice in ((LocalLearning)first.Rule).HeadParameters!.Slices.Where(slice => !slice.IsDrawn))
        {
            var heads = ((LocalLearning)wider.Rule).HeadParameters!;
            Values.AssertSameBits(learned.AsSpan(slice.Offset, slice.Length), heads[heads.Find(slice.Name)!][..slice.Length], slice.Name);
        }

        using var hidden = Session(network, "local-heads", headUnits: 4);
        float[] before = HeadsOf(hidden);
        ContinualFile.Load(past, "past", hidden);
        Assert.Equal(before, HeadsOf(hidden));
        using var backprop = Session(network, "backprop");
        ContinualFile.Load(past, "past", backprop);
        Assert.DoesNotContain(SafeTensors.FromMemory(ContinualFile.ToArray(backprop), "past").Tensors,
            tensor => tensor.Name.Contains(".head.", StringComparison.Ordinal));
    }

    [Fact]
    public void What_does_not_fit_is_refused_and_named()
    {
        using var network = NewNetwork();
        using var data = Data(true);
        using var session = new TrainingSession(network, Settings("backprop"), data, Preparation.Identity);
        while (session.StepCount < 10) session.Step();
        session.Consolidate();
        byte[] past = ContinualFile.ToArray(session, ["a", "b", "c"]);

        void Refuses(string expected, ContinualSettings continual, string network = "4x4-6@2x2-5-3", string[]? classes = null,
            byte[]? bytes = null)
        {
            using var other = new Network(NetworkSpec.Parse(network, null, Loss.SoftmaxCrossEntropy)).Initialise(1);
            using var next = new TrainingSession(other, Settings("backprop", continual), data, Preparation.Identity);
            Assert.Contains(expected,
                Assert.Throws<EdgeLearnException>(() => ContinualFile.Load(bytes ?? past, "board.past", next, classes)).Message,
                StringComparison.Ordinal);
        }

        Refuses("add --replay-bytes", new ContinualSettings { Consolidation = 1 });
        Refuses("add --ewc", new ContinualSettings { ReplayBytes = s_all.ReplayBytes });
        Refuses("stored as F32, this run stores rounded int8", s_all with { ReplayStorage = ReplayStorage.Int8 });
        // more rows are fine, as of a head with a new class; other columns are not
        Refuses("layers.1.weight", s_all, network: "4x4-7@2x2-5-3");
        Refuses("""["a","b","c"]""", s_all, classes: ["a", "c", "b"]);
        Refuses("not a file that --past wrote", s_all, bytes: ModelFile.ToArray(new Model(network, Preparation.Identity)));
        Refuses("no usable safetensors file", s_all, bytes: past[..^1]);
    }

    [Fact]
    public void Numbers_out_of_range_name_their_option()
    {
        void Refuses(string option, ContinualSettings continual, int batch = 8)
            => Assert.StartsWith(option,
                Assert.Throws<EdgeLearnException>(() => new TrainingSettings { Batch = batch, Continual = continual }.Check()).Message,
                StringComparison.Ordinal);
        Refuses("--replay-fraction 1", new ContinualSettings { ReplayBytes = 1000, ReplayFraction = 1 });
        Refuses("--replay-fraction 0", new ContinualSettings { ReplayBytes = 1000, ReplayFraction = 0 });
        Refuses("--batch 1", new ContinualSettings { ReplayBytes = 1000 }, batch: 1);
        Refuses("--ewc -1", new ContinualSettings { Consolidation = -1 });
        Refuses("--ewc-decay 2", new ContinualSettings { Consolidation = 1, ConsolidationDecay = 2 });
        Refuses("--ewc-samples 0", new ContinualSettings { ConsolidationSamples = 0 });
        Refuses("--ewc-decay needs --ewc", new ContinualSettings { ConsolidationDecay = 0.5f });
        Refuses("--replay needs --replay-bytes", new ContinualSettings { Replay = ReplayKind.Balanced });
        Refuses("--average ema:1:", new ContinualSettings { AverageDecay = 1 });
        Refuses("--average swa:-0.5:", new ContinualSettings { AverageStart = -0.5f });
    }
}
