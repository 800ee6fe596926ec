namespace EdgeLearn.Commands;

/// <summary>A model file as <c>info --model</c> prints it.</summary>
/// <param name="File">the file</param>
/// <param name="FileBytes">its length</param>
/// <param name="Network">the network in shorthand</param>
/// <param name="Loss">what the outputs are held against</param>
/// <param name="Preparation">how inputs are prepared: none, one pair for all values, or one pair for each</param>
/// <param name="Classes">names of the classes; null where they are numbers</param>
/// <param name="Columns">of a table that it takes in, with what they are; null where it was not made for one</param>
/// <param name="Media">how images or sound become its inputs; null where it does not say</param>
/// <param name="LeftOut">columns of the table that it was trained on that it does not take in, with the reason</param>
/// <param name="Window">rows of a table that are one input together; 0 = each row is one</param>
/// <param name="Hop">rows from one window to the next</param>
/// <param name="Targets">the columns that it predicts; null where it tells classes apart</param>
/// <param name="Layers">first to last</param>
/// <param name="ParameterCount">weights of all layers</param>
/// <param name="ParameterBytes">weights and integer tensors</param>
/// <param name="MultiplyAdds">multiply-adds of one sample</param>
public sealed record ModelDescription(string File, long FileBytes, string Network, string Loss, string Preparation,
    IReadOnlyList<string>? Classes, IReadOnlyDictionary<string, string>? Columns, string? Media,
    IReadOnlyDictionary<string, string>? LeftOut, int Window, int Hop, IReadOnlyList<string>? Targets,
    IReadOnlyList<LayerDescription> Layers, long ParameterCount, long ParameterBytes, long MultiplyAdds)
{
    /// <summary>Reads a model file.</summary>
    public static ModelDescription Of(string path)
    {
        using var model = ModelFile.Load(path);
        var network = model.Network;
        return new ModelDescription(
            File: path,
            FileBytes: new FileInfo(path).Length,
            Network: network.Spec.ToString(),
            Loss: network.Loss.Name,
            Preparation: model.Preparation.IsIdentity ? "none" : !model.Preparation.IsPerFeature
                ? "global"
                : model.Preparation.Shift.Length < network.InputLength ? "per channel" : "per feature",
            Classes: model.ClassNames,
            Columns: model.Columns?.Inputs.ToDictionary(column => column.Name, DataResult.Kind),
            Media: model.Media,
            LeftOut: model.Columns?.LeftOut,
            Window: model.Columns?.Window ?? 0,
            Hop: model.Columns?.Hop ?? 0,
            Targets: network.Loss.IsClassification ? null : model.Columns?.Labels,
            Layers: LayerDescription.Of(network),
            ParameterCount: network.Parameters.Length,
            ParameterBytes: network.ParameterBytes,
            MultiplyAdds: network.Layers.Sum(layer => layer.MultiplyAdds));
    }

    internal void Write(CommandOutput output)
        => output.Write(new AboutResult(null, this), ResultJson.Default.AboutResult, WriteForPeople);

    void WriteForPeople(TextWriter output)
    {
        var facts = new FactList();
        facts.Add("file", $"{File}, {ByteCount.Format(FileBytes)}");
        facts.Add("network", $"{Network}, loss {Loss}, preparation of inputs {Preparation}");
        if (Columns is not null) facts.Add("columns", string.Join(", ", Columns.Select(Text)));
        if (Window > 0) facts.Add("window", $"{Window} rows, one every {Hop}");
        if (Media is not null) facts.Add("inputs", Media);
        if (LeftOut?.Count > 0) facts.Add("left out", string.Join(", ", LeftOut.Select(Text)));
        if (Classes is not null) facts.Add("classes", string.Join(", ", Classes.Select(name => name.ReplaceLineEndings(" "))));
        if (Targets is not null) facts.Add("predicts", string.Join(", ", Targets));
        facts.Write(output);
        output.WriteLine();
        LayerDescription.Write(Layers, output);

        static string Text(KeyValuePair<string, string> column)
            => column.Value == "number" ? column.Key : $"{column.Key} ({column.Value})";
    }
}

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
        // Where everything learns, nothing has to be said of it.
        bool saysTraining = layers.Any(layer => layer.Training == "frozen");
        string[] Row(string name, string what, string shape, string training, IReadOnlyList<LayerDescription> of) =>
        [
            name, what, shape, .. saysTraining ? [training] : Array.Empty<string>(), $"{of.Sum(layer => layer.ParameterCount):N0}",
            ByteCount.Format(of.Sum(layer => layer.ParameterBytes)), ByteCount.Format(of.Sum(layer => layer.SampleBytes)),
            $"{of.Sum(layer => layer.MultiplyAdds):N0}",
        ];
        var table = new TextTable(["layer", "what", "shape", .. saysTraining ? ["training"] : Array.Empty<string>(), "weights", "bytes",
            "a sample", "multiply-adds"])
        { Texts = ["layer", "what"] };
        foreach (var layer in layers) table.Add(Row(layer.Name, layer.Kind, layer.Shape, layer.Training, [layer]));
        table.Add(Row("all", "", "", "", layers));
        table.Write(output);
    }
}
