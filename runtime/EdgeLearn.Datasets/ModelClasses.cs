using System.Globalization;

namespace EdgeLearn.Datasets;

/// <summary>Numbered labels of arrays beside a model: each is looked up in the model's list of classes by its name.</summary>
static class ModelClasses
{
    /// <summary>The labels by the model's numbers.</summary>
    /// <param name="labels">by the numbers of the data</param>
    /// <param name="names">of those numbers; null = they have none</param>
    /// <param name="model">its classes</param>
    /// <param name="data">what the user calls the data</param>
    /// <exception cref="EdgeLearnException">A label is none of the model's classes.</exception>
    public static LabelList Of(LabelList labels, IReadOnlyList<string>? names, KnownClasses model, string data)
    {
        int[] places = new int[labels.ClassCount];
        bool isSame = true;
        foreach (int label in LabelList.Used(labels, null))
        {
            string name = names?[label] ?? label.ToString(CultureInfo.InvariantCulture);
            places[label] = model.Names is { } known ? TableLabels.IndexOf(known, name) : names is null && label < model.Count ? label : -1;
            if (places[label] < 0) throw Unknown(name, names is not null, model, data);
            isSame &= places[label] == label;
        }

        if (isSame) return labels;
        int[] mapped = new int[labels.Count];
        for (int i = 0; i < mapped.Length; i++) mapped[i] = places[labels[i]];
        return new LabelList(mapped);
    }

    static EdgeLearnException Unknown(string name, bool isNamed, KnownClasses model, string data)
    {
        string label = isNamed ? $"class '{CellText.Shorten(name)}'" : $"label {name}, which has no name,";
        string known = model.Names is { } names
            ? TableMeaning.Listed(names)
            : $"0 to {(model.Count - 1).ToString(CultureInfo.InvariantCulture)}, which have no names";
        return new($"{data}: the {label} is none of the classes of the model ({known}): put a classes.txt with the names beside the data, "
            + $"give the model the class with 'model add-class', or learn a new head with --train head");
    }
}
