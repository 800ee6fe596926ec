using EdgeLearn.Protocol;

namespace EdgeLearn.Hub;

/// <summary>What happens to a round between its closing and its end: aggregate, score, sign, commit; or abandon.</summary>
/// <param name="versions">held by whoever gives a group a new version</param>
/// <param name="stopping">ends the waiting for a disk that does not answer</param>
sealed class RoundCompletion(
    RoundBook book, RoundSuccessor successor, ContentStore artefacts, FleetStore store, SemaphoreSlim versions, RoundSigner signer,
    PaceSteering pace, HubOptions options, CancellationToken stopping) : IDisposable
{
    static readonly TimeSpan s_pause = TimeSpan.FromSeconds(5);

    readonly SemaphoreSlim _one = new(1, 1);
    volatile bool _stopping;

    /// <summary>
    /// Finishes a closed round in the background; safe to repeat after a restart, since the result depends on the journal alone.
    /// </summary>
    public void Start(Round round) => _ = Task.Run(() => RunAsync(round));

    /// <summary>Waits for the round that is being finished, and starts no other.</summary>
    public async Task StopAsync()
    {
        _stopping = true;
        await _one.WaitAsync();
        _one.Release();
    }

    async Task RunAsync(Round round)
    {
        await _one.WaitAsync();
        try
        {
            if (_stopping || round.IsStale)
                return;
            if (round.Accepted < round.Request.MinimumReports)
            {
                await AbandonAsync(round, $"{round.Accepted} reports, {round.Request.MinimumReports} needed");
                return;
            }
            await CommitAsync(round);
        }
        catch (Exception e) when (MayPass(e))
        {
            // The disk may come back; the round is as the journal has it, and the result will be the same.
            options.Log?.Invoke($"round {round.Id} is tried again in {s_pause.TotalSeconds:0} s: {e.Message}");
            _ = Task.Delay(s_pause, stopping)
                .ContinueWith(_ => RunAsync(round), CancellationToken.None, TaskContinuationOptions.NotOnCanceled, TaskScheduler.Default);
        }
        catch (EdgeLearnException e)
        {
            await AbandonAsync(round, e.Message);
        }
        catch (Exception e)
        {
            await AbandonAsync(round, $"the hub failed: {e.GetType().Name}: {e.Message.ReplaceLineEndings(" ")}");
        }
        finally
        {
            _one.Release();
        }
    }

    /// <summary>The disk is full or does not answer, which may pass; a file that is gone does not come back.</summary>
    static bool MayPass(Exception e)
        => (e is EdgeLearnException ? e.InnerException : e) is (IOException and not (FileNotFoundException or DirectoryNotFoundException))
            or UnauthorizedAccessException;

    async Task CommitAsync(Round round)
    {
        var (model, updates) = successor.Compute(round);
        Digest digest;
        long bytes;
        using (model) (digest, bytes) = artefacts.Put(model.Write);
        var score = Evaluate(digest);
        await versions.WaitAsync();
        try
        {
            var newest = store.Read(db => ArtefactTable.Newest(db, round.Request.Group))!;
            var now = options.Clock.GetUtcNow();
            (var manifest, var offer) = signer.SignSuccessor(round, newest.Offer, digest, bytes, updates, now);
            JournalEntry entry = new() { Committed = new() { Manifest = offer.Artefact } };
            if (score is var (s, classNames))
            {
                entry.Committed.Figures = FigureMessages.Of(s, classNames);
                if (s.Targets is null) entry.Committed.Accuracy = s.Accuracy; // a regression has none
                entry.Committed.Loss = s.Loss;
            }
            await book.EndAsync(round, entry, db => ArtefactTable.Add(db, manifest, offer));
            if (round.IsStale)
                return;  // another object stands for the round now, and ends it
            pace.Attend();
            string shown = score?.Evaluation switch
            {
                null => "",
                { Targets: null } classes => $", accuracy {classes.Accuracy:0.0000}",
                { } numbers => $", loss {numbers.Loss:G4}",
            };
            options.Log?.Invoke($"round {round.Id} committed version {manifest.Version}{shown}");
        }
        finally
        {
            versions.Release();
        }
    }

    async Task AbandonAsync(Round round, string reason)
    {
        options.Log?.Invoke($"round {round.Id} is abandoned: {reason}");
        try
        {
            await book.EndAsync(round, new JournalEntry { Abandoned = new() { Reason = reason } });
            pace.Attend();
        }
        catch (IOException e)
        {
            options.Log?.Invoke($"round {round.Id} stays closed until the hub starts again: {e.Message}");
        }
    }

    ModelTest? Evaluate(Digest model)
    {
        if (options.Evaluate is not { } evaluate)
            return null;
        try
        {
            return evaluate(artefacts.PathOf(model));
        }
        catch (EdgeLearnException e)
        {
            options.Log?.Invoke($"the model could not be scored: {e.Message}");
            return null;
        }
    }

    public void Dispose() => _one.Dispose();
}
