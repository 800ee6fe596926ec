using EdgeLearn.Protocol;
using Outcome = EdgeLearn.Protocol.OfferOutcome.Types.Kind;

namespace EdgeLearn.Device;

/// <summary>
/// What a board does with an offered model: checks who signed it and that it does not lead back, brings it here, tries it on the held-out
/// examples beside the present one, and switches in one write. A model that cannot be loaded, kills the process or scores worse is refused,
/// and the present one stays.
/// </summary>
sealed class ModelSwitch(AgentSession session)
{
    /// <summary>A model that ended the process this often while it was tried is not tried again.</summary>
    public const int TrialLimit = 2;

    Digest _scoredDigest;
    ModelScore _score;

    /// <summary>
    /// At start: makes sure that the model in use is whole and can be loaded, and goes back to the one before where it is not. When no
    /// model can be loaded any more, it is not the models but the data or the program that changed.
    /// </summary>
    /// <exception cref="EdgeLearnException">Neither model can be loaded with this data; nothing was changed.</exception>
    public void CheckAtStart(CancellationToken stop)
    {
        while (session.State.Current is { } current)
        {
            if (session.Store.Find(current.Key) is null)
            {
                // Not the model's fault: the same version may come again.
                var state = ArtefactStore.RolledBack(session.State);
                session.State = state with { NewestVersion = Math.Min(state.NewestVersion, current.Version - 1) };
                session.Log.Write("model", $"version {current.Version} is missing or damaged on this disk; {Remaining()}");
                continue;
            }

            try
            {
                ScoreOf(current.Key, stop);
            }
            catch (EdgeLearnException e)
            {
                if (!CanUsePrevious(stop))
                {
                    throw new EdgeLearnException($"version {current.Version}, in use here so far, cannot be used any more: {e.Message}; "
                        + $"has the data or the program changed?", e);
                }
                session.State = AgentSession.With(ArtefactStore.RolledBack(session.State), current.Key, Outcome.RolledBack, e.Message);
                session.Log.Write("model", $"version {current.Version} cannot be used any more ({e.Message}); {Remaining()}");
            }

            return;
        }
    }

    bool CanUsePrevious(CancellationToken stop)
    {
        if (session.State.Previous is not { } previous || session.Store.Find(previous.Key) is null) return false;
        try
        {
            ScoreOf(previous.Key, stop);
            return true;
        }
        catch (EdgeLearnException)
        {
            return false;
        }
    }

    /// <summary>Handles an offer of a check-in.</summary>
    public async Task HandleAsync(ArtefactOffer offer, HubStatement statement, CancellationToken stop)
    {
        ArtefactManifest manifest;
        ulong release;
        try
        {
            manifest = session.Trust.Verify(offer);
            if (session.State.Current?.Key == manifest.Digest) return;
            (manifest, release) = session.Trust.VerifyForUse(offer, session.State.NewestVersion, session.State.NewestRelease);
            if (manifest.Version < statement.NewestVersion)
            {
                throw new EdgeLearnException($"version {manifest.Version} is offered, but the hub's signed word is "
                    + $"that {statement.NewestVersion} is the newest: freeze refused");
            }
        }
        catch (EdgeLearnException e)
        {
            Refuse(ClaimedDigest(offer), e.Message);
            return;
        }

        try
        {
            session.Store.Collect(session.State, manifest.Digest);
            string path = await session.RetryAsync(() => session.Store.FetchAsync(manifest, session.Link, stop), stop)
                .ConfigureAwait(false);
            await Task.Run(() => Try(manifest, release, path, stop), stop).ConfigureAwait(false);
        }
        catch (Exception e) when (e is RequestRefusedException or DiskRefusedException)
        {
            // No outcome: the hub offers it again, and by then there may be room.
            session.Log.Write("model", $"version {manifest.Version} could not be fetched: {e.Message}");
        }
        catch (Exception e) when (e is EdgeLearnException or OutOfMemoryException)
        {
            session.State = session.State with { Trial = null };
            Refuse(manifest.Digest, e.Message);
        }
    }

    void Try(ArtefactManifest manifest, ulong release, string path, CancellationToken stop)
    {
        var trial = DeviceState.Begin(session.State.Trial, manifest.Digest.ToString());
        if (trial.Starts > TrialLimit)
            throw new EdgeLearnException($"the program ended {TrialLimit} times while version {manifest.Version} was tried");
        session.State = session.State with { Trial = trial };
        BoardMemory.Return();
        ModelScore? before = session.State.Current is { } current ? ScoreOf(current.Key, stop) : null;
        var after = session.Learner.Score(path, stop);
        if (after.IsWorseThan(before ?? default, session.Options.WorseMargin))
        {
            session.State =
                AgentSession.With(session.State with { Trial = null }, manifest.Digest, Outcome.ScoredWorse, Text(before, after), before,
                after);
            session.Log.Write("model", $"version {manifest.Version} is worse here ({Text(before, after)}); {Remaining()}");
            return;
        }

        var switched = ArtefactStore.Switched(session.State with { Trial = null }, manifest, release);
        session.State = AgentSession.With(switched, manifest.Digest, Outcome.Switched, "", before, after);
        (_scoredDigest, _score) = (manifest.Digest, after);
        session.Log.Write("model", $"version {manifest.Version} is in use ({Text(before, after)})");
    }

    ModelScore ScoreOf(Digest digest, CancellationToken stop)
    {
        if (_scoredDigest == digest) return _score;
        _score = session.Learner.Score(session.Store.PathOf(digest), stop);
        _scoredDigest = digest;
        return _score;
    }

    void Refuse(Digest digest, string reason)
    {
        session.Log.Write("model", $"an offered model was refused: {reason}");
        if (!digest.IsNone) session.State = AgentSession.With(session.State, digest, Outcome.Refused, reason);
    }

    string Remaining() => session.State.Current is { } current ? $"version {current.Version} stays" : "there is no model now";

    static Digest ClaimedDigest(ArtefactOffer offer)
    {
        try
        {
            return ArtefactManifest.Parse(offer.Artefact.Manifest.Span).Digest;
        }
        catch (EdgeLearnException)
        {
            return default;
        }
    }

    static string Text(ModelScore? before, in ModelScore after)
    {
        if (after.Count == 0) return "nothing is held out to try it on";
        return after.Accuracy is { } accuracy
            ? $"accuracy {(before?.Accuracy is { } old ? $"{old:F4} -> " : "")}{accuracy:F4} on {after.Count} held-out examples"
            : $"loss {(before is { } earlier ? $"{earlier.Loss:G4} -> " : "")}{after.Loss:G4} on {after.Count} held-out examples";
    }
}
