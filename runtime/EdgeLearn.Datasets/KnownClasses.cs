using System.Globalization;

namespace EdgeLearn.Datasets;

/// <summary>The classes that data are read by.</summary>
/// <param name="Names">in the order of their numbers; null = they are 0, 1, 2, ...</param>
/// <param name="Count">how many there are</param>
/// <param name="Owner">whose they are, for messages</param>
sealed record KnownClasses(IReadOnlyList<string>? Names, int Count, string Owner)
{
    /// <summary>Those of the model that the options tell of; null = the data's own.</summary>
    public static KnownClasses? OfModel(DataOptions options)
        => options.ModelClassCount > 0 ? new(options.ModelClassNames, options.ModelClassCount, "the model") : null;

    /// <summary>What to do about a class that is not there.</summary>
    public const string Remedy = "give a model the class with 'model add-class', or learn a new head with --train head";

    /// <summary>Them as a text.</summary>
    public string Text => Names is { } names
        ? TableMeaning.Listed(names)
        : $"0 to {(Count - 1).ToString(CultureInfo.InvariantCulture)}, which have no names";

    /// <summary>The class that a label names; -1 = none.</summary>
    public int IndexOf(string label) => Names is { } names ? TableLabels.IndexOf(names, label) : NumberOf(label);

    int NumberOf(string label)
        => CellText.Read(label, out double number) == CellKind.Number && number >= 0 && number < Count && number == Math.Floor(number)
            ? (int)number : -1;
}
