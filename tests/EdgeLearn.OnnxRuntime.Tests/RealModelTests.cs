using System.Globalization;
using EdgeLearn.Commands;
using EdgeLearn.Datasets;
using EdgeLearn.OnnxRuntime;
using Xunit;

namespace EdgeLearn.Tests;

/// <summary>
/// The CNN of the ONNX model zoo (MNIST-8, from CNTK: IR 3, one row at a time) where this machine has it, else an exported net of the core.
/// </summary>
public class RealModelTests(ITestOutputHelper output)
{
    const string Folder = "onnx-models/mnist-8-cntk";

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    public void Outputs_equal_those_recorded_with_the_model(int set)
    {
        var (model, lift, inputs, expected) = TestData.Find(Folder) is { } folder ? Recorded(folder, set) : Computed(set);
        using var network = new OrtNetwork(model, [lift]);
        using var pass = new PlannedPass(new OrtForwardPass(network), batch: 1);
        float[] actual = pass.Outputs(inputs);
        float scale = expected.Max(Math.Abs);
        for (int i = 0; i < expected.Length; i++) Assert.InRange(actual[i], expected[i] - 1e-6f * scale, expected[i] + 1e-6f * scale);
    }

    static (OnnxModel, string, float[], float[]) Recorded(string folder, int set)
    {
        string records = Path.Combine(folder, string.Create(CultureInfo.InvariantCulture, $"source_data_set_{set}"));
        return (OnnxModel.Load(Path.Combine(folder, "model.onnx")), "Parameter193", Values(Path.Combine(records, "input_0.pb")),
            Values(Path.Combine(records, "output_0.pb")));
    }

    // The values of a TensorProto: one initializer of a model is the same message.
    static float[] Values(string path)
    {
        byte[] model = new Message().Number(1, 3).Bytes(7, new Message().Bytes(5, File.ReadAllBytes(path)).ToArray()).Bytes(8, [])
            .ToArray();
        var wrapped = new OnnxModel(model, path);
        float[] values = new float[wrapped.Initializers[0].Length];
        wrapped.ReadValues(wrapped.Initializers[0], values);
        return values;
    }

    // y = W2 tanh(W1 x + b1) + b2 in double precision.
    static (OnnxModel, string, float[], float[]) Computed(int set)
    {
        using var network = DenseOnnx.Network("12-9-5", seed: (ulong)set);
        float[] inputs = Rows.Inputs(1, 12, seed: 20 + (ulong)set);
        double[] x = Array.ConvertAll(inputs, value => (double)value);
        foreach (var layer in network.Layers)
        {
            float[] w = network.Parameters[layer.Slices[0]].ToArray(), b = network.Parameters[layer.Slices[1]].ToArray();
            double[] z = new double[b.Length];
            for (int i = 0; i < z.Length; i++) z[i] = b[i] + x.Select((value, j) => value * w[i * x.Length + j]).Sum();
            x = layer == network.Layers[^1] ? z : Array.ConvertAll(z, Math.Tanh);
        }

        return (DenseOnnx.Export(network, rows: 1, irVersion: 3), "layers.1.weight", inputs, Array.ConvertAll(x, value => (float)value));
    }

    [Fact]
    [Trait("speed", "slow")]
    public void One_layer_adapts_to_inverted_images_by_zeroth_order()
    {
        const int Batch = 32;
        bool isReal = TestData.Find(Folder) is not null && TestData.Find("mnist") is not null;
        int steps = isReal ? 600 : 2000;
        using var data = isReal ? DataCatalog.Open(TestData.Find("mnist")!) : DataCatalog.Open("digits");
        float range = isReal ? 255 : 16;
        var inverted = new Preparation([range], [-1 / range]);
        var model = isReal
            ? OnnxModel.Load(Path.Combine(TestData.Find(Folder)!, "model.onnx"))
            : Pretrained(data.Train, Preparation.ScaleBy(range));
        using var network = new OrtNetwork(model, [isReal ? "Parameter193" : "layers.1.weight"]);
        using var trainer = new Trainer(new OrtForwardPass(network), Batch, isReal ? 1e-3f : 5e-2f,
            new Schedule(ScheduleKind.Linear, steps));
        var held = new DatasetView(data.Test, [.. Enumerable.Range(0, 500)]);

        var before = Evaluate(network, held, inverted);
        var stream = new SampleStream(data.Train, inverted, Batch, seed: 1);
        float[] inputs = new float[Batch * network.InputLength];
        int[] labels = new int[Batch];
        long allocated = 0;
        for (int i = 0; i < steps; i++)
        {
            int rows = stream.Read(inputs, labels);
            if (rows < Batch) continue;
            long start = GC.GetAllocatedBytesForCurrentThread();
            trainer.Step(inputs, labels);
            if (i > 0) allocated += GC.GetAllocatedBytesForCurrentThread() - start;
        }

        var after = Evaluate(network, held, inverted);
        string text =
            string.Create(CultureInfo.InvariantCulture,
            $"{(isReal ? "MNIST-8" : "exported net")}: held-out loss {before.Loss:0.000} -> {after.Loss:0.000}, "
            + $"accuracy {before.Accuracy:0.000} -> {after.Accuracy:0.000}, {allocated} managed bytes in {steps - 1} steps");
        output.WriteLine(text);
        Assert.True(after.Loss < 0.8 * before.Loss, text);
        Assert.True(after.Accuracy > before.Accuracy, text);
        Assert.Equal(0, allocated);
    }

    static Evaluation Evaluate(OrtNetwork network, Dataset data, Preparation preparation)
    {
        using var pass = new OrtForwardPass(network);
        var evaluator = new Evaluator(pass, Loss.SoftmaxCrossEntropy);
        var plan = new MemoryPlan();
        evaluator.Plan(plan, batch: 50);
        using var workspace = new Workspace(plan);
        return evaluator.Run(data, preparation);
    }

    static OnnxModel Pretrained(Dataset data, Preparation preparation)
    {
        using var network = DenseOnnx.Network("8x8-48-10");
        var settings = new TrainingSettings { Rule = new BackpropSettings(), Epochs = 5 };
        using var session = new TrainingSession(network, settings, data, preparation);
        while (!session.IsDone) Assert.False(session.Step().Diverged);
        return DenseOnnx.Export(network);
    }
}
