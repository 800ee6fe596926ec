using Xunit;

namespace EdgeLearn.Tests;

/// <summary>Networks whose matrices are bf16 or int8.</summary>
public class WeightStorageTests
{
    const string Spec = "6x6-21@3x3-18@5-17-4";

    static NetworkSpec Parse() => NetworkSpec.Parse(Spec, null, Loss.SoftmaxCrossEntropy);

    // A float32 network with exactly the weights that another network stores.
    static Network Decoded(Network stored)
    {
        var network = stored.WithStorage(WeightStorage.Float32);
        Assert.Equal(WeightStorage.Float32, network.Parameters.Storage);
        return network;
    }

    static float[] Outputs(Network network, in Batch batch, in Probe probe)
    {
        var pass = new NetworkForwardPass(network);
        var plan = new MemoryPlan();
        pass.Plan(plan, batch.Count, probed: !probe.IsNone, PlanTime.Step);
        using var workspace = new Workspace(plan);
        return pass.Run(batch, ForwardMode.Probed(probe)).ToArray();
    }

    [Theory]
    [InlineData(WeightStorage.BFloat16, 1)]
    [InlineData(WeightStorage.BFloat16, 20)]
    [InlineData(WeightStorage.Int8, 1)]
    [InlineData(WeightStorage.Int8, 20)]
    public void A_forward_pass_has_the_bits_of_the_decoded_weights(WeightStorage storage, int batch)
    {
        using var network = new Network(Parse(), storage).Initialise(3);
        using var decoded = Decoded(network);
        var samples = new SampleSet(network, batch);
        foreach (var probe in new[] { Probe.None, new Probe(NoiseKind.Sign, 4, 0.01f), new Probe(NoiseKind.Gaussian, 4, 0.01f) })
        {
            Values.AssertSameBits(Outputs(decoded, samples.Rows(batch), probe), Outputs(network, samples.Rows(batch), probe),
                $"{storage}, {probe}");
        }
    }

    // Both sides rounded to 8 bits: each output is off by at most the sum of half a code on either side.
    [Fact]
    public void Multiplying_bytes_stays_near_the_decoded_products()
    {
        using var network = new Network(NetworkSpec.Parse("200-33-4", null, Loss.SoftmaxCrossEntropy)).Initialise(3)
            .WithStorage(WeightStorage.Int8);
        var samples = new SampleSet(network, 20);
        float[] exact = Outputs(network, samples.Rows(20), Probe.None);
        var pass = new NetworkForwardPass(network) { MultipliesBytes = true };
        var plan = new MemoryPlan();
        pass.Plan(plan, 20, probed: false, PlanTime.Evaluation);
        using var workspace = new Workspace(plan);
        float[] outputs = new float[exact.Length];
        pass.Outputs(samples.Rows(20), outputs);
        Assert.False(exact.AsSpan().SequenceEqual(outputs));
        for (int i = 0; i < exact.Length; i++) Assert.Equal(exact[i], outputs[i], 0.02f);
    }

    [Fact]
    public void Matrices_shrink_and_vectors_stay()
    {
        using Network full = new(Parse()), half = new(Parse(), WeightStorage.BFloat16), codes = new(Parse(), WeightStorage.Int8);
        int weights = full.Parameters.Slices.Where(slice => slice.Shape.Length > 1).Sum(slice => slice.Length),
            biases = full.Parameters.Length - weights;
        Assert.Equal(4 * (weights + biases), full.Parameters.Bytes);
        Assert.InRange(half.Parameters.Bytes, 2 * weights + 4 * biases, 2 * weights + 4 * biases + 16);
        Assert.InRange(codes.Parameters.Bytes, weights + 4 * biases + 4 * 60, weights + 4 * biases + 4 * 60 + 16);
    }

    [Theory]
    [InlineData(WeightStorage.BFloat16)]
    [InlineData(WeightStorage.Int8)]
    public void A_file_keeps_every_bit(WeightStorage storage)
    {
        using var model = new Model(new Network(Parse(), storage).Initialise(3), Preparation.Identity);
        byte[] file = ModelFile.ToArray(model);
        using var loaded = ModelFile.Load(file, "copy");
        Assert.Equal(storage, loaded.Network.Parameters.Storage);
        Assert.True(model.Network.Parameters.Content.SequenceEqual(loaded.Network.Parameters.Content));
        Assert.Equal(file, ModelFile.ToArray(loaded));
        using var tensors = SafeTensors.FromMemory(file, "copy");
        Assert.Equal(storage == WeightStorage.Int8 ? "I8" : "BF16", tensors.Find("layers.2.weight")!.Type);
        Assert.Equal("F32", tensors.Find("layers.2.bias")!.Type);
    }

    [Fact]
    public void Converting_to_int8_keeps_each_weight_within_half_a_code_of_its_row()
    {
        using var full = new Network(Parse()).Initialise(3);
        using var network = full.WithStorage(WeightStorage.Int8);
        foreach (var slice in network.Parameters.Slices.Where(slice => slice.Shape.Length > 1))
        {
            var original = full.Parameters[full.Parameters.Find(slice.Name)!];
            float[] values = new float[slice.Length];
            network.Parameters.Decode(slice, 0, values);
            for (int i = 0; i < values.Length; i++)
            {
                float scale = network.Parameters.Scales(slice)[i / slice.RowLength];
                Assert.True(Math.Abs(values[i] - original[i]) <= 0.5001f * scale, $"{slice.Name}[{i}]");
            }

            for (int row = 0; row < slice.Shape[0]; row++)
            {
                Assert.Equal(127,
                    network.Parameters.Codes(slice, row * slice.RowLength, slice.RowLength).ToArray().Max(code => Math.Abs((int)code)));
            }
        }
    }

    public static TheoryData<WeightStorage, string, string> Runs
    {
        get
        {
            var runs = new TheoryData<WeightStorage, string, string>();
            foreach (var storage in new[] { WeightStorage.BFloat16, WeightStorage.Int8 })
            {
                foreach (string update in new[] { "sgd", "signsgd", "signum", "adam" })
                    runs.Add(storage, "tpsgd", update);
                runs.Add(storage, "zo", "sgd");
                runs.Add(storage, "frozen", "sgd");
                runs.Add(storage, "elastic-zo", "sgd");
            }

            return runs;
        }
    }

    [Theory]
    [MemberData(nameof(Runs))]
    public void A_run_repeats_bit_for_bit_changes_weights_and_allocates_nothing(WeightStorage storage, string rule, string update)
    {
        byte[] first = Train(storage, rule, update, out long allocated);
        byte[] second = Train(storage, rule, update, out _);
        using var start = new Network(Parse(), storage).Initialise(3);
        Assert.Equal(first, second);
        Assert.False(start.Parameters.Content.SequenceEqual(first));
        Assert.Equal(0, allocated);
    }

    static byte[] Train(WeightStorage storage, string rule, string update, out long allocatedBytes)
    {
        using var network = new Network(Parse(), storage).Initialise(3);
        var samples = new SampleSet(network, 20);
        var settings = new TrainingSettings { Rule = LearningRules.Named(rule), Update = UpdateRules.Named(update), Batch = 20 };
        var learning = settings.BuildRule(network, 100);
        using var run = new RuleRun(network.Parameters, learning, settings.BuildUpdate(), 20);
        for (int i = 0; i < 5; i++) run.Step(samples.Rows(20), 0.01f);
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < 5; i++) run.Step(samples.Rows(20), 0.01f);
        allocatedBytes = GC.GetAllocatedBytesForCurrentThread() - before;
        return network.Parameters.Content.ToArray();
    }

    static NetworkSpec Block(string body) => NetworkSpec.Parse($"8x4-residual({body})-globalavg-3", null, Loss.SoftmaxCrossEntropy);

    [Theory]
    [InlineData(WeightStorage.BFloat16)]
    [InlineData(WeightStorage.Int8)]
    public void What_needs_float32_is_refused_in_one_line(WeightStorage storage)
    {
        using var network = new Network(Parse(), storage).Initialise(3);
        var backprop = new TrainingSettings { Rule = new BackpropSettings(), Weights = storage };
        Assert.Contains("float32", Assert.Throws<EdgeLearnException>(() => TrainingPlan.MemoryOf(Parse(), backprop)).Message,
            StringComparison.Ordinal);
        var frugal = new TrainingSettings { Update = new FrugalSettings(), Weights = storage };
        Assert.Contains("float32", Assert.Throws<EdgeLearnException>(() => TrainingPlan.MemoryOf(Parse(), frugal)).Message,
            StringComparison.Ordinal);
        foreach (var rule in (RuleSettings[])[new LocalHeadsSettings(), new TargetProjectionSettings()])
        {
            var block = new TrainingSettings { Rule = rule, Weights = storage };
            string refusal = Assert.Throws<EdgeLearnException>(() => TrainingPlan.MemoryOf(Block("batchnorm-conv3x4:same"), block)).Message;
            Assert.Contains("residual block, which needs float32", refusal, StringComparison.Ordinal);
            Assert.True(TrainingPlan.MemoryOf(Block("conv3x4:same-relu"), block).TotalBytes > 0);
        }

        Assert.Throws<InvalidOperationException>(() => network.Parameters.Values.Length);
        Assert.Throws<EdgeLearnException>(() => WeightStorageWords.Parse("fp4"));
    }
}
