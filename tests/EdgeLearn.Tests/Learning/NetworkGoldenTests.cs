using System.Text.Json;
using Xunit;

namespace EdgeLearn.Tests;

/// <summary>
/// Whole networks against PyTorch in double: outputs, loss, every gradient and five training steps (tests/Reference/make_golden.py).
/// </summary>
public class NetworkGoldenTests
{
    static readonly JsonElement s_golden = Golden.Read("networks.json");

    public static TheoryData<string> Names => [.. s_golden.Items("networks").Select(item => item.Text("name"))];

    static JsonElement Item(string name) => s_golden.Items("networks").Single(item => item.Text("name") == name);

    static Network Build(JsonElement item)
    {
        var spec = NetworkSpec.Parse(item.Text("spec"), null, Loss.Named(item.Text("loss")));
        Network network = new Network(spec).Initialise(1), places = new Network(spec).Initialise(1);
        int index = 0;
        foreach (var layer in item.Items("layers"))
        {
            layer.Floats("weight").CopyTo(network.Parameters[network.Parameters.Find($"layers.{index}.weight")!]);
            layer.Floats("bias").CopyTo(network.Parameters[network.Parameters.Find($"layers.{index}.bias")!]);
            if (layer.TryGetProperty("places", out _))
            {
                layer.Integers("places").CopyTo(places.Layers[index].Integers[0].Values, 0);
                network.Layers[index].TakeIntegers(places.Layers[index]);
            }

            index++;
        }

        places.Dispose();
        return network;
    }

    static Batch BatchOf(JsonElement item)
    {
        int count = item.GetProperty("batch").GetInt32();
        return item.TryGetProperty("labels", out _)
            ? new Batch(count, item.Floats("inputs"), item.Integers("labels"))
            : new Batch(count, item.Floats("inputs"), item.Floats("targets"));
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Outputs_loss_and_gradients_equal_those_of_PyTorch(string name)
    {
        var item = Item(name);
        using var network = Build(item);
        var batch = BatchOf(item);
        using var pass = new BoundPass(network, batch.Count);
        Values.AssertNear(item.Doubles("outputs"), pass.Outputs(batch), 1e-6, "outputs");

        var recorder = new GradientRecorder();
        using var run = new RuleRun(network.Parameters, new Backprop(network), recorder, batch.Count);
        double loss = run.Step(batch).Loss, expected = item.GetProperty("value").GetDouble();
        Assert.Equal(expected, loss, 1e-6 * expected);
        int index = 0;
        foreach (var gradient in item.Items("gradients"))
        {
            string tensor = network.Parameters.Slices[index++].Name;
            Values.AssertNear([.. gradient.EnumerateArray().Select(value => value.GetDouble())], recorder[tensor], 3e-6, tensor);
        }
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Five_training_steps_lead_to_the_weights_of_PyTorch(string name)
    {
        var item = Item(name);
        foreach (var trained in item.Items("trained"))
        {
            string update = trained.Text("name");
            using var network = Build(item);
            var batch = BatchOf(item);
            using var run = new RuleRun(network.Parameters, new Backprop(network),
                update == "adam" ? new Adam(new()) : new Sgd(new() { Momentum = update == "sgd" ? 0 : 0.9f }), batch.Count);
            foreach (double loss in trained.Doubles("losses"))
                Assert.Equal(loss, run.Step(batch, (float)trained.GetProperty("rate").GetDouble()).Loss, 1e-5 * loss);
            int index = 0;
            foreach (var weights in trained.Items("weights"))
            {
                var slice = network.Parameters.Slices[index++];
                Values.AssertNear([.. weights.EnumerateArray().Select(value => value.GetDouble())], network.Parameters[slice], 1e-5,
                    $"{update}, {slice.Name}");
            }
        }
    }
}
