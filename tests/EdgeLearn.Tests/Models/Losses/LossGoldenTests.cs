using System.Text.Json;
using Xunit;

namespace EdgeLearn.Tests;

/// <summary>Every loss against PyTorch in double precision (tests/Reference/make_losses_golden.py).</summary>
public class LossGoldenTests
{
    static readonly JsonElement[] s_cases = [.. Golden.Read("losses.json").Items("cases")];

    public static TheoryData<int> Cases => [.. Enumerable.Range(0, s_cases.Length)];

    [Theory]
    [MemberData(nameof(Cases))]
    public void Value_and_gradient_equal_those_of_PyTorch(int index)
    {
        var item = s_cases[index];
        var loss = Loss.Named(item.Text("loss"));
        Assert.Equal(item.Text("loss"), loss.Name);
        int rows = item.GetProperty("rows").GetInt32();
        float[] outputs = item.Floats("outputs"), gradient = [.. outputs];
        bool labelled = item.TryGetProperty("labels", out _);
        Assert.Equal(labelled, loss.IsClassification);
        var batch = labelled ? new Batch(rows, [], item.Integers("labels")) : new Batch(rows, [], item.Floats("targets"));
        double value = loss.Gradient(batch, gradient) / rows, expected = item.GetProperty("value").GetDouble();
        Assert.Equal(expected, value, 1e-6 * (1 + Math.Abs(expected)));
        Assert.Equal(value, loss.Sum(batch, outputs) / rows);
        Values.AssertNear(item.Doubles("gradient"), gradient, 1e-6, loss.Name);
    }
}
