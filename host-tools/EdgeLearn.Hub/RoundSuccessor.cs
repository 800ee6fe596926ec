using EdgeLearn.Protocol;

namespace EdgeLearn.Hub;

/// <summary>A round's result as a function of its base and its accepted updates: the same bytes on every machine, in any order of arrival.</summary>
static class RoundSuccessor
{
    /// <summary>Sums the updates one by one and applies the sum to the base. Memory: the model, the sum and one update.</summary>
    /// <param name="round">With its accepted updates.</param>
    /// <param name="artefacts">Holds the base.</param>
    /// <param name="updates">Holds the contents.</param>
    /// <exception cref="EdgeLearnException">A file is missing or damaged, or the result is not finite.</exception>
    public static (byte[] Model, Digest Updates) Compute(Round round, ContentStore artefacts, ContentStore updates)
    {
        using RoundModel model = RoundModel.Read(artefacts.Read(round.BaseManifest.Digest), $"the base of round {round.Id}", round.Request.Training);
        UpdateCodec codec = UpdateCodec.Of(round.Request.Codec);
        UpdateSum sum = codec.NewSum(model.Shape);
        List<JournalEntry.Types.Accepted> accepted = round.AcceptedInOrder();
        foreach (JournalEntry.Types.Accepted update in accepted)
        {
            UpdateHeader header = UpdateHeader.Parse(update.Header.Span);
            byte[] content = updates.Read(header.Content);
            UpdateContext context = new(model.Shape, round.Id, header.Device, round.Directions);
            if (codec.Check(context, content, out string reason) != Refusal.None)
                throw new EdgeLearnException($"an accepted update of round {round.Id} does not pass its check any more: {reason}");
            sum.Add(header.Device, update.Weight, content);
        }
        sum.Apply(model);
        foreach (float weight in model.Weights)
            if (!float.IsFinite(weight))
                throw new EdgeLearnException($"the sum of round {round.Id} is not finite: the learning rate is too large");
        return (model.ToBytes(), HashOf(accepted));
    }

    /// <summary>SHA-256 over the headers of the accepted updates, in the order of board ids: what the result's manifest says it was made from.</summary>
    public static Digest HashOf(IEnumerable<JournalEntry.Types.Accepted> accepted)
    {
        using MemoryStream all = new();
        foreach (JournalEntry.Types.Accepted update in accepted)
            all.Write(update.Header.Span);
        all.Position = 0;
        return Digest.Of(all);
    }
}
