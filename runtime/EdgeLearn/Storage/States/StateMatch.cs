using System.Globalization;
using System.Text;

namespace EdgeLearn;

/// <summary>
/// Which tensor of a <c>state_dict</c> is which of a network. Names that are the network's own are taken as they are; else modules are
/// matched by their parts and shapes, and those that have the same by the numbers in their names, as <c>nn.Sequential</c> gives them, or by
/// their order in the file, unless a program has sorted it. Nothing is guessed: what these do not tell apart is refused.
/// </summary>
static class StateMatch
{
    /// <summary>Whether no layer can be made of a tensor: counters, indices and masks, which are no floats, and what has no
    /// element.</summary>
    public static bool IsLeftOut(SafeTensor tensor)
        => !tensor.IsFloat || tensor.Elements == 0
            || StateModule.Last(tensor.Name) == "num_batches_tracked"; // a counter, whatever type a cast has given it

    /// <summary>The file's name of every tensor of the network.</summary>
    /// <param name="network">whose tensors are looked for</param>
    /// <param name="file">where</param>
    /// <param name="name">what to call it in errors</param>
    /// <exception cref="EdgeLearnException">A module is missing, left over or misshapen, or two could be exchanged.</exception>
    public static Dictionary<string, string> Find(Network network, SafeTensors file, string name)
    {
        // The header is a JSON object and has no order of its own; the bytes have one.
        SafeTensor[] tensors = [.. file.Tensors.Where(tensor => !IsLeftOut(tensor)).OrderBy(tensor => tensor.Offset)];
        List<StateModule> ours = StateModule.Group(network.Parameters.Slices.Select(slice => (slice.Name, slice.Shape.ToArray()))),
            theirs = StateModule.Group(tensors.Select(tensor => (tensor.Name, tensor.Shape)));
        var names = new Dictionary<string, string>();
        MatchNames(ours, theirs, names);
        (List<StateModule> Own, List<StateModule> There)[] groups = [.. ours.GroupBy(module => module.Signature)
            .Select(own => (own.ToList(), theirs.FindAll(module => module.Signature == own.Key)))];
        foreach (var (own, there) in groups.Where(group => group.Own.Count == group.There.Count))
        {
            ours.RemoveAll(own.Contains);
            theirs.RemoveAll(there.Contains);
        }

        if (ours.Count > 0 || theirs.Count > 0) throw new StateMismatch(network, file, name).Of(ours, theirs);
        bool isSorted = StateOrder.IsSorted(tensors);
        foreach (var (own, there) in groups)
        {
            var ordered = there.Count == 1 ? there : Ordered(own, there, isSorted, network, name);
            for (int i = 0; i < own.Count; i++) Add(own[i], ordered[i], names);
        }

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
        if (StateOrder.ByNumbers(there) is { } numbered) return numbered;
        if (!isSorted && StateOrder.IsOneOrder(there)) return there;
        string why = isSorted ? "the file is sorted by name, or by type and name, which says nothing of the order of layers"
            : "their weights and biases lie in two orders";
        throw new EdgeLearnException($"{file}: {NameText.Listed([.. there.Select(module => module.Name).Order(StringComparer.Ordinal)])} "
            + $"cannot be told apart: they have the same shapes, fit {StateMismatch.Layers(own, network)}, and {why}: rename them in the "
            + $"order of the layers, such as 0, 1, ..., or save the tensors in the order of the state_dict");
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
/// <param name="Place">how many stand before it</param>
readonly record struct StateTensor(string Part, string Name, int[] Shape, int Place);

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

    /// <summary>The name that is compared with others: each layer of a recurrent module has its number.</summary>
    public string OrderName => _tensors[0] is { Part: var part, Name: var first } && part.EndsWith("_l0", StringComparison.Ordinal)
        && Name == Before(first) ? Name + " l0" : Name;

    /// <summary>Groups tensors into modules, in the order of each module's first tensor.</summary>
    /// <param name="all">names and shapes, in order</param>
    public static List<StateModule> Group(IEnumerable<(string Name, int[] Shape)> all)
    {
        (string Name, int[] Shape)[] tensors = [.. all];
        var modules = new List<StateModule>();
        var byName = new Dictionary<string, StateModule>();
        var attentions = tensors.Where(tensor => Last(tensor.Name) == "in_proj_weight").Select(tensor => Before(tensor.Name)).ToHashSet();
        for (int i = 0; i < tensors.Length; i++)
        {
            var (name, shape) = tensors[i];
            var (owner, part, own) = Split(name, shape, attentions);
            if (!byName.TryGetValue(owner, out var module))
            {
                module = byName[owner] = new StateModule(owner);
                modules.Add(module);
            }

            module._tensors.Add(new StateTensor(part, name, own, i));
        }

        foreach (var module in modules)
        {
            module._tensors.Sort((a, b) => string.CompareOrdinal(a.Part, b.Part));
            module.Signature = string.Join(", ", module._tensors.Select(tensor => $"{tensor.Part} [{string.Join(", ", tensor.Shape)}]"));
        }

        return modules;
    }

    /// <summary>What stands behind the last dot.</summary>
    public static string Last(string name) => name[(name.LastIndexOf('.') + 1)..];

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
