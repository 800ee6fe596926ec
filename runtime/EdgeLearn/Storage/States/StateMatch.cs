using System.Globalization;
using System.Text;

namespace EdgeLearn;

/// <summary>
/// Which tensor of a <c>state_dict</c> is which of a network. Names that are the network's own are taken as they are; else modules are
/// matched by their parts and shapes, and those that have the same by the numbers in their names, as <c>nn.Sequential</c> gives them, or by
/// their order in the file, unless a writer has sorted it.
/// </summary>
static class StateMatch
{
    /// <summary>The file's name of every tensor of the network.</summary>
    /// <param name="network">whose tensors are looked for</param>
    /// <param name="tensors">names and shapes of the file, in its order</param>
    /// <param name="file">what to call it in errors</param>
    /// <exception cref="EdgeLearnException">A module is missing, left over or misshapen, or two could be exchanged.</exception>
    public static Dictionary<string, string> Find(Network network, IReadOnlyList<(string Name, int[] Shape)> tensors, string file)
    {
        List<StateModule> ours = StateModule.Group([.. network.Parameters.Slices.Select(slice => (slice.Name, slice.Shape.ToArray()))]),
            theirs = StateModule.Group(tensors);
        var names = new Dictionary<string, string>();
        MatchNames(ours, theirs, names);
        bool isSorted = theirs.Zip(theirs.Skip(1), (a, b) => string.CompareOrdinal(a.Name, b.Name) < 0).All(isBefore => isBefore);
        string[] signatures = [.. ours.Select(module => module.Signature).Distinct()];
        foreach (string signature in signatures)
        {
            List<StateModule> own = [.. ours.Where(module => module.Signature == signature)],
                there = [.. theirs.Where(module => module.Signature == signature)];
            if (own.Count != there.Count) continue; // said below, with what does not fit
            if (there.Count > 1) there = Ordered(own, there, isSorted, network, file);
            for (int i = 0; i < own.Count; i++) Add(own[i], there[i], names);
            ours.RemoveAll(own.Contains);
            theirs.RemoveAll(there.Contains);
        }

        if (ours.Count > 0 || theirs.Count > 0) throw Mismatch(ours.Count > 0 ? ours[0] : null, theirs, network, file);
        return names;
    }

    static void MatchNames(List<StateModule> ours, List<StateModule> theirs, Dictionary<string, string> names)
    {
        if (!ours.All(module => theirs.Exists(other => other.Name == module.Name && other.Signature == module.Signature))) return;
        foreach (var module in ours) Add(module, theirs.First(other => other.Name == module.Name), names);
        theirs.RemoveAll(other => ours.Exists(module => module.Name == other.Name));
        ours.Clear();
    }

    static void Add(StateModule own, StateModule other, Dictionary<string, string> names)
    {
        for (int i = 0; i < own.Tensors.Count; i++) names[own.Tensors[i].Name] = other.Tensors[i].Name;
    }

    static List<StateModule> Ordered(List<StateModule> own, List<StateModule> there, bool isSorted, Network network, string file)
    {
        if (there.Select(module => Numbered(module.Name, 0)).Distinct().Count() == 1)
            return [.. there.OrderBy(module => Numbered(module.Name, 9), StringComparer.Ordinal)];
        if (!isSorted) return there;
        throw new EdgeLearnException($"{file}: {string.Join(" and ", there.Select(module => module.Name))} have the same shapes and "
            + $"fit {string.Join(" and ", own.Select(module => Layer(module, network)))}, and the file's order is that of the alphabet: "
            + $"rename them in the order of the layers, such as 0, 1, ..., or save the tensors in the order of the state_dict");
    }

    // The name with each of its numbers as # and so many digits: of equal length they sort as text, and without any, names that differ in
    // numbers alone are equal.
    static string Numbered(string name, int digits)
    {
        var text = new StringBuilder();
        for (int i = 0; i < name.Length; i++)
        {
            int first = i;
            while (i < name.Length && char.IsAsciiDigit(name[i])) i++;
            if (i > first) text.Append('#').Append(digits > 0 ? name[first..i].PadLeft(digits, '0') : "");
            if (i < name.Length) text.Append(name[i]);
        }

        return text.ToString();
    }

    static EdgeLearnException Mismatch(StateModule? own, List<StateModule> theirs, Network network, string file)
    {
        if (own is null)
        {
            return new($"{file}: {theirs[0].Name} has {theirs[0].Signature}, and no layer of {network.Spec} is left for it: is a layer "
                + $"missing in the network?");
        }
        var other = theirs.Find(module => module.Parts == own.Parts) ?? theirs.FirstOrDefault();
        string needs = $"{file}: {Layer(own, network)} needs {own.Signature}";
        return other is null
            ? new($"{needs}, and nothing in the file is left for it: tensors are missing, or the network has a layer too many")
            : new($"{needs}, {other.Name} has {other.Signature}: describe the net that the file was saved from");
    }

    // "layer 3 (conv5x5x16)", counted from 1 as in other errors; what follows the number of a layer is a place inside a block.
    static string Layer(StateModule module, Network network)
    {
        string[] parts = module.Name.Split('.');
        int index = int.Parse(parts[1], System.Globalization.CultureInfo.InvariantCulture);
        var text = new StringBuilder($"layer {index + 1} ({network.Spec.Layers[index]})");
        if (parts.Length > 2) text.Append(' ').AppendJoin('.', parts[2..]);
        return text.ToString();
    }
}

/// <summary>
/// The names of a network's layers as modules of the <c>nn.Sequential</c> that computes the same: activations and flattenings count there.
/// </summary>
static class SequentialNames
{
    /// <summary>The number of each layer's own module.</summary>
    public static int[] Of(NetworkSpec spec)
    {
        int[] numbers = new int[spec.Layers.Count];
        int next = 0;
        for (int i = 0; i < numbers.Length; i++)
        {
            var layer = spec.Layers[i];
            // A dense layer reads whatever comes in as one vector; nn.Linear needs nn.Flatten before it.
            if (layer is DenseSpec && spec.InputOf(i).Rank > 1) next++;
            numbers[i] = next++;
            if (layer is IWeightedSpec { Activation: not Activation.Identity }) next++;
            if (layer is GlobalPoolSpec && spec.InputOf(i).Rank == 3) next++; // nn.AdaptiveAvgPool2d(1), nn.Flatten
        }

        return numbers;
    }

    /// <summary>A tensor's name there: <c>layers.2.weight</c> is <c>4.weight</c> where layers 0 and 1 make four modules.</summary>
    public static string Rename(string name, int[] numbers)
    {
        string[] parts = name.Split('.', 3);
        return string.Create(CultureInfo.InvariantCulture, $"{numbers[int.Parse(parts[1], CultureInfo.InvariantCulture)]}.{parts[2]}");
    }
}

/// <summary>One tensor of a module.</summary>
/// <param name="Part">what it is to the module, such as <c>weight</c></param>
/// <param name="Name">in the file, or in the network</param>
/// <param name="Shape">logical shape</param>
readonly record struct StateTensor(string Part, string Name, int[] Shape);

/// <summary>
/// The tensors of one module of a PyTorch <c>state_dict</c>, or of the layer that stands for it: those whose names agree up to the last
/// dot. A multi-head attention owns its output projection; each layer of a recurrent module is a module; a bare parameter is one too.
/// </summary>
/// <param name="name">what its tensors' names share</param>
sealed class StateModule(string name)
{
    readonly List<StateTensor> _tensors = [];

    /// <summary>What its tensors' names share.</summary>
    public string Name { get; } = name;

    /// <summary>Sorted by part.</summary>
    public IReadOnlyList<StateTensor> Tensors => _tensors;

    /// <summary>Parts and shapes: <c>bias [8], weight [8, 1, 5, 5]</c>. Modules of the same signature can stand for each other.</summary>
    public string Signature { get; private set; } = "";

    /// <summary>The parts alone.</summary>
    public string Parts => string.Join(", ", _tensors.Select(tensor => tensor.Part));

    /// <summary>Groups tensors into modules, in the order of each module's first tensor. Counters of batches are left out.</summary>
    /// <param name="tensors">names and shapes, in order</param>
    public static List<StateModule> Group(IReadOnlyList<(string Name, int[] Shape)> tensors)
    {
        var modules = new List<StateModule>();
        var byName = new Dictionary<string, StateModule>();
        var attentions = tensors.Where(tensor => Last(tensor.Name) == "in_proj_weight").Select(tensor => Before(tensor.Name)).ToHashSet();
        foreach (var (name, shape) in tensors)
        {
            if (Last(name) == "num_batches_tracked") continue;
            var (owner, part, own) = Split(name, shape, attentions);
            if (!byName.TryGetValue(owner, out var module))
            {
                module = byName[owner] = new StateModule(owner);
                modules.Add(module);
            }

            module._tensors.Add(new StateTensor(part, name, own));
        }

        foreach (var module in modules)
        {
            module._tensors.Sort((a, b) => string.CompareOrdinal(a.Part, b.Part));
            module.Signature = string.Join(", ", module._tensors.Select(tensor => $"{tensor.Part} [{string.Join(", ", tensor.Shape)}]"));
        }

        return modules;
    }

    static string Last(string name) => name[(name.LastIndexOf('.') + 1)..];

    static string Before(string name) => name.LastIndexOf('.') is var dot and >= 0 ? name[..dot] : "";

    static (string Owner, string Part, int[] Shape) Split(string name, int[] shape, HashSet<string> attentions)
    {
        string part = Last(name), owner = Before(name);
        if (part is "weight" or "bias" && Last(owner) == "out_proj" && attentions.Contains(Before(owner)))
            return (Before(owner), $"out_proj.{part}", shape);
        if (part is "weight" or "bias" or "running_mean" or "running_var" or "in_proj_weight" or "in_proj_bias")
            return (owner, part, shape);
        int level = part.LastIndexOf("_l", StringComparison.Ordinal);
        if (level > 0 && part[..level] is "weight_ih" or "weight_hh" or "bias_ih" or "bias_hh"
            && int.TryParse(part.AsSpan(level + 2), NumberStyles.None, CultureInfo.InvariantCulture, out int layer))
        {
            return (layer == 0 ? owner : string.Create(CultureInfo.InvariantCulture, $"{owner} l{layer}"), part[..level] + "_l0", shape);
        }

        // A parameter by itself, such as positions, which often have a first dimension for the batch.
        return (name, "weight", shape.Length > 2 && shape[0] == 1 ? shape[1..] : shape);
    }
}
