using EdgeLearn.Protocol;

namespace EdgeLearn.Hub;

/// <summary>A round's next model as a function of its base and its accepted updates: the same bytes in any order of arrival.</summary>
/// <param name="artefacts">holds the base</param>
/// <param name="updates">holds the contents</param>
sealed class RoundSuccessor(ContentStore artefacts, ContentStore updates)
{
    /// <summary>Aggregates the updates and applies the result to the base.</summary>
    /// <param name="round">with its accepted updates</param>
    /// <exception cref="EdgeLearnException">A file is missing or damaged, or the result is not finite.</exception>
    public (byte[] Model, Digest Updates) Compute(Round round)
    {
        var accepted = round.AcceptedInOrder();
        byte[] start = artefacts.Read(round.BaseManifest.Digest);
        using var model = RoundModel.Read(start, $"the base of round {round.Id}", round.Request.Training);
        round.Aggregation.Apply(model, accepted.Select(update =>
        {
            var header = UpdateHeader.Parse(update.Header.Span);
            return new UpdateReport(header.Device, update.Weight, updates.Read(header.Content));
        }));
        return (model.ToBytes(), HashOf(accepted));
    }

    /// <summary>SHA-256 over the headers of the accepted updates, in the order of board ids: the result's manifest holds it.</summary>
    static Digest HashOf(IEnumerable<JournalEntry.Types.Accepted> accepted)
    {
        using MemoryStream all = new();
        foreach (var update in accepted)
            all.Write(update.Header.Span);
        all.Position = 0;
        return Digest.Of(all);
    }
}
