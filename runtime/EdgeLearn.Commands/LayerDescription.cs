using System.Globalization;

namespace EdgeLearn.Commands;

/// <summary>One layer as <c>info --model</c> and <c>plan</c> print it.</summary>
/// <param name="Name">first part of its tensors' names</param>
/// <param name="Kind">in words</param>
/// <param name="Inputs">values of a sample coming in</param>
/// <param name="Outputs">values of a sample going out</param>
/// <param name="Shape">shape of a sample going out</param>
/// <param name="ParameterCount">weights</param>
/// <param name="ParameterBytes">weights and integer tensors</param>
/// <param name="SampleBytes">what the layer leaves of one sample for its gradients: its output and what it saves</param>
/// <param name="MultiplyAdds">of one sample</param>
/// <param name="Training">trainable, frozen, or "-" where there are no weights</param>
public sealed record LayerDescription(string Name, string Kind, int Inputs, int Outputs, string Shape, long ParameterCount,
    long ParameterBytes, long SampleBytes, long MultiplyAdds, string Training)
{
    /// <summary>Describes all layers of a network.</summary>
    public static IReadOnlyList<LayerDescription> Of(Network network) => [.. network.Layers.Select(Of)];

    static LayerDescription Of(Layer layer)
    {
        long weights = layer.Slices.Sum(slice => (long)slice.Length), integers = layer.Integers.Sum(tensor => tensor.Length);
        return new LayerDescription(
            layer.Name,
            layer.Describe(),
            layer.InputLength,
            layer.OutputLength,
            layer.OutputShape.ToString(),
            weights,
            (weights * sizeof(float)) + (integers * sizeof(int)),
            (layer.OutputLength + layer.SavedLength(1)) * sizeof(float),
            layer.MultiplyAdds,
            layer.Slices.Count == 0 ? "-" : layer.IsTrainable ? "trainable" : "frozen");
    }

    /// <summary>Prints layers as a table with their sums.</summary>
    public static void Write(IReadOnlyList<LayerDescription> layers, TextWriter output)
    {
        var table = new TextTable("layer", "what", "shape", "weights", "bytes", "bytes a sample", "multiply-adds", "training");
        foreach (var layer in layers)
        {
            table.Add(layer.Name, layer.Kind, layer.Shape, Number(layer.ParameterCount), Number(layer.ParameterBytes),
                Number(layer.SampleBytes), Number(layer.MultiplyAdds), layer.Training);
        }
        table.Add("all", "", "", Number(layers.Sum(layer => layer.ParameterCount)), Number(layers.Sum(layer => layer.ParameterBytes)),
            Number(layers.Sum(layer => layer.SampleBytes)), Number(layers.Sum(layer => layer.MultiplyAdds)), "");
        table.Write(output);
    }

    static string Number(long value) => value.ToString("N0", CultureInfo.InvariantCulture);
}
