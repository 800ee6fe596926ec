using EdgeLearn.Protocol;

namespace EdgeLearn.Hub;

/// <summary>A round's base model, opened to become its successor: same network, same preparation, other weights.</summary>
public sealed class RoundModel : UpdateTarget, IDisposable
{
    readonly Model _model;
    readonly RoundTraining _training;

    /// <summary>Takes over an open model.</summary>
    /// <param name="model">disposed of with this</param>
    /// <param name="training">rate and noise of the round</param>
    /// <exception cref="EdgeLearnException">Its weights are stored in fewer bits.</exception>
    public RoundModel(Model model, RoundTraining training)
    {
        RoundTraining.CheckStorage(model.Network);
        _model = model;
        _training = training;
        Shape = new UpdateShape(model.Network.Parameters);
    }

    public override UpdateShape Shape { get; }

    public override Span<float> Weights => _model.Network.Parameters.Values;

    public override void Replay(ReadOnlySpan<ZerothOrderRecord> records, int directions)
    {
        // The rate and the frozen tensors are those that every board has, whichever board and round.
        var settings = _training.ToSettings(_model.Network.Spec, 0, 0);
        settings.Train?.Freeze(_model.Network);
        var noise = ((ProbeSettings)settings.Rule).Noise;
        var update = new SgdSettings().Build(seed: 0);
        update.Plan(_model.Network.Parameters, new MemoryPlan());
        float[] chunk = new float[1024];
        for (int step = 0; step * directions < records.Length; step++)
        {
            update.BeginStep(new StepClock(step, settings.LearningRate!.Value));
            ZerothOrderRecord.Apply(_model.Network.Parameters.Slices, noise, records.Slice(step * directions, directions), update, chunk);
        }
    }

    /// <summary>Writes the file of the model as it is now.</summary>
    public void Write(Stream file) => ModelFile.Write(_model, file);

    public void Dispose() => _model.Dispose();
}

/// <summary>A round's next model as a function of its base and its accepted updates: the same bytes in any order of arrival.</summary>
/// <param name="artefacts">holds the base</param>
/// <param name="updates">holds the contents</param>
sealed class RoundSuccessor(ContentStore artefacts, ContentStore updates)
{
    /// <summary>Aggregates the updates and applies the result to the base. The caller disposes of the model.</summary>
    /// <param name="round">with its accepted updates</param>
    /// <exception cref="EdgeLearnException">A file is missing or damaged, or the result is not finite.</exception>
    public (RoundModel Model, Digest Updates) Compute(Round round)
    {
        var accepted = round.AcceptedInOrder();
        var model = new RoundModel(artefacts.Model(round.BaseManifest.Digest), round.Request.Training);
        try
        {
            round.Aggregation.Apply(model, accepted.Select(update =>
            {
                var header = UpdateHeader.Parse(update.Header.Span);
                return new UpdateReport(header.Device, update.Weight, () => updates.Open(header.Content));
            }));
            return (model, HashOf(accepted));
        }
        catch
        {
            model.Dispose();
            throw;
        }
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
        var (model, hash) = successor.Compute(round);
        using var _ = model;
        if (hash != result.Updates)
            throw new EdgeLearnException($"the updates of round {number} are not those that its result was signed for");
        return new RoundReplayReport(number, result.Digest, Digest.Of(model.Write).Digest, accepted.Count);
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
