using System.Text.Json;
using Xunit;

namespace EdgeLearn.Tests;

/// <summary>Every layer and verb against PyTorch in double precision, and against itself where two ways have to give the same.</summary>
public class LayerGoldenTests
{
    const double Tolerance = 1e-5;

    public static TheoryData<string> Names => [.. LayerCase.Names];

    [Theory]
    [MemberData(nameof(Names))]
    public void Outputs_and_all_gradients_equal_those_of_PyTorch(string name)
    {
        foreach (bool inPlace in new[] { false, true })
        {
            using var layer = new LayerCase(name);
            var (y, dx, gradients) = layer.Run(inPlace);
            Values.AssertNear(layer.Golden.Doubles("y"), y, Tolerance, "outputs");
            Values.AssertNear(layer.Golden.Doubles("dx"), dx, Tolerance, "input gradient");
            var slices = layer.Layer.Slices.Where(slice => !slice.IsStatistic).ToList();
            double[][] expected = [.. layer.Golden.Items("gradients").Select(Doubles)];
            Assert.Equal(expected.Length, slices.Count);
            Assert.Equal(slices.Select(slice => slice.Name).Order(), gradients.Tensors.Order());
            for (int i = 0; i < slices.Count; i++) Values.AssertNear(expected[i], gradients[slices[i].Name], Tolerance, slices[i].Name);
            double[][] statistics = [.. layer.Golden.Items("statistics").Select(Doubles)];
            var kept = layer.Layer.Slices.Where(slice => slice.IsStatistic).ToList();
            for (int i = 0; i < statistics.Length; i++)
                Values.AssertNear(statistics[i], layer.Parameters[kept[i]], Tolerance, kept[i].Name);
        }
    }

    static double[] Doubles(JsonElement array) => [.. array.EnumerateArray().Select(value => value.GetDouble())];

    [Theory]
    [MemberData(nameof(Names))]
    public void A_pass_that_saves_nothing_gives_the_same_bits(string name)
    {
        using var layer = new LayerCase(name);
        float[] saved = LayerCase.Buffer(layer.Layer.Needs(layer.Batch).Saved);
        Values.AssertSameBits(layer.Forward(saved, ForwardMode.Evaluation), layer.Forward(null, ForwardMode.Evaluation), name);
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void A_probe_gives_the_bits_of_weights_that_were_really_changed(string name)
    {
        using LayerCase probed = new(name), changed = new(name);
        var probe = new Probe(NoiseKind.Sign, 9, 0.02f);
        foreach (var slice in changed.Layer.Slices.Where(slice => slice.Trainable))
        {
            Noise.Add(probe.Kind, Noise.Key(probe.Seed, slice.NameHash), 0, probe.Scale, changed.Parameters[slice],
                changed.Parameters[slice]);
        }
        Values.AssertSameBits(changed.Forward(null, ForwardMode.Evaluation), probed.Forward(null, ForwardMode.Probed(probe)), name);
    }

    // One layer of a batch depends on no other sample, except where a norm takes the statistics of the batch.
    [Theory]
    [MemberData(nameof(Names))]
    public void A_sample_alone_gives_the_outputs_that_it_has_in_a_batch(string name)
    {
        using var layer = new LayerCase(name);
        int inputs = layer.Layer.InputLength, outputs = layer.Layer.OutputLength;
        float[] all = layer.Forward(null, ForwardMode.Evaluation), one = LayerCase.Buffer(outputs);
        for (int b = 0; b < layer.Batch; b++)
        {
            layer.Layer.Forward(1, layer.Parameters, ForwardMode.Evaluation, layer.X.AsSpan(b * inputs, inputs), one, default,
                LayerCase.Buffer(layer.Layer.Needs(1).ForwardScratch));
            Values.AssertNear([.. all.AsSpan(b * outputs, outputs).ToArray().Select(value => (double)value)], one, 1e-6,
                $"{name}, row {b}");
        }
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Shorthand_and_json_say_the_same_of_a_layer(string name)
    {
        using var layer = new LayerCase(name);
        string shorthand = layer.Golden.Text("name");
        Assert.Equal(shorthand, layer.Spec.ToShorthand(Activation.Identity));
        Assert.NotEmpty(layer.Layer.Describe());
        var spec = Alone(layer);
        var read = NetworkJson.Read(NetworkJson.Write(spec), "test");
        Assert.Equal(spec.Layers, read.Layers);
        Assert.Equal((spec.Input, spec.OutputOf(0)), (read.Input, read.OutputOf(0)));
    }

    // The layer and a head, unless it is one.
    static NetworkSpec Alone(LayerCase layer)
        => new(layer.Layer.InputShape, layer.Spec is TokenHeadSpec ? [layer.Spec] : [layer.Spec, new DenseSpec(2, Activation.Identity)],
            Loss.MeanSquareError);

    [Fact]
    public void Every_kind_of_layer_is_in_the_golden_file()
    {
        string[] unseen = [.. LayerKinds.All.Select(kind => kind.Word).Except(LayerCase.All.Select(KindOf))];
        // random choices have networks.json, the others tests of their own
        Assert.Equal(["receptive", "dropout", "reshape", "lora", "scale", "bottleneck"], unseen);
    }

    static string KindOf(JsonElement item)
    {
        using var layer = new LayerCase($"{item.Text("shape")} {item.Text("name")}");
        var spec = Alone(layer);
        using var json = JsonDocument.Parse(NetworkJson.Write(spec));
        return json.RootElement.GetProperty("layers")[0].TryGetProperty("kind", out var kind) ? kind.GetString()! : "dense";
    }
}
