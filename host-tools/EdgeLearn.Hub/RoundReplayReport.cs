using EdgeLearn.Protocol;

namespace EdgeLearn.Hub;

/// <summary>Audits a round: reads its journal, checks every board's signature again, and makes the result anew.</summary>
static class RoundReplay
{
    /// <exception cref="EdgeLearnException">Not committed, or the journal, a signature or a file does not hold.</exception>
    public static RoundReplayReport Run(FleetStore store, RoundSuccessor successor, ulong number)
    {
        using Round round = new(number);
        foreach (var entry in store.Read(db => RoundJournal.Read(db, number)))
            round.Apply(entry);
        if (round.Result is not { } result)
            throw new EdgeLearnException($"round {number} was not committed: there is nothing to replay");
        var accepted = round.AcceptedInOrder();
        foreach (var update in accepted)
        {
            if (!FleetKey.Verify(update.PublicKey.Span, SignedThing.Update, update.Header.Span, update.Signature.Span))
                throw new EdgeLearnException($"an update of round {number} is not signed by its board");
        }
        (byte[] model, var hash) = successor.Compute(round);
        if (hash != result.Updates)
            throw new EdgeLearnException($"the updates of round {number} are not those that its result was signed for");
        return new RoundReplayReport(number, result.Digest, Digest.Of(model), accepted.Count);
    }
}

/// <summary>What a replay of a committed round gave.</summary>
/// <param name="Round">Its number.</param>
/// <param name="Committed">Digest of the model that the round committed.</param>
/// <param name="Replayed">Digest of the model that its journal gives now.</param>
/// <param name="Updates">Number of updates in it.</param>
public readonly record struct RoundReplayReport(ulong Round, Digest Committed, Digest Replayed, int Updates)
{
    /// <summary>The journal gives the same bytes.</summary>
    public bool IsSame => Committed == Replayed;
}
