using System.Globalization;

namespace EdgeLearn;

/// <summary>
/// What makes two runs the same run, as text: everything that decides what the next step does, but for the weights. Of the settings only
/// those stand in it that differ from their defaults and change bits, by the names of their tables: a new setting leaves older checkpoints
/// valid, and threads, memory and the way in which the length was said play no part. So a default never changes: it gets a new name.
/// </summary>
static class RunIdentity
{
    /// <summary>The identity of a session: "network = 64-10, loss = cross-entropy, ..., rule = tpsgd, update = sgd, lr = 0.5".</summary>
    public static string Of(TrainingSession session)
    {
        var settings = session.Settings;
        List<(string Name, string Value)> entries =
        [
            ("network", session.Network.Spec.ToString()), ("loss", session.Network.Loss.Name), ("samples", Text(session.Data.Count)),
            ("classes", Text(session.Data.ClassCount)), ("steps", Text(session.TotalSteps)), ("epoch steps", Text(session.StepsPerEpoch)),
            ("noise", Text(Noise.Version)), .. settings.Changes(onlyBits: true),
        ];
        if (settings.OrderSeed is { } order) entries.Add(("order seed", Text(order)));
        if (settings.DirectionSeed is { } directions) entries.Add(("direction seed", Text(directions)));
        return string.Join(", ", entries.Select(entry => $"{entry.Name} = {entry.Value}"));
    }

    /// <summary>The first entry that differs, said as "'lr = 1' where this run has 'lr = 2'".</summary>
    public static string Difference(string saved, string current)
    {
        string[] a = saved.Split(", "), b = current.Split(", ");
        string? lost = a.Except(b).FirstOrDefault(), found = b.Except(a).FirstOrDefault();
        if (lost is null) return $"not '{found}', which this run has";
        string name = lost[..(lost.IndexOf(" = ", StringComparison.Ordinal) + 3)];
        string? other = Array.Find(b, entry => entry.StartsWith(name, StringComparison.Ordinal));
        return other is null ? $"'{lost}', which this run has not" : $"'{lost}' where this run has '{other}'";
    }

    static string Text<T>(T number)
        where T : IFormattable => number.ToString(null, CultureInfo.InvariantCulture);
}
