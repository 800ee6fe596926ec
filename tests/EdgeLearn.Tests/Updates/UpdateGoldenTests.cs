using System.Text.Json;
using Xunit;

namespace EdgeLearn.Tests;

/// <summary>Twenty steps with given gradients against PyTorch in double (tests/Reference/make_golden.py).</summary>
public class UpdateGoldenTests
{
    static readonly JsonElement s_golden = Golden.Read("updates.json");

    public static TheoryData<string> Cases => [.. s_golden.Items("cases").Select(item => item.Text("name"))];

    [Theory]
    [MemberData(nameof(Cases))]
    public void Weights_equal_those_of_PyTorch_after_one_step_and_after_twenty(string name)
    {
        var item = s_golden.Items("cases").Single(item => item.Text("name") == name);
        float Option(string option, float otherwise) => item.TryGetProperty(option, out var value) ? (float)value.GetDouble() : otherwise;
        UpdateRule update = name.StartsWith("sgd", StringComparison.Ordinal)
            ? new Sgd(new() { Momentum = Option("momentum", 0), WeightDecay = Option("decay", 0) })
            : new Adam(new()
            {
                Beta1 = Option("beta1", 0.9f),
                Beta2 = Option("beta2", 0.999f),
                Epsilon = Option("epsilon", 1e-8f),
                WeightDecay = Option("decay", 0)
            });
        using var run = new UpdateRun(update, [5, 7], [3]);
        s_golden.Floats("start").CopyTo(run.Weights);
        int step = 0;
        foreach (var gradient in s_golden.Items("gradients"))
        {
            run.Step(step++, Option("rate", 0), [.. gradient.EnumerateArray().Select(value => (float)value.GetDouble())], panel: 4 + step);
            if (item.TryGetProperty($"after{step}", out _))
                Values.AssertNear(item.Doubles($"after{step}"), run.Weights, 2e-6, $"{name} after {step} steps");
        }

        Assert.Equal(20, step);
    }
}
