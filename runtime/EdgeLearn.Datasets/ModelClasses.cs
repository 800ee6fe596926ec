using System.Globalization;

namespace EdgeLearn.Datasets;

/// <summary>Numbered labels of arrays beside a model: each is looked up in the model's list of classes by its name.</summary>
static class ModelClasses
{
    /// <summary>The labels by the model's numbers; null where one is none of its classes.</summary>
    /// <param name="labels">by the numbers of the data</param>
    /// <param name="names">of those numbers; null = they have none</param>
    /// <param name="model">its classes</param>
    /// <param name="unknown">the label that is none of them, as a message calls it</param>
    public static LabelList? Of(LabelList labels, IReadOnlyList<string>? names, KnownClasses model, out string? unknown)
    {
        unknown = null;
        int[] places = new int[labels.ClassCount];
        bool isSame = true;
        foreach (int label in LabelList.Used(labels, null))
        {
            string name = names?[label] ?? label.ToString(CultureInfo.InvariantCulture);
            // Names and numbers never meet.
            places[label] = names is not null && model.Names is null ? -1 : model.IndexOf(name);
            if (places[label] < 0)
            {
                unknown = names is null ? $"label {name}, which has no name," : $"class '{CellText.Shorten(name)}'";
                return null;
            }
            isSame &= places[label] == label;
        }

        if (isSame) return labels;
        int[] mapped = new int[labels.Count];
        for (int i = 0; i < mapped.Length; i++) mapped[i] = places[labels[i]];
        return new LabelList(mapped);
    }
}
