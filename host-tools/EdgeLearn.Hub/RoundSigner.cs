using EdgeLearn.Protocol;

namespace EdgeLearn.Hub;

/// <summary>
/// Holds the hub's round key and signs two things alone: statements of the time, and the successor of a pushed model that an open round of
/// that model's own lineage has made.
/// </summary>
sealed class RoundSigner(FleetKey key, Digest fleet, ReadOnlyMemory<byte> releasePublicKey) : IDisposable
{
    public ReadOnlyMemory<byte> PublicKey => key.PublicKey;

    public ReadOnlyMemory<byte> ReleasePublicKey => releasePublicKey;

    public Digest Fleet => fleet;

    public HubStatement Statement(ReadOnlySpan<byte> nonce, DateTimeOffset now, ulong newestVersion)
        => HubStatements.Create(key, nonce, now, newestVersion);

    /// <summary>What a board of the group trusts: the hub holds itself to the same.</summary>
    public ArtefactTrust Trust(string group) => new(fleet, group, releasePublicKey, key.PublicKey);

    /// <summary>Says why the round key may not sign a successor of this base, or null.</summary>
    /// <param name="artefact">The base and its push.</param>
    /// <param name="newest">The group's newest artefact.</param>
    public string? Fault(ArtefactOffer artefact, ArtefactOffer newest, string group)
    {
        ArtefactManifest manifest = Trust(group).Verify(artefact), newestManifest = Trust(group).Verify(newest);
        ArtefactManifest push = Push(artefact, manifest), newestPush = Push(newest, newestManifest);
        if (push.Digest != newestPush.Digest || push.Version != newestPush.Version)
            return $"version {manifest.Version} descends from push {push.Version}, but push {newestPush.Version} is newer";
        if (manifest.Generation + 1 > push.GenerationLimit)
            return $"push {push.Version} allows {push.GenerationLimit} rounds and they are used up: push again";
        return null;
    }

    /// <summary>Signs the result of a round.</summary>
    /// <exception cref="EdgeLearnException">The round is not closed for aggregation, or its lineage does not allow a successor.</exception>
    public (ArtefactManifest Manifest, ArtefactOffer Offer) SignSuccessor(Round round, ArtefactOffer newest, Digest model, long sizeBytes,
        Digest updates, DateTimeOffset now)
    {
        if (round.State != RoundView.Types.State.Aggregating)
        {
            throw new EdgeLearnException($"round {round.Id} is {round.State}: the round key signs results of rounds that are being "
                + $"aggregated, nothing else");
        }
        string group = round.Request.Group;
        if (Fault(round.Base, newest, group) is { } fault)
            throw new EdgeLearnException($"round {round.Id} may not have a successor: {fault}");
        var parent = round.BaseManifest;
        ArtefactManifest manifest = new()
        {
            Fleet = fleet,
            Group = group,
            Version = ArtefactManifest.Parse(newest.Artefact.Manifest.Span).Version + 1,
            Digest = model,
            SizeBytes = sizeBytes,
            Parent = parent.Digest,
            Origin = Push(round.Base, parent).Digest,
            Generation = parent.Generation + 1,
            Round = round.Id,
            Updates = updates,
            Signer = ArtefactSigner.Round,
            CreatedUnixMs = now.ToUnixTimeMilliseconds(),
        };
        ArtefactOffer offer = new() { Artefact = manifest.Sign(key), Origin = round.Base.Origin ?? round.Base.Artefact };
        Trust(group).Verify(offer);
        return (manifest, offer);
    }

    public void Dispose() => key.Dispose();

    static ArtefactManifest Push(ArtefactOffer offer, ArtefactManifest artefact) =>
        artefact.Signer == ArtefactSigner.Release ? artefact : ArtefactManifest.Parse(offer.Origin.Manifest.Span);
}
