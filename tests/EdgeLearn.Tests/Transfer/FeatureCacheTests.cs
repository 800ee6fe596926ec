using System.Globalization;
using Xunit;

namespace EdgeLearn.Tests;

/// <summary>By themselves: they say by a variable of the process where its cache is.</summary>
[CollectionDefinition("cache folder", DisableParallelization = true)]
public sealed class CacheFolderDefinition;

/// <summary>A frozen body that runs once must give the run that it gives when it runs in every step.</summary>
[Collection("cache folder")]
public sealed class FeatureCacheTests : IDisposable
{
    const string Spec = "8x8-conv3x3x6:relu-pool2-dropout0.3-20:relu-dropout0.2-12:tanh-4";

    readonly string? _home = Environment.GetEnvironmentVariable("XDG_CACHE_HOME");
    readonly string _folder = Directory.CreateTempSubdirectory("edgelearn-features-").FullName;

    public FeatureCacheTests() => Environment.SetEnvironmentVariable("XDG_CACHE_HOME", _folder);

    public void Dispose()
    {
        Environment.SetEnvironmentVariable("XDG_CACHE_HOME", _home);
        Directory.Delete(_folder, recursive: true);
    }

    static Network Build(ulong seed = 1) => new Network(NetworkSpec.Parse(Spec, null, Loss.SoftmaxCrossEntropy)).Initialise(seed);

    static MemoryDataset Data(int count, int salt = 1)
    {
        using var network = Build();
        var samples = new SampleSet(network, count, salt);
        return new MemoryDataset(samples.Inputs, samples.Labels, network.Spec.Input, 4);
    }

    static TrainingSettings Settings(FeatureStorage features, string train = "layers.5,layers.6", string rule = "backprop", int batch = 16)
        => new()
        {
            Rule = LearningRules.Named(rule),
            Train = TrainableParts.Parse(train),
            Features = features,
            Epochs = 3,
            Batch = batch,
            LearningRate = rule == "zo" ? 0.001f : 0.05f,
        };

    static (float[] Weights, long PastBytes) Train(TrainingSettings settings, Dataset data, ulong seed = 1,
        Preparation? preparation = null)
    {
        using var network = Build(seed);
        using var session = new TrainingSession(network, settings, data, preparation ?? new Preparation([0.1f], [1.5f]));
        while (!session.IsDone) session.Step();
        return (network.Parameters.Values.ToArray(), session.Plan.BytesOf(MemoryCategory.Past));
    }

    string[] Files
        => Directory.Exists(Path.Combine(_folder, "edgelearn", "features"))
            ? Directory.GetFiles(Path.Combine(_folder, "edgelearn", "features")) : [];

    public static TheoryData<string, string, FeatureStorage> Cases
    {
        get
        {
            var cases = new TheoryData<string, string, FeatureStorage>();
            foreach (string rule in (string[])["backprop", "frozen", "tpsgd", "zo", "elastic-zo"])
            {
                foreach (string train in (string[])["head", "layers.5,layers.6", "layers.3.bias,head"])
                {
                    foreach (var storage in (FeatureStorage[])[FeatureStorage.Memory, FeatureStorage.Disk]) cases.Add(rule, train, storage);
                }
            }

            return cases;
        }
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void A_run_on_kept_features_has_the_bits_of_one_without(string rule, string train, FeatureStorage storage)
    {
        using var data = Data(100);
        float[] expected = Train(Settings(FeatureStorage.Off, train, rule, batch: 20), data).Weights;
        Values.AssertSameBits(expected, Train(Settings(storage, train, rule, batch: 20), data).Weights, $"{rule}, {train}, {storage}");
    }

    // The last layer makes the loss itself, of the features.
    [Theory]
    [InlineData("backprop")]
    [InlineData("frozen")]
    [InlineData("tpsgd")]
    [InlineData("local-heads")]
    [InlineData("zo")]
    [InlineData("elastic-zo")]
    public void A_vocabulary_is_scored_on_kept_features(string rule)
    {
        var spec = NetworkSpec.Parse("5-embed30x8-positions-conv3x8:same:relu-layernorm-tokens40", null, Loss.SoftmaxCrossEntropy);
        using var reference = new Network(spec);
        var samples = new SampleSet(reference, 50);
        using var data = new MemoryDataset(samples.Inputs, samples.Labels, spec.Input, 40, 5);
        Values.AssertSameBits(Weights(FeatureStorage.Off), Weights(FeatureStorage.Memory), rule);

        float[] Weights(FeatureStorage features)
        {
            using var network = new Network(spec).Initialise(7);
            using var session = new TrainingSession(network, Settings(features, "layers.4", rule), data, Preparation.Identity);
            Assert.Equal(features != FeatureStorage.Off, session.KeepsFeatures);
            while (!session.IsDone) session.Step();
            return [.. network.Parameters.Values];
        }
    }

    [Fact]
    public void Eight_bits_come_near()
    {
        using var data = Data(96);
        float[] expected = Train(Settings(FeatureStorage.Off), data).Weights, rounded = Train(Settings(FeatureStorage.Int8), data).Weights;
        Assert.NotEqual(expected, rounded);
        Values.AssertNear([.. expected.Select(value => (double)value)], rounded, 0.02, "int8");
    }

    [Fact]
    public void Memory_is_planned_and_bounded()
    {
        using var data = Data(200);
        long off = Train(Settings(FeatureStorage.Off), data).PastBytes,
            memory = Train(Settings(FeatureStorage.Memory), data).PastBytes;
        long eight = Train(Settings(FeatureStorage.Int8), data).PastBytes,
            disk = Train(Settings(FeatureStorage.Disk), data).PastBytes;
        const int Features = 20;
        Assert.Equal(200 * Features * 4, memory - off);
        Assert.Equal(200 * (Features + 4), eight - off);
        Assert.Equal(off, disk);
        Assert.Equal(200 * Features * 4, new FileInfo(Assert.Single(Files)).Length);
        var error = Assert.Throws<EdgeLearnException>(() =>
            Train(Settings(FeatureStorage.Memory) with { FeatureBytes = 200 * Features * 4 - 1 }, data));
        Assert.Contains("the budget is 15,999", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Auto_keeps_features_where_that_pays()
    {
        using var data = Data(64);
        using var network = Build();
        bool Keeps(TrainingSettings settings)
        {
            using var session = new TrainingSession(network, settings, data, Preparation.Identity);
            return session.KeepsFeatures;
        }

        Assert.True(Keeps(Settings(FeatureStorage.Auto)));
        Assert.False(Keeps(Settings(FeatureStorage.Auto, "all")));
        Assert.False(Keeps(Settings(FeatureStorage.Auto) with { Epochs = 1 }));
        Assert.False(Keeps(Settings(FeatureStorage.Auto) with { FeatureBytes = 1000 }));
        Assert.Contains("nothing is frozen", Assert.Throws<EdgeLearnException>(() => Keeps(Settings(FeatureStorage.Memory, "all"))).Message,
            StringComparison.Ordinal);
    }

    // Another batch changes the step, not the features that are kept beside it.
    [Fact]
    public void A_refusal_within_a_limit_advises_what_fits_with_the_features()
    {
        using var data = Data(200);
        var settings = Settings(FeatureStorage.Memory, batch: 64);
        long small = Least(1), limit = (small + Least(64)) / 2;
        string refusal = Assert.Throws<EdgeLearnException>(() => Build(limit, settings)).Message;
        int advised = int.Parse(refusal.Split("--batch ")[1].Split(' ')[0], CultureInfo.InvariantCulture);
        Assert.InRange(Build(limit, settings with { Batch = advised }), 1, limit);
        Assert.Throws<EdgeLearnException>(() => Build(limit, settings with { Batch = advised + 1 }));
        Assert.Contains("even --batch 1 needs " + small.ToString("N0", CultureInfo.InvariantCulture),
            Assert.Throws<EdgeLearnException>(() => Build(small - 1, settings)).Message, StringComparison.Ordinal);

        long Least(int batch) => TrainingPlan.MemoryOf(NetworkSpec.Parse(Spec, null, Loss.SoftmaxCrossEntropy),
            settings with { Batch = batch }, 0, data).TotalBytes;

        long Build(long? limit, TrainingSettings settings)
        {
            using var network = FeatureCacheTests.Build();
            using var session = new TrainingSession(network, settings, data, Preparation.Identity, limit);
            return session.Plan.TotalBytes;
        }
    }

    [Fact]
    public void A_file_is_found_again_but_never_for_another_body_data_or_preparation()
    {
        using MemoryDataset data = Data(64), other = Data(64, salt: 9);
        var settings = Settings(FeatureStorage.Disk);
        Train(settings, data);
        string file = Assert.Single(Files);
        var written = File.GetLastWriteTimeUtc(file);
        Train(settings with { Epochs = 5, Rule = new TargetProjectionSettings() }, data);
        Assert.Equal(written, File.GetLastWriteTimeUtc(Assert.Single(Files)));
        Train(settings, data, seed: 2);
        Assert.Equal(2, Files.Length);
        Train(settings, other);
        Assert.Equal(3, Files.Length);
        Train(settings, data, preparation: Preparation.Identity);
        Assert.Equal(4, Files.Length);
        Train(Settings(FeatureStorage.Disk, "head"), data);
        Assert.Equal(5, Files.Length);
    }

    [Fact]
    public void Old_files_make_room_within_the_budget()
    {
        using var data = Data(64);
        const int Bytes = 64 * 20 * 4;
        for (ulong seed = 1; seed < 5; seed++)
        {
            Train(Settings(FeatureStorage.Disk) with { FeatureBytes = 2 * Bytes }, data, seed);
            Assert.True(Files.Sum(file => new FileInfo(file).Length) <= 2 * Bytes);
        }
    }

    [Fact]
    public void A_step_on_kept_features_allocates_nothing()
    {
        using var data = Data(96);
        foreach (var storage in (FeatureStorage[])[FeatureStorage.Memory, FeatureStorage.Int8, FeatureStorage.Disk])
        {
            using var network = Build();
            using var session = new TrainingSession(network, Settings(storage) with { Epochs = 40 }, data, Preparation.Identity);
            for (int i = 0; i < 40; i++) session.Step();
            long before = GC.GetAllocatedBytesForCurrentThread();
            for (int i = 0; i < 60; i++) session.Step();
            Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
        }
    }
}
