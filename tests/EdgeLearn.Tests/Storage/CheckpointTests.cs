using Xunit;

namespace EdgeLearn.Tests;

public sealed class CheckpointTests : IDisposable
{
    readonly string _folder = Directory.CreateTempSubdirectory("edgelearn-checkpoint-").FullName;
    readonly MemoryDataset _data = MakeData();

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    // 53 samples: epochs end in short batches.
    static MemoryDataset MakeData()
    {
        float[] inputs = new float[53 * 16];
        int[] labels = new int[53];
        for (int i = 0; i < inputs.Length; i++) inputs[i] = Noise.GaussianAt(5, i) + i / 16 % 3;
        for (int i = 0; i < labels.Length; i++) labels[i] = i % 3;
        return new MemoryDataset(inputs, labels, new Shape(4, 4));
    }

    static TrainingSettings Settings(string rule, string update)
    {
        var settings = new TrainingSettings
        {
            Rule = LearningRules.Named(rule),
            Update = UpdateRules.Named(update),
            Steps = 40,
            Batch = 8,
            LearningRate = 0.01f
        };
        if (update == "sgd") settings = settings.With("momentum", "0.9");
        return settings.Rule is ProbeSettings ? settings.With("directions", "2") : settings;
    }

    static Network NewNetwork() => new Network(NetworkSpec.Parse("4x4-6@2x2-5-3", null, Loss.SoftmaxCrossEntropy)).Initialise(3);

    public static TheoryData<string, string> All()
    {
        var all = new TheoryData<string, string>();
        foreach (string rule in LearningRules.All.Select(each => each.Word))
        {
            foreach (string update in UpdateRules.All.Select(each => each.Word)) all.Add(rule, update);
        }

        return all;
    }

    [Theory]
    [MemberData(nameof(All))]
    public void A_resumed_run_ends_with_the_same_bits(string rule, string update)
    {
        var settings = Settings(rule, update);
        byte[] undisturbed = Run(settings, null, stopAt: 40);
        Run(settings, "run", stopAt: 17); // saved at 10, stopped at 17
        Assert.Equal(undisturbed, Run(settings, "run", stopAt: 40));
    }

    byte[] Run(TrainingSettings settings, string? folder, long stopAt)
    {
        using var network = NewNetwork();
        using var session = new TrainingSession(network, settings, _data, Preparation.Identity);
        using var checkpoint = folder is null ? null : new Checkpoint(Path.Combine(_folder, folder));
        if (checkpoint is { HasState: true }) checkpoint.TryResume(session);
        else checkpoint?.Start(session);
        while (session.StepCount < stopAt)
        {
            session.Step();
            checkpoint?.Note(session);
            if (session.StepCount % 10 == 0) checkpoint?.Save(session);
        }

        return network.Parameters.ContentHash();
    }

    [Fact]
    public void The_step_log_keeps_the_steps_since_the_last_slot()
    {
        var settings = Settings("zo", "sgd");
        byte[] atStop = Run(settings, "zo", stopAt: 17);
        using var network = NewNetwork();
        using var session = new TrainingSession(network, settings, _data, Preparation.Identity);
        using var checkpoint = new Checkpoint(Path.Combine(_folder, "zo"));
        Assert.Equal(10, checkpoint.StepCount);
        Assert.True(checkpoint.TryResume(session));
        Assert.Equal(17, session.StepCount);
        Assert.Equal(atStop, network.Parameters.ContentHash());
    }

    [Fact]
    public void Replaying_the_whole_log_from_the_starting_weights_rebuilds_them_bit_for_bit()
    {
        var settings = Settings("zo", "adam");
        byte[] atStop = Run(settings, "zo", stopAt: 23);
        using var network = NewNetwork();
        using var session = new TrainingSession(network, settings, _data, Preparation.Identity);
        using (var log = StepLog.Open(Path.Combine(_folder, "zo", "steps.log"), session))
        {
            Assert.Equal(23, log.Count);
            log.ReplayInto(session);
        }

        Assert.Equal(atStop, network.Parameters.ContentHash());
    }

    [Fact]
    public void A_torn_tail_of_the_log_is_cut_off()
    {
        var settings = Settings("zo", "sgd");
        Run(settings, "zo", stopAt: 17);
        string path = Path.Combine(_folder, "zo", "steps.log");
        byte[] whole = File.ReadAllBytes(path);
        int entry = 2 * 12 + 4;
        for (int cut = 1; cut <= entry; cut++)
        {
            File.WriteAllBytes(path, whole[..^cut]);
            using var network = NewNetwork();
            using var session = new TrainingSession(network, settings, _data, Preparation.Identity);
            using var checkpoint = new Checkpoint(Path.Combine(_folder, "zo"));
            checkpoint.TryResume(session);
            Assert.Equal(16, session.StepCount);
        }
    }

    [Fact]
    public void A_slot_damaged_at_any_byte_leaves_the_other_one()
    {
        var settings = Settings("tpsgd", "sgd");
        Run(settings, "run", stopAt: 30); // slots of 20 and 30
        string newest = Directory.GetFiles(Path.Combine(_folder, "run"), "slot-*").MaxBy(StepCount)!;
        byte[] whole = File.ReadAllBytes(newest);
        for (int at = 0; at < whole.Length; at += 37)
        {
            byte[] damaged = [.. whole];
            damaged[at] ^= 0x10;
            File.WriteAllBytes(newest, at % 2 == 0 ? damaged : whole[..at]);
            using var checkpoint = new Checkpoint(Path.Combine(_folder, "run"));
            Assert.Equal(20, checkpoint.StepCount);
        }
    }

    [Fact]
    public void Another_run_is_refused_and_named()
    {
        Run(Settings("backprop", "sgd"), "run", stopAt: 5);
        using var network = NewNetwork();
        using var session = new TrainingSession(network, Settings("frozen", "sgd"), _data, Preparation.Identity);
        using var checkpoint = new Checkpoint(Path.Combine(_folder, "run"));
        Assert.Contains("'rule = backprop' where this run has 'rule = frozen'",
            Assert.Throws<EdgeLearnException>(() => checkpoint.TryResume(session)).Message,
            StringComparison.Ordinal);
        Assert.Contains("--resume", Assert.Throws<EdgeLearnException>(() => checkpoint.Start(session)).Message, StringComparison.Ordinal);
    }

    // Memory, and the way in which the length was said, change no bit: the same run goes on with others.
    [Fact]
    public void What_changes_no_bits_is_no_other_run()
    {
        var settings = Settings("zo", "sgd");
        byte[] undisturbed = Run(settings, null, stopAt: 40);
        Run(settings, "run", stopAt: 17);
        var other = settings with
        {
            Steps = null,
            Epochs = 5,
            FeatureBytes = 5,
            Rule = new ZerothOrderSettings { Directions = 2, SignsInTurn = true }
        };
        using (var network = NewNetwork())
        using (var session = new TrainingSession(network, other with { Epochs = 6 }, _data, Preparation.Identity))
        using (var checkpoint = new Checkpoint(Path.Combine(_folder, "run")))
        {
            Assert.Contains("'steps = 40' where this run has 'steps = 42'",
                Assert.Throws<EdgeLearnException>(() => checkpoint.TryResume(session)).Message, StringComparison.Ordinal);
        }

        Assert.Equal(undisturbed, Run(other with { Steps = 40 }, "run", stopAt: 40));
    }

    // A slot has only what differs from the defaults, so that a setting of a later version makes no older checkpoint another run.
    [Fact]
    public void The_identity_has_only_what_differs_from_the_defaults()
    {
        using var network = NewNetwork();
        using var session = new TrainingSession(network, new TrainingSettings
        {
            Steps = 40,
            Batch = 8,
            LearningRate = 0.01f,
            Update = new FrugalSettings { Rho = 0.5 }
        }, _data, Preparation.Identity);
        Assert.Equal("network = 4x4-6@2x2-5-3, loss = cross-entropy, samples = 53, classes = 3, steps = 40, epoch steps = 7, noise = 1, "
            + "rule = tpsgd, update = frugal, batch = 8, lr = 0.01, rho = 0.5", RunIdentity.Of(session));
    }

    [Theory]
    [InlineData("a = 1, b = 2", "a = 1, b = 3", "'b = 2' where this run has 'b = 3'")]
    [InlineData("a = 1, b = 2", "a = 1", "'b = 2', which this run has not")]
    [InlineData("a = 1", "a = 1, b = 2", "not 'b = 2', which this run has")]
    public void The_first_difference_of_two_runs_is_named(string saved, string current, string expected)
        => Assert.Equal(expected, RunIdentity.Difference(saved, current));

    [Fact]
    public void A_slot_of_another_version_is_refused_as_such()
    {
        Run(Settings("backprop", "sgd"), "run", stopAt: 5);
        string slot = Directory.GetFiles(Path.Combine(_folder, "run"), "slot-*").Single();
        byte[] bytes = File.ReadAllBytes(slot);
        bytes[7] = (byte)'1';
        File.WriteAllBytes(slot, bytes);
        string message = Assert.Throws<EdgeLearnException>(() => new Checkpoint(Path.Combine(_folder, "run"))).Message;
        Assert.Contains("has format 01 of checkpoints, this program reads 02", message, StringComparison.Ordinal);
        File.Delete(slot);
        using var again = new Checkpoint(Path.Combine(_folder, "run")); // the lock is free
    }

    // Ten steps of backprop with momentum, as this version wrote them: a later one has to go on with them, or to raise the version.
    [Fact]
    public void A_checkpoint_of_this_version_is_read_by_later_ones()
    {
        string run = Path.Combine(_folder, "run");
        Directory.CreateDirectory(run);
        File.WriteAllBytes(Path.Combine(run, "slot-a"), Golden.Bytes("checkpoint-02.slot"));
        using var network = NewNetwork();
        using var session = new TrainingSession(network, Settings("backprop", "sgd"), _data, Preparation.Identity);
        using var checkpoint = new Checkpoint(run);
        Assert.True(checkpoint.TryResume(session));
        Assert.Equal(10, session.StepCount);
        Assert.Equal(new StreamPosition(Noise.Derive(1, 2), 1, 24), session.Position); // 7 steps are an epoch
        Assert.Equal(
            "df957a04dea9eff2e8f86a0dda0a0dfb54d2e4313d85912f744c0c76c58f810f", Convert.ToHexStringLower(network.Parameters.ContentHash()));
        Assert.Equal(
            "fa497639c9525effc9255cfb7865adfaf5c60664b836cb5ccde6e465bad2909b",
            Convert.ToHexStringLower(Sha256.Hash(System.Runtime.InteropServices.MemoryMarshal.AsBytes(session.Update.State))));
        Assert.False(session.Step().Diverged);
    }

    // 17 steps of zo with two directions each, as this version logged them: a later one has to replay them, or to raise the version.
    [Fact]
    public void A_step_log_of_this_version_is_replayed_by_later_ones()
    {
        string path = Path.Combine(_folder, "steps.log");
        File.WriteAllBytes(path, Golden.Bytes("steps-02.log"));
        using var network = NewNetwork();
        using var session = new TrainingSession(network, Settings("zo", "sgd"), _data, Preparation.Identity);
        using var log = StepLog.Open(path, session);
        Assert.Equal(17, log.Count);
        log.ReplayInto(session);
        Assert.Equal(17, session.StepCount);
        Assert.Equal(
            "cc4f9c4310ae250d1118b9dde85c0524fb82885729cc4b682cbc8cd28d312f60",
            Convert.ToHexStringLower(network.Parameters.ContentHash()));
    }

    [Fact]
    public void Two_processes_can_not_share_a_folder()
    {
        using var first = new Checkpoint(Path.Combine(_folder, "run"));
        Assert.Throws<EdgeLearnException>(() => new Checkpoint(Path.Combine(_folder, "run")));
    }

    [Fact]
    public void Another_preparation_of_the_inputs_is_refused()
    {
        var settings = Settings("tpsgd", "sgd");
        Run(settings, "run", stopAt: 5);
        using var network = NewNetwork();
        using var session = new TrainingSession(network, settings, _data, Preparation.ScaleBy(2));
        using var checkpoint = new Checkpoint(Path.Combine(_folder, "run"));
        Assert.Contains("prepares its inputs in another way",
            Assert.Throws<EdgeLearnException>(() => checkpoint.TryResume(session)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_folder_in_which_no_slot_is_whole_is_not_overwritten()
    {
        var settings = Settings("tpsgd", "sgd");
        Run(settings, "run", stopAt: 5);
        foreach (string slot in Directory.GetFiles(Path.Combine(_folder, "run"), "slot-*")) File.WriteAllBytes(slot, [1, 2, 3]);
        using var network = NewNetwork();
        using var session = new TrainingSession(network, settings, _data, Preparation.Identity);
        using var checkpoint = new Checkpoint(Path.Combine(_folder, "run"));
        Assert.Contains("no slot is whole", Assert.Throws<EdgeLearnException>(() => checkpoint.TryResume(session)).Message,
            StringComparison.Ordinal);
        Assert.Throws<EdgeLearnException>(() => checkpoint.Start(session));
    }

    [Fact]
    public void Weights_that_are_not_finite_are_never_saved()
    {
        var settings = Settings("backprop", "sgd");
        using var network = NewNetwork();
        using var session = new TrainingSession(network, settings, _data, Preparation.Identity);
        using var checkpoint = new Checkpoint(Path.Combine(_folder, "run"));
        checkpoint.Start(session);
        for (int i = 0; i < 3; i++) session.Step();
        checkpoint.Save(session);
        float weight = network.Parameters.Values[^1];
        network.Parameters.Values[^1] = float.NaN;
        session.Step();
        Assert.Contains("layers.2.bias has a value that is not a finite number",
            Assert.Throws<EdgeLearnException>(() => checkpoint.Save(session)).Message, StringComparison.Ordinal);
        Assert.Equal(3, checkpoint.StepCount);
        Assert.Throws<EdgeLearnException>(() => ModelFile.Save(Path.Combine(_folder, "model"), new Model(network, Preparation.Identity)));
        Assert.False(File.Exists(Path.Combine(_folder, "model")));
        using var kept = Checkpoint.LoadModel(Path.Combine(_folder, "run"));
        Assert.Equal(weight, kept.Network.Parameters.Values[^1]);
        checkpoint.Withdraw();
        Assert.Equal(0, checkpoint.StepCount);
        checkpoint.Withdraw(); // there is nothing before it
        Assert.Equal(0, checkpoint.StepCount);
    }

    static long StepCount(string path)
    {
        using var slot = CheckpointSlot.Open(path);
        return slot!.Head.StepCount;
    }

    [Fact]
    public void A_log_that_began_with_other_weights_is_not_replayed()
    {
        var settings = Settings("zo", "sgd");
        Run(settings, "zo", stopAt: 5);
        using var network = NewNetwork();
        network.Parameters.Values[0] += 1;
        using var session = new TrainingSession(network, settings, _data, Preparation.Identity);
        using var log = StepLog.Open(Path.Combine(_folder, "zo", "steps.log"), session);
        Assert.Equal(0, log.Count);
    }
}
