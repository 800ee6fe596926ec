using System.Globalization;
using System.Text;

namespace EdgeLearn;

/// <summary>What to say where the tensors of a file are not those of a network.</summary>
sealed class StateMismatch(Network network, SafeTensors file, string name)
{
    /// <summary>The error for modules that are missing, left over, of another shape or of a type that is not read.</summary>
    /// <param name="ours">layers for which the file has nothing, or another number of modules</param>
    /// <param name="theirs">modules that are no layer's, or of another number</param>
    public EdgeLearnException Of(List<StateModule> ours, List<StateModule> theirs)
    {
        if (ours.Count == 0)
        {
            string[] left = [.. theirs.SelectMany(module => module.Tensors).OrderBy(tensor => tensor.Place).Select(tensor => tensor.Name)];
            return new($"{name}: {NameText.Listed(left)} {(left.Length == 1 ? "is" : "are")} left over: "
                + $"{NameText.Shown(theirs[0].Name)} has {Shapes(theirs[0])}, and no layer of {network.Spec} is left for it: "
                + $"is a layer missing in the network?");
        }

        var first = ours[0];
        List<StateModule> own = ours.FindAll(module => module.Signature == first.Signature),
            there = theirs.FindAll(module => module.Signature == first.Signature);
        if (there.Count < own.Count && OfType(first) is { } wrongType) return wrongType;
        if (there.Count > 0)
        {
            return new($"{name}: {NameText.Listed([.. there.Select(module => module.Name)])} {(there.Count == 1 ? "has" : "have")} "
                + $"{first.Signature}, which {Layers(own, network)} {(own.Count == 1 ? "needs" : "need")}: "
                + (there.Count > own.Count ? $"{there.Count - own.Count} left over: is a layer missing in the network?"
                    : "tensors are missing, or the network has a layer too many"));
        }

        string needs = $"{name}: {Layer(first, network)} needs {first.Signature}";
        return (theirs.Find(module => module.Parts == first.Parts) ?? theirs.FirstOrDefault()) is { } other
            ? new($"{needs}, {NameText.Shown(other.Name)} has {Shapes(other)}: describe the net that the file was saved from")
            : new($"{needs}, and nothing in the file is left for it: tensors are missing, or the network has a layer too many");
    }

    /// <summary>The error for a tensor of a type that is not read.</summary>
    public static EdgeLearnException OfType(SafeTensor tensor, string name)
        => new($"{name}: tensor {NameText.Shown(tensor.Name)} is {tensor.Type}, expected F32, F64, F16 or BF16");

    // Weights of integers are left out as masks are: here they are what is missing.
    EdgeLearnException? OfType(StateModule own)
    {
        var fitting = StateModule.Group(file.Tensors.Where(tensor => tensor.Elements > 0).Select(tensor => (tensor.Name, tensor.Shape)))
            .Where(module => module.Signature == own.Signature);
        return fitting.SelectMany(module => module.Tensors).Select(tensor => file.Find(tensor.Name)!).FirstOrDefault(StateMatch.IsLeftOut)
            is { } integers ? OfType(integers, name) : null;
    }

    static string Shapes(StateModule module) => NameText.Shown(module.Signature, 300);

    /// <summary>Layers as a text.</summary>
    public static string Layers(List<StateModule> own, Network network)
        => NameText.Listed([.. own.Select(module => Layer(module, network))]);

    // "layer 3 (conv5x5x16)", counted from 1 as in other errors; what follows the number of a layer is a place inside a block.
    static string Layer(StateModule module, Network network)
    {
        string[] parts = module.Name.Split('.');
        int index = int.Parse(parts[1], CultureInfo.InvariantCulture);
        var text = new StringBuilder($"layer {index + 1} ({network.Spec.Layers[index]})");
        if (parts.Length > 2) text.Append(' ').AppendJoin('.', parts[2..]);
        return text.ToString();
    }
}
