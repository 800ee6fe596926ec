using Xunit;

namespace EdgeLearn.Tests;

/// <summary>
/// Every layer's gradients against central differences of its own forward pass: no oracle, so that kinds without one are held to it too.
/// </summary>
public class LayerDifferenceTests
{
    // Of forward passes in float32, so the tolerance is what their rounding leaves of a difference of this step.
    const float Step = 1f / 256;
    const double Tolerance = 3e-3;
    const int MostValues = 25;

    public static TheoryData<string> Names
        => [.. LayerCase.Names, "20 dropout0.3", "2,3,4 dropout0.5", "12 reshape4x3", "5x4 6@2x3", "5,4,3 6@7",
            "4x3 residual(5@2x2-12-reshape4x3)",
        "20 lora3(12:tanh)", "20 lora3(12):alpha6", "2,6,5 lora2(conv3x3x4:same:tanh)", "8x5 lora2(conv3x6:same)",
            "4x6 lora2(stepwise5:tanh)",
        "7x4 lora2(gru6)", "7x4 lora3(lstm5:sequence):alpha6", "7x4 lora1(rnn6:relu:sequence)", "5x8 lora2(attn2:causal:block)",
            "5x8 lora3(attn4):alpha6", "5x8 lora2(mlp12:block)",
        "20 scale(12:tanh)", "2,6,5 scale(conv3x3x4:nobias:tanh)", "8x5 scale(conv3x6:same:tanh)", "5x4 scale(6@2x3)",
            "3,5,5 scale(depthwise3x3)",
        "20 bottleneck3(12:tanh)", "2,6,5 bottleneck3(conv3x3x4:same)", "4x6 bottleneck3(stepwise5:tanh)"];

    static double Loss(LayerCase layer)
    {
        float[] y = layer.Forward(null, layer.Mode);
        double sum = 0;
        for (int i = 0; i < y.Length; i++) sum += (double)y[i] * layer.C[i];
        return sum;
    }

    static void Check(LayerCase layer, Func<Span<float>> values, float[] gradient, string what)
    {
        double largest = gradient.Max(value => Math.Abs((double)value));
        int stride = Math.Max(1, gradient.Length / MostValues);
        for (int i = 0; i < gradient.Length; i += stride)
        {
            float kept = values()[i];
            values()[i] = kept + Step;
            double plus = Loss(layer);
            values()[i] = kept - Step;
            double difference = (plus - Loss(layer)) / (2 * Step);
            values()[i] = kept;
            double error = Math.Abs(difference - gradient[i]);
            Assert.True(error <= Tolerance * Math.Max(largest, 1), $"{what}, value {i}: {gradient[i]}, central difference {difference}");
        }
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Gradients_equal_central_differences(string name)
    {
        using var layer = new LayerCase(name);
        var (_, dx, gradients) = layer.Run(inPlace: true);
        if (layer.Spec is not EmbeddingSpec) Check(layer, () => layer.X, dx, "input"); // a token has no neighbours
        foreach (var slice in layer.Layer.Slices.Where(slice => !slice.IsStatistic))
            Check(layer, () => layer.Parameters[slice], gradients[slice.Name], slice.Name);
    }
}
