using Xunit;

namespace EdgeLearn.Tests;

/// <summary>The pairs of low rank beside matrices inside a layer: reads and projected gradients against plain loops.</summary>
public class LowRankPairTests
{
    static (Network Network, ParameterSlice Matrix, ParameterSlice Up, ParameterSlice Down, float Share) Build(string spec,
        WeightStorage storage, string matrix)
    {
        var network = new Network(NetworkSpec.Parse(spec, null, Loss.SoftmaxCrossEntropy), storage).Initialise(3);
        string name = matrix.EndsWith(".weight", StringComparison.Ordinal) ? matrix[..^7] : matrix;
        ParameterSlice w = network.Parameters.Find("layers.0." + matrix)!,
            up = network.Parameters.Find($"layers.0.adaptor.{name}.up.weight")!,
            down = network.Parameters.Find($"layers.0.adaptor.{name}.down.weight")!;
        Values.Random(up.Length, 8).CopyTo(network.Parameters[up]);
        return (network, w, up, down, ((LowRankSpec)network.Spec.Layers[0]).Alpha / down.Shape[0]);
    }

    static float[] Perturbed(ParameterSet parameters, ParameterSlice slice, in Probe probe)
    {
        float[] values = new float[slice.Length];
        parameters.Decode(slice, 0, values);
        if (!probe.IsNone && slice.Trainable)
            Noise.Add(probe.Kind, Noise.Key(probe.Seed, slice.NameHash), 0, probe.Scale, [.. values], values);
        return values;
    }

    public static TheoryData<string, string, WeightStorage, bool> Reads
    {
        get
        {
            var reads = new TheoryData<string, string, WeightStorage, bool>();
            foreach (var storage in Enum.GetValues<WeightStorage>())
            {
                foreach (bool probed in (bool[])[false, true])
                {
                    reads.Add("5x3-lora2(gru30):alpha5-2", "weight_ih_l0", storage, probed);
                    reads.Add("5x3-lora1(lstm67)-2", "weight_hh_l0", storage, probed);
                    reads.Add("3x16-lora40(attn4)-2", "in_proj_weight", storage, probed);
                    reads.Add("2x64-lora2100(mlp3)-2", "up.weight", storage, probed);
                }
            }

            return reads;
        }
    }

    [Theory]
    [MemberData(nameof(Reads))]
    public void A_read_gives_the_matrix_plus_the_pair_whatever_rows_are_asked_for(string spec, string matrix, WeightStorage storage,
    bool probed)
    {
        var (network, w, up, down, share) = Build(spec, storage, matrix);
        using var owner = network;
        w.Trainable = false;
        var probe = probed ? new Probe(NoiseKind.Sign, 77, 0.01f) : Probe.None;
        float[] plain = Perturbed(network.Parameters, w, probe), b = Perturbed(network.Parameters, up, probe),
            a = Perturbed(network.Parameters, down, probe);
        int rows = w.Shape[0], columns = w.RowLength, rank = down.Shape[0];
        double[] expected = new double[w.Length];
        for (int i = 0; i < expected.Length; i++)
        {
            expected[i] = plain[i];
            for (int k = 0; k < rank; k++) expected[i] += (double)share * b[i / columns * rank + k] * a[k * columns + i % columns];
        }

        foreach (int most in (int[])[1, 16, rows])
        {
            float[] read = new float[w.Length];
            for (int row = 0; row < rows; row += most)
            {
                int length = Math.Min(most, rows - row) * columns;
                network.Parameters.Read(w, probe, row * columns, length, read.AsSpan(row * columns, length));
            }

            Values.AssertNear(expected, read, 1e-5, $"{spec} {matrix} {storage}, {most} rows");
        }
    }

    [Fact]
    public void Half_a_row_cannot_be_read()
    {
        var (network, w, _, _, _) = Build("5x3-lora2(gru6)-2", WeightStorage.Float32, "weight_ih_l0");
        using var owner = network;
        Assert.Throws<InvalidOperationException>(() => { _ = network.Parameters.Read(w, Probe.None, 1, 3, new float[3]); });
    }

    [Theory]
    [InlineData("7x4-lora2(gru6)-3")]
    [InlineData("6x8-lora3(attn2:block)-lora2(mlp12:block)-globalavg-3")]
    public void Training_moves_nothing_but_the_pairs_and_the_head(string spec)
    {
        using var network = new Network(NetworkSpec.Parse(spec, null, Loss.SoftmaxCrossEntropy)).Initialise(2);
        var samples = new SampleSet(network, 24);
        using var data = new MemoryDataset(samples.Inputs, samples.Labels, network.Spec.Input, network.OutputLength);
        var before = network.Parameters.Slices.ToDictionary(slice => slice.Name, slice => network.Parameters[slice].ToArray());
        var parts = TrainableParts.Parse("lora:2,head");
        foreach (string rule in (string[])["backprop", "local-heads", "zo"])
        {
            using var session = new TrainingSession(network,
                new TrainingSettings { Rule = LearningRules.Named(rule), Train = parts, Steps = 3, Batch = 8 },
                data, Preparation.Identity);
            while (!session.IsDone) Assert.True(double.IsFinite(session.Step().Loss));
        }

        string[] moved = [.. network.Parameters.Slices.Where(slice => !network.Parameters[slice].SequenceEqual(before[slice.Name]))
            .Select(slice => slice.Name)];
        Assert.Equal(network.Parameters.Slices.Count(slice => slice.Name.Contains(".adaptor.", StringComparison.Ordinal)),
            moved.Count(name => name.Contains(".adaptor.", StringComparison.Ordinal)));
        Assert.All(moved,
            name => Assert.True(name.Contains(".adaptor.", StringComparison.Ordinal)
            || name.StartsWith($"layers.{network.Layers.Length - 1}.", StringComparison.Ordinal), name));
    }
}
