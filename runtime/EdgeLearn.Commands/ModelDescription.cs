using System.Globalization;

namespace EdgeLearn.Commands;

/// <summary>A model file as <c>info --model</c> prints it.</summary>
public sealed record ModelDescription
{
    /// <summary>The file.</summary>
    public required string File { get; init; }

    /// <summary>Its length.</summary>
    public required long FileBytes { get; init; }

    /// <summary>The network in shorthand.</summary>
    public required string Network { get; init; }

    /// <summary>What the outputs are held against.</summary>
    public required string Loss { get; init; }

    /// <summary>How inputs are prepared: none, one pair for all values, or one pair for each.</summary>
    public required string Preparation { get; init; }

    /// <summary>Names of the classes; null where they are numbers.</summary>
    public required IReadOnlyList<string>? Classes { get; init; }

    /// <summary>First to last.</summary>
    public required IReadOnlyList<LayerDescription> Layers { get; init; }

    /// <summary>Weights of all layers.</summary>
    public required long ParameterCount { get; init; }

    /// <summary>Weights and integer tensors.</summary>
    public required long ParameterBytes { get; init; }

    /// <summary>Multiply-adds of one sample.</summary>
    public required long MultiplyAdds { get; init; }

    /// <summary>Reads a model file.</summary>
    public static ModelDescription Of(string path)
    {
        using var model = ModelFile.Load(path);
        var network = model.Network;
        return new ModelDescription
        {
            File = path,
            FileBytes = new FileInfo(path).Length,
            Network = network.Spec.ToString(),
            Loss = network.Loss.Name,
            Preparation = model.Preparation.IsIdentity ? "none" : !model.Preparation.IsPerFeature
                ? "global"
                : model.Preparation.Shift.Length < network.InputLength ? "per channel" : "per feature",
            Classes = model.ClassNames,
            Layers = LayerDescription.Of(network),
            ParameterCount = network.Parameters.Length,
            ParameterBytes = network.ParameterBytes,
            MultiplyAdds = network.Layers.Sum(layer => layer.MultiplyAdds),
        };
    }

    /// <summary>Prints it for people.</summary>
    public void Write(TextWriter output)
    {
        var text = CultureInfo.InvariantCulture;
        output.WriteLine(string.Create(text, $"{File}: {FileBytes:N0} bytes"));
        output.WriteLine($"network {Network}, loss {Loss}, preparation of inputs {Preparation}");
        if (Classes is not null) output.WriteLine($"classes {string.Join(", ", Classes)}");
        output.WriteLine();
        LayerDescription.Write(Layers, output);
    }
}
