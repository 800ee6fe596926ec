using Xunit;

namespace EdgeLearn.Tests;

/// <summary>Windows of recurrent layers: gradients that go back a few steps only.</summary>
public class TruncationTests
{
    const int Steps = 11;

    public static TheoryData<string, int> Cases
    {
        get
        {
            var cases = new TheoryData<string, int>();
            foreach (string layer in (string[])["gru5", "lstm5", "rnn5", "rnn5:relu", "gru5:sequence", "lstm5:sequence", "rnn5:sequence"])
            {
                foreach (int window in (int[])[1, 2, 3, 5, 10]) cases.Add(layer, window);
            }

            return cases;
        }
    }

    // The names and the noise of the weights are the same in every case.
    static LayerCase Case(string layer, int? window) => new($"{Steps}x4 {layer}{(window is { } steps ? $":truncate{steps}" : "")}");

    static void AssertSame(LayerCase expected, LayerCase actual)
    {
        var (y, dx, gradients) = expected.Run(inPlace: false);
        var (otherY, otherDx, otherGradients) = actual.Run(inPlace: false);
        Values.AssertSameBits(y, otherY, "outputs");
        Values.AssertSameBits(dx, otherDx, "input gradient");
        foreach (var slice in expected.Layer.Slices) Values.AssertSameBits(gradients[slice.Name], otherGradients[slice.Name], slice.Name);
    }

    [Theory]
    [InlineData("gru5", 11)]
    [InlineData("lstm5:sequence", 11)]
    [InlineData("rnn5", 4000)]
    public void A_window_of_all_steps_is_backpropagation_through_time(string layer, int window)
    {
        using LayerCase full = Case(layer, null), truncated = Case(layer, window);
        AssertSame(full, truncated);
        Assert.Equal(full.Layer.Needs(3).Saved, truncated.Layer.Needs(3).Saved);
    }

    // The oracle: each window is a layer of its own over its steps, whose state at the start is a constant. Central differences hold the
    // constant: the reference runs all steps with the weights as they are up to the window, and with moved weights in it.
    [Theory]
    [MemberData(nameof(Cases))]
    public void Gradients_are_those_of_windows_with_constant_starts(string layer, int window)
    {
        using var truncated = Case(layer, window);
        var (y, dx, gradients) = truncated.Run(inPlace: false);
        using (var full = Case(layer, null)) Values.AssertSameBits(full.Run(inPlace: false).Y, y, "outputs do not depend on the window");
        var reference = new ReferenceRecurrent(truncated, window);
        foreach (var slice in truncated.Layer.Slices)
        {
            double[] weights = reference.Weights[slice.Name];
            Values.AssertNear(reference.Differences(weights), gradients[slice.Name], 2e-5, $"{layer}, window {window}, {slice.Name}");
        }

        Values.AssertNear(reference.Differences(reference.Input), dx, 2e-5, $"{layer}, window {window}, input");
    }

    [Theory]
    [InlineData("gru8", 4 * 8 + 8)]
    [InlineData("lstm8", 4 * 8 + 8 + 8)]
    [InlineData("rnn8", 8)]
    public void A_last_state_keeps_its_window_alone(string layer, int floatsOfStep)
    {
        const int Batch = 6;
        Layer Of(int steps, string options)
            => new Network(NetworkSpec.Parse($"{steps}x4-{layer}{options}-3", null, Loss.SoftmaxCrossEntropy)).Layers[0];
        Assert.Equal(Of(500, ":truncate7").Needs(Batch).Saved, Of(50, ":truncate7").Needs(Batch).Saved);
        Assert.InRange(Of(500, ":truncate7").Needs(Batch).Saved, 1, 8L * Batch * floatsOfStep);
        Assert.InRange(Of(500, "").Needs(Batch).Saved, 450L * Batch * floatsOfStep, 500L * Batch * floatsOfStep);
    }

    [Fact]
    public void The_option_is_written_and_read_in_both_forms()
    {
        var spec = NetworkSpec.Parse(
            "9x4-gru6:truncate3:sequence-lstm5:sequence:truncate200-rnn4:truncate1:sequence:relu-lora2(gru3:truncate2)-2", null,
            Loss.SoftmaxCrossEntropy);
        Assert.Contains("gru6:sequence:truncate3-lstm5:sequence:truncate200-rnn4:sequence:relu:truncate1-lora2(gru3:truncate2)",
            spec.ToString(), StringComparison.Ordinal);
        Assert.Equal(spec.ToString(), NetworkSpec.Parse(spec.ToString(), null, spec.Loss).ToString());
        Assert.Equal(spec.ToString(), NetworkJson.Read(NetworkJson.Write(spec), "test").ToString());
    }

    [Theory]
    [InlineData("9x4-gru6:truncate0-2", "truncate0")]
    [InlineData("9x4-gru6:truncate-2", "truncateN")]
    [InlineData("9x4-12:truncate3-2", "truncate3")]
    public void What_makes_no_sense_is_refused_in_one_line(string spec, string named)
    {
        string message = Assert.Throws<EdgeLearnException>(() => NetworkSpec.Parse(spec, null, Loss.SoftmaxCrossEntropy)).Message;
        Assert.Contains(named, message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', message);
    }
}
