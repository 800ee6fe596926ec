using System.Globalization;

namespace EdgeLearn;

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
