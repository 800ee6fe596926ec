using EdgeLearn.OnnxRuntime;
using Microsoft.ML.OnnxRuntime;
using Xunit;

namespace EdgeLearn.Tests;

public class OrtForwardPassTests
{
    const string Text = "6-11-4";

    static readonly Probe[] s_probes = [new(NoiseKind.Sign, 5, 1e-2f), Probe.None, new(NoiseKind.Sign, 5, -1e-2f),
        new(NoiseKind.Gaussian, 6, 3e-2f)];

    static void AssertClose(float[] expected, float[] actual, double tolerance)
    {
        Assert.Equal(expected.Length, actual.Length);
        for (int i = 0; i < expected.Length; i++) Assert.InRange(actual[i], expected[i] - tolerance, expected[i] + tolerance);
    }

    // Rows of the model (0 = any), IR version, one node a layer or two.
    public static TheoryData<int, int, bool> Models
        => new() { { 0, 8, true }, { 0, 3, false }, { 1, 3, true }, { 1, 8, false }, { 3, 8, true } };

    [Theory]
    [MemberData(nameof(Models))]
    public void Outputs_and_losses_equal_those_of_the_layers(int rows, int irVersion, bool gemm)
    {
        using var network = DenseOnnx.Network(Text);
        using var ort = new OrtNetwork(DenseOnnx.Export(network, rows, irVersion, gemm), ["layers.1.*"]);
        using var core = new PlannedPass(new NetworkForwardPass(network), batch: 7);
        using var pass = new PlannedPass(new OrtForwardPass(ort), batch: 7);
        foreach (int count in new[] { 7, 1, 3, 5, 7 })
        {
            float[] inputs = Rows.Inputs(count, network.InputLength, seed: (ulong)count);
            int[] labels = Rows.Labels(count, network.OutputLength);
            AssertClose(core.Outputs(inputs), pass.Outputs(inputs), 1e-6);
            Assert.Equal(core.Losses(inputs, labels, Probe.None)[0], pass.Losses(inputs, labels, Probe.None)[0], 1e-6);
        }
    }

    [Theory]
    [MemberData(nameof(Models))]
    public void Probed_losses_equal_those_of_weights_perturbed_by_hand(int rows, int irVersion, bool gemm)
    {
        using var network = DenseOnnx.Network(Text);
        var model = DenseOnnx.Export(network, rows, irVersion, gemm);
        using var ort = new OrtNetwork(model, ["layers.1.weight", "layers.0.*"]);
        using var pass = new PlannedPass(new OrtForwardPass(ort), batch: 5);
        float[] inputs = Rows.Inputs(5, network.InputLength);
        int[] labels = Rows.Labels(5, network.OutputLength);
        byte[] before = ort.Parameters.ContentHash();
        double[] probed = pass.Losses(inputs, labels, s_probes);
        Assert.Equal(before, ort.Parameters.ContentHash());
        for (int i = 0; i < s_probes.Length; i++)
        {
            using var explicitly = new OrtNetwork(model, ["layers.1.weight", "layers.0.*"]);
            foreach (var slice in explicitly.Parameters.Slices)
            {
                var values = explicitly.Parameters[slice];
                Noise.Add(s_probes[i].Kind, Noise.Key(s_probes[i].Seed, slice.NameHash), 0, s_probes[i].Scale, values, values);
            }

            using var plain = new PlannedPass(new OrtForwardPass(explicitly), batch: 5);
            Assert.Equal(plain.Losses(inputs, labels, Probe.None)[0], probed[i]);
        }

        Assert.NotEqual(probed[0], probed[1]);
        Assert.NotEqual(probed[0], probed[2]);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    public void Zeroth_order_takes_the_same_steps_as_through_the_layers(int rows)
    {
        using var network = DenseOnnx.Network(Text);
        using var ort = new OrtNetwork(DenseOnnx.Export(network, rows), ["*"]);
        float[] inputs = Rows.Inputs(8, network.InputLength);
        int[] labels = Rows.Labels(8, network.OutputLength);
        using var core = new Trainer(new NetworkForwardPass(network), 8);
        using var through = new Trainer(new OrtForwardPass(ort), 8);
        for (int i = 0; i < 50; i++)
        {
            double expected = core.Step(inputs, labels), actual = through.Step(inputs, labels);
            Assert.Equal(expected, actual, 1e-4);
            Assert.Equal(core.Rule.Records[0].Seed, through.Rule.Records[0].Seed);
        }

        AssertClose(network.Parameters.Values.ToArray(), ort.Parameters.Values.ToArray(), 1e-3);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    public void A_step_allocates_nothing_managed(int rows)
    {
        using var network = DenseOnnx.Network(Text);
        using var ort = new OrtNetwork(DenseOnnx.Export(network, rows), ["layers.0.weight"]);
        using var trainer = new Trainer(new OrtForwardPass(ort), 8);
        float[] inputs = Rows.Inputs(8, network.InputLength), outputs = new float[8 * network.OutputLength];
        int[] labels = Rows.Labels(8, network.OutputLength);
        Step();
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < 100; i++) Step();
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);

        void Step()
        {
            // The last batch of an epoch is shorter.
            trainer.Step(inputs, labels);
            trainer.Step(inputs.AsSpan(0, 5 * 6), labels.AsSpan(0, 5));
            trainer.Pass.Outputs(new Batch(8, inputs, labels), outputs);
        }
    }

    [Fact]
    public void A_tensor_that_is_not_trainable_is_read_plain()
    {
        using var network = DenseOnnx.Network(Text);
        using var all = new OrtNetwork(DenseOnnx.Export(network), ["*"]);
        using var one = new OrtNetwork(DenseOnnx.Export(network), ["layers.1.weight"]);
        foreach (var slice in all.Parameters.Slices) slice.Trainable = slice.Name == "layers.1.weight";
        float[] inputs = Rows.Inputs(4, network.InputLength);
        int[] labels = Rows.Labels(4, network.OutputLength);
        using var allPass = new PlannedPass(new OrtForwardPass(all), 4);
        using var onePass = new PlannedPass(new OrtForwardPass(one), 4);
        double[] expected = onePass.Losses(inputs, labels, s_probes), actual = allPass.Losses(inputs, labels, s_probes);
        for (int i = 0; i < expected.Length; i++) Assert.Equal(expected[i], actual[i], 1e-6);
    }

    [Fact]
    public void The_trained_model_gives_the_same_outputs_in_a_stock_session()
    {
        using var network = DenseOnnx.Network(Text);
        var model = DenseOnnx.Export(network);
        using var ort = new OrtNetwork(model, ["*.weight"]);
        foreach (ref float value in ort.Parameters.Values) value += 0.25f;
        using var pass = new PlannedPass(new OrtForwardPass(ort), 3);
        float[] inputs = Rows.Inputs(3, network.InputLength), expected = pass.Outputs(inputs);

        string path = Path.Combine(Path.GetTempPath(), Path.GetRandomFileName());
        try
        {
            ort.Trained(model).Save(path);
            using var session = new InferenceSession(path);
            using var x = OrtValue.CreateTensorValueFromMemory(inputs, [3, network.InputLength]);
            using var results = session.Run(new RunOptions(), ["x"], [x], ["y"]);
            AssertClose(expected, results[0].GetTensorDataAsSpan<float>().ToArray(), 1e-6);
        }
        finally
        {
            File.Delete(path);
        }
    }

    [Fact]
    public void Models_that_cannot_be_trained_are_refused_in_one_line()
    {
        var relu = OnnxWriter.Node("Relu", ["x"], "y");
        var add = OnnxWriter.Node("Add", ["x", "v"], "y");
        var w = OnnxWriter.Tensor("w", [1], [1]);
        Message value(string name, params long[] shape) => OnnxWriter.Value(name, shape);
        Refuse([add], [value("x", 0, 2), value("v", 0, 2)], [value("y", 0, 2)], null,
            "m.onnx has 2 inputs, expected one: inputs x float32[?,2], v float32[?,2]; outputs");
        Refuse([relu], [value("x", 0, 0)], [value("y", 0, 0)], null, "x float32[?,?] of m.onnx cannot be fed");
        Refuse([relu], [value("x", 0, 2)], [value("y", 0, 2), value("x", 0, 2)], null, "m.onnx has 2 outputs, name the one to learn from");
        Refuse([relu], [value("x", 0, 2)], [value("y", 0, 2)], "z", "no output named 'z': inputs x");
        Refuse([OnnxWriter.Node("ReduceSum", ["x"], "y", ("keepdims", 0))], [value("x", 0, 2)], [value("y")], null,
            "output y of m.onnx cannot be learned from");
        Refuse([OnnxWriter.Node("NoSuchOperation", ["x"], "y")], [value("x", 0, 2)], [value("y", 0, 2)], null,
            "m.onnx: ONNX Runtime says: ");

        void Refuse(Message[] nodes, Message[] inputs, Message[] outputs, string? output, string expected)
        {
            var model = new OnnxModel(OnnxWriter.Model(8, nodes, [w], inputs, outputs), "m.onnx");
            string message = Assert.Throws<EdgeLearnException>(() => new OrtNetwork(model, [], output)).Message;
            Assert.StartsWith(expected, message, StringComparison.Ordinal);
            Assert.DoesNotContain('\n', message);
        }
    }
}
