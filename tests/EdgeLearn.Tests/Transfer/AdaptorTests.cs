using Xunit;

namespace EdgeLearn.Tests;

public class AdaptorTests : IDisposable
{
    const string Convolutions = "28x28-conv5x5x6:relu-pool2-conv5x5x12:relu-pool2-64:relu-10";

    const string Recurrent = "9x4-gru6:sequence-lstm5:sequence-rnn7:relu:sequence-gru8-4";
    const string Attention = "6x8-positions-attn2:causal:block-mlp12:block-attn4-mlp5-stepwise20-4";

    readonly string _folder = Directory.CreateTempSubdirectory("edgelearn-adaptor-").FullName;

    public void Dispose()
    {
        Directory.Delete(_folder, recursive: true);
        GC.SuppressFinalize(this);
    }

    static Model Base(string spec, ulong seed = 1, WeightStorage storage = WeightStorage.Float32)
        => new(new Network(NetworkSpec.Parse(spec, null, Loss.SoftmaxCrossEntropy), storage).Initialise(seed), new Preparation([0.5f], [2]),
            null);

    static float[] Outputs(Network network, int batch = 9)
    {
        using var pass = new BoundPass(network, batch);
        return pass.Outputs(new SampleSet(network, batch).Rows(batch));
    }

    static Network Adapted(Model model, string train, bool moved)
    {
        var parts = TrainableParts.Parse(train);
        var network = model.Network.Rebuild(parts.Adapt(model.Network.Spec), 5);
        parts.Freeze(network);
        if (!moved) return network;
        int salt = 3;
        foreach (var slice in network.Parameters.Slices.Where(slice => slice.Trainable))
        {
            float[] noise = Values.Random(slice.Length, salt++);
            for (int i = 0; i < noise.Length; i++) network.Parameters[slice][i] += 0.3f * noise[i];
        }

        return network;
    }

    public static TheoryData<string, string> Cases => new()
    {
        { Convolutions, "lora:2" },
        { Convolutions, "lora:3:6" },
        { Convolutions, "scale" },
        { Convolutions, "residual:4" },
        { Convolutions, "lora:2,head" },
        { "28x28-30@6x6-20-10", "scale" },
        { "12x5-conv3x6:same:relu-conv3x8:nobias-globalmax-4", "lora:2" },
        { "12x5-conv3x6:same:relu-conv3x8:nobias-globalmax-4", "scale" },
        { "6x8-stepwise9:relu-16-4", "lora:2" },
        { Recurrent, "lora:2" },
        { Recurrent, "lora:3:6" },
        { Attention, "lora:2" },
        { Attention, "lora:3:6,head" },
        { "6x8-stepwise9:relu-16-4", "residual:3" },
    };

    [Theory]
    [MemberData(nameof(Cases))]
    public void A_fresh_adaptor_changes_nothing(string spec, string train)
    {
        if (train.Contains("head", StringComparison.Ordinal)) return;
        using var model = Base(spec);
        using var network = Adapted(model, train, moved: false);
        float[] plain = Outputs(model.Network);
        Values.AssertNear([.. plain.Select(value => (double)value)], Outputs(network), 1e-6, train);
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void Merged_and_unmerged_outputs_agree(string spec, string train)
    {
        using var model = Base(spec);
        using var network = Adapted(model, train, moved: true);
        using var merged = network.Merge();
        float[] unmerged = Outputs(network), plain = Outputs(model.Network);
        Assert.True(unmerged.Zip(plain, (a, b) => Math.Abs(a - b)).Max() > 1e-2, "the adaptor does nothing");
        Values.AssertNear([.. unmerged.Select(value => (double)value)], Outputs(merged), 1e-5, train);
        bool stays = train.StartsWith("residual", StringComparison.Ordinal);
        Assert.Equal(stays, merged.Spec.Layers.Any(layer => layer is AdaptedSpec));
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void A_network_with_adaptors_is_written_and_read_in_both_forms(string spec, string train)
    {
        using var model = Base(spec);
        using var network = Adapted(model, train, moved: true);
        string text = network.Spec.ToString();
        Assert.Equal(text, NetworkSpec.Parse(text, network.Spec.Input, network.Loss).ToString());
        Assert.Equal(text, NetworkJson.Read(NetworkJson.Write(network.Spec), "test").ToString());
        using var read = ModelFile.Load(ModelFile.ToArray(new Model(network, model.Preparation)), "test");
        Values.AssertSameBits(Outputs(network), Outputs(read.Network), text);
    }

    [Theory]
    [InlineData("lora:2", 6_000)]
    [InlineData("scale", 2_400)]
    [InlineData("bias", 1_500)]
    [InlineData("residual:2", 3_800)]
    public void The_file_has_a_few_kilobytes(string train, int mostBytes)
    {
        using var model = Base(Convolutions);
        using var network = Adapted(model, train, moved: true);
        string path = Path.Combine(_folder, "a.safetensors");
        Adaptor.Save(path, new Model(network, model.Preparation), TrainableParts.Parse(train), Adaptor.IdentityOf(model));
        long bytes = new FileInfo(path).Length;
        Assert.True(bytes <= mostBytes, $"{train}: {bytes} bytes");
        Assert.True(bytes < ModelFile.ToArray(model).Length / 10, $"{bytes}");
        using var applied = Adaptor.Apply(model, path, "base");
        Values.AssertSameBits(Outputs(network), Outputs(applied.Network), train);
        Assert.Equal(model.Preparation.Scale.ToArray(), applied.Preparation.Scale.ToArray());
    }

    [Fact]
    public void The_identity_of_a_base_is_the_hash_of_its_file()
    {
        using var model = Base("6-5-3");
        Assert.Equal(Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(ModelFile.ToArray(model))),
            Adaptor.IdentityOf(model));
    }

    [Fact]
    public void An_adaptor_for_another_base_is_refused()
    {
        using Model model = Base("6-5-3"), other = Base("6-5-3", seed: 2);
        using var network = Adapted(model, "bias", moved: true);
        string path = Path.Combine(_folder, "a.safetensors");
        Adaptor.Save(path, new Model(network, model.Preparation), TrainableParts.Parse("bias"), Adaptor.IdentityOf(model));
        var error = Assert.Throws<EdgeLearnException>(() => Adaptor.Apply(other, path, "other.safetensors"));
        Assert.Contains("other.safetensors has", error.Message, StringComparison.Ordinal);
        Assert.Contains(Adaptor.IdentityOf(model)[..12], error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', error.Message);
    }

    [Fact]
    public void A_model_file_is_no_adaptor()
    {
        using var model = Base("6-5-3");
        string path = Path.Combine(_folder, "m.safetensors");
        ModelFile.Save(path, model);
        Assert.Contains("edgelearn.adaptor", Assert.Throws<EdgeLearnException>(() => Adaptor.Apply(model, path, "m")).Message,
            StringComparison.Ordinal);
    }

    [Fact]
    public void A_damaged_adaptor_is_refused_at_every_cut()
    {
        using var model = Base("2x3-gru2-3");
        using var network = Adapted(model, "lora:1", moved: true);
        byte[] bytes = Adaptor.ToArray(new Model(network, model.Preparation), TrainableParts.Parse("lora:1"), Adaptor.IdentityOf(model));
        string path = Path.Combine(_folder, "cut.safetensors");
        for (int length = 0; length < bytes.Length; length += 61)
        {
            File.WriteAllBytes(path, bytes[..length]);
            Assert.Throws<EdgeLearnException>(() => Adaptor.Apply(model, path, "m"));
        }
    }

    [Theory]
    [InlineData("12-24:relu-16:relu-4")]
    [InlineData("9x4-gru16:sequence-lstm8-4")]
    [InlineData("6x8-attn2:block-mlp24:block-globalavg-4")]
    public void Adaptors_are_floats_on_weights_of_eight_bits_and_learn_there(string spec)
    {
        using var model = Base(spec, storage: WeightStorage.Int8);
        var parts = TrainableParts.Parse("lora:2");
        using var network = model.Network.Rebuild(parts.Adapt(model.Network.Spec), 1);
        var samples = new SampleSet(network, 40);
        using var data = new MemoryDataset(samples.Inputs, samples.Labels, network.Spec.Input, network.OutputLength);
        byte[] codes = model.Network.Parameters.Content.ToArray();
        using var session = new TrainingSession(network, new TrainingSettings { Train = parts, Steps = 5, Weights = WeightStorage.Int8 },
            data, Preparation.Identity);
        while (!session.IsDone) session.Step();
        using var back = network.Rebuild(model.Network.Spec, 9);
        Assert.Equal(codes, back.Parameters.Content.ToArray());
        Assert.All(network.Parameters.Slices.Where(slice => slice.Trainable), slice => Assert.Equal(WeightStorage.Float32, slice.Storage));
        float[] unmerged = Outputs(network);
        using var merged = network.Merge();
        Values.AssertNear([.. unmerged.Select(value => (double)value)], Outputs(merged), 0.05, "eight bits round");
    }

    [Theory]
    [InlineData("9x4-conv3x6:same:groups2-gru6-3", "lora:2")]
    [InlineData("9x4-gru6-3", "residual:2")]
    public void Layers_that_can_have_no_adaptor_are_left_alone_or_refused(string spec, string train)
    {
        var parts = TrainableParts.Parse(train);
        var network = NetworkSpec.Parse(spec, null, Loss.SoftmaxCrossEntropy);
        if (train.StartsWith("lora", StringComparison.Ordinal))
        {
            Assert.Equal("9x4-conv3x6:same:groups2-lora2(gru6)-lora2(3)", parts.Adapt(network).ToString());
        }
        else
        {
            Assert.Contains("no layer of 9x4-gru6-3 can have it", Assert.Throws<EdgeLearnException>(() => parts.Adapt(network)).Message,
                StringComparison.Ordinal);
        }
    }
}
