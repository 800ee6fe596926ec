using Xunit;

namespace EdgeLearn.Tests;

public class GradientTests
{
    static readonly string[] s_specs =
    [
        "6-3",
        "6-5-3",
        "6-5:relu-4:tanh-3",
        "6-5:identity-3:tanh",
        "12-19-17:relu-9",
        "5x4-7@2x3-3",
        "4x3x2-11@2x2:relu-3",
        "6x6x1-33@3x3-18@5-3",
        "9-6@4-3",
        "9-7@9:identity-5:relu-3@2",
        "8x1-5@3x1-2",
    ];

    public static TheoryData<string, string> Cases
    {
        get
        {
            var cases = new TheoryData<string, string>();
            foreach (string spec in s_specs)
            {
                cases.Add(spec, "cross-entropy");
                cases.Add(spec, "mean-square");
            }

            return cases;
        }
    }

    static Network Build(string spec, string loss, ulong seed = 3)
        => new Network(NetworkSpec.Parse(spec, null, Loss.Named(loss))).Initialise(seed);

    [Theory]
    [MemberData(nameof(Cases))]
    public void Backprop_equals_central_differences_of_an_independent_network(string spec, string loss)
    {
        using var network = Build(spec, loss);
        var samples = new SampleSet(network, 5);
        var recorder = new GradientRecorder();
        using var run = new RuleRun(network.Parameters, new Backprop(network), recorder, batch: 5);
        var report = run.Step(samples.Rows(5));
        var reference = new ReferenceNetwork(network);
        Assert.Equal(reference.MeanLoss(samples, 5), report.Loss, 1e-6);
        Assert.Equal(network.Parameters.Slices.Count, recorder.Tensors.Count);
        foreach (var slice in network.Parameters.Slices)
        {
            Values.AssertNear(reference.Gradient(slice.Name, () => reference.MeanLoss(samples, 5)), recorder[slice.Name], 1e-5,
                $"{spec}, {loss}, {slice.Name}");
        }
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void The_forward_pass_equals_the_independent_network(string spec, string loss)
    {
        using var network = Build(spec, loss);
        var samples = new SampleSet(network, 9);
        using var pass = new BoundPass(network, 9);
        float[] outputs = pass.Outputs(samples.Rows(9));
        double[] losses = new double[1];
        pass.Pass.Losses([Probe.None], samples.Rows(9), network.Loss, losses);
        var reference = new ReferenceNetwork(network);
        double[] expected = [.. Enumerable.Range(0, 9).SelectMany(b => reference.Outputs(samples.Row(b), network.Layers.Length))];
        Values.AssertNear(expected, outputs, 1e-6, spec);
        Assert.Equal(reference.MeanLoss(samples, 9), losses[0], 1e-6);
    }

    // One layer alone, held against a random linear function of its outputs.
    [Theory]
    [InlineData("6-5:tanh")]
    [InlineData("13-21:relu")]
    [InlineData("5x4-7@2x3:tanh")]
    [InlineData("4x3x2-40@2x2:relu")]
    [InlineData("9-6@4:tanh")]
    [InlineData("9-6@9")]
    public void Input_gradients_equal_central_differences(string spec)
    {
        const int Batch = 5;
        using var network = Build(spec, "mean-square");
        var layer = network.Layers[0];
        float[] x = Values.Random(Batch * layer.InputLength, 5), c = Values.Random(Batch * layer.OutputLength, 6), y = new float[c.Length],
            dz = [.. c], dx = new float[x.Length];
        Array.Fill(dx, float.NaN);
        float[] saved = new float[layer.Needs(Batch).Saved];
        layer.Forward(Batch, network.Parameters, ForwardMode.Evaluation, x, y, saved,
            new float[layer.Needs(Batch, new PassKind(IsProbed: false, Saves: true)).ForwardScratch]);
        var trace = new ForwardTrace(Batch, network.Parameters, ForwardMode.Evaluation, x, y, saved);
        layer.InnerGradient(trace, dz, dz, new float[layer.Needs(Batch).InnerScratch]);
        layer.InputGradient(trace, dz, dx, new float[layer.Needs(Batch).InputScratch]);

        var reference = new ReferenceNetwork(network);
        double[] expected = new double[x.Length];
        for (int b = 0; b < Batch; b++)
        {
            double[] row = [.. x.AsSpan(b * layer.InputLength, layer.InputLength).ToArray().Select(value => (double)value)];
            double Function() => reference.Layer(0, row).Select((value, u) => value * c[b * layer.OutputLength + u]).Sum();
            for (int i = 0; i < row.Length; i++)
            {
                double kept = row[i];
                row[i] = kept + 1e-5;
                double plus = Function();
                row[i] = kept - 1e-5;
                expected[b * layer.InputLength + i] = (plus - Function()) / 2e-5;
                row[i] = kept;
            }
        }

        Values.AssertNear(expected, dx, 1e-5, spec);
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void A_short_batch_gives_the_bits_of_a_run_planned_for_it(string spec, string loss)
    {
        using var network = Build(spec, loss);
        var samples = new SampleSet(network, 8);
        GradientRecorder planned = new(), shorter = new();
        using var run = new RuleRun(network.Parameters, new Backprop(network), planned, batch: 3);
        using var large = new RuleRun(network.Parameters, new Backprop(network), shorter, batch: 8);
        large.Step(samples.Rows(8));
        Assert.Equal(run.Step(samples.Rows(3)), large.Step(samples.Rows(3)));
        foreach (string tensor in planned.Tensors) Values.AssertSameBits(planned[tensor], shorter[tensor], tensor);
    }
}
