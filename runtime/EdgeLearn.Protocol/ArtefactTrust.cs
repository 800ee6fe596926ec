namespace EdgeLearn.Protocol;

/// <summary>
/// Whether an artefact may be used. A push needs the release key's signature. A successor needs the round key's signature and the
/// release-signed manifest at the root of its lineage, which says how many successors the round key may sign: so the hub alone can
/// neither bring in a foreign model nor go on without end.
/// </summary>
/// <param name="Fleet">SHA-256 of the authority's public key.</param>
/// <param name="Group">The group of this board.</param>
/// <param name="ReleasePublicKey">SubjectPublicKeyInfo, from enrolment.</param>
/// <param name="RoundPublicKey">SubjectPublicKeyInfo, from enrolment.</param>
public sealed record ArtefactTrust(Digest Fleet, string Group, ReadOnlyMemory<byte> ReleasePublicKey, ReadOnlyMemory<byte> RoundPublicKey)
{
    /// <summary>Checks signatures and lineage of an offer; enough for the base of a training task.</summary>
    /// <exception cref="EdgeLearnException">It may not be used; the message says why.</exception>
    public ArtefactManifest Verify(ArtefactOffer? offer) => VerifyLineage(offer).Artefact;

    /// <summary>Checks an offer that is to be put to use: also that it does not lead back.</summary>
    /// <param name="offer">From a check-in.</param>
    /// <param name="newestVersion">Greatest version that this board has ever used; 0 = none.</param>
    /// <param name="newestRelease">Greatest version of a push that it has ever accepted, itself or as an origin; 0 = none.</param>
    /// <returns>The artefact's manifest and the version of its push (itself, or its origin): remember the greatest of both.</returns>
    /// <exception cref="EdgeLearnException">It may not be used; the message says why.</exception>
    public (ArtefactManifest Artefact, ulong Release) VerifyForUse(ArtefactOffer? offer, ulong newestVersion, ulong newestRelease)
    {
        (var artefact, var release) = VerifyLineage(offer);
        if (artefact.Version <= newestVersion)
        {
            throw new EdgeLearnException($"version {artefact.Version} is not newer than version {newestVersion}, which was in use: "
                + $"roll-back refused");
        }
        if (release.Version < newestRelease)
        {
            throw new EdgeLearnException($"version {artefact.Version} descends from push {release.Version}, older than "
                + $"push {newestRelease}: roll-back refused");
        }
        return (artefact, release.Version);
    }

    (ArtefactManifest Artefact, ArtefactManifest Release) VerifyLineage(ArtefactOffer? offer)
    {
        if (offer?.Artefact is null)
            throw new EdgeLearnException("the artefact came without a manifest");
        var artefact = Read(offer.Artefact);
        if (artefact.Signer == ArtefactSigner.Release)
            return (artefact, artefact);
        if (offer.Origin is null)
            throw new EdgeLearnException($"version {artefact.Version} is the result of a round and came without the push it descends from");
        var origin = Read(offer.Origin);
        if (origin.Signer != ArtefactSigner.Release || artefact.Origin != origin.Digest)
            throw new EdgeLearnException($"version {artefact.Version} does not descend from the push that came with it");
        if (artefact.Version <= origin.Version)
            throw new EdgeLearnException($"version {artefact.Version} claims to descend from the later version {origin.Version}");
        if (artefact.Generation > origin.GenerationLimit)
        {
            throw new EdgeLearnException(
                $"version {artefact.Version} is successor {artefact.Generation} of push {origin.Version}, which "
                + $"allows {origin.GenerationLimit}: push again");
        }
        return (artefact, origin);
    }

    ArtefactManifest Read(SignedManifest signed)
    {
        var manifest = ArtefactManifest.Parse(signed.Manifest.Span);
        var key = manifest.Signer == ArtefactSigner.Release ? ReleasePublicKey : RoundPublicKey;
        if (!FleetKey.Verify(key.Span, SignedThing.Manifest, signed.Manifest.Span, signed.Signature.Span))
        {
            throw new EdgeLearnException($"the signature of version {manifest.Version} is not by the "
                + $"fleet's {manifest.Signer.ToString().ToLowerInvariant()} key");
        }
        if (manifest.Fleet != Fleet)
            throw new EdgeLearnException($"version {manifest.Version} was signed for another fleet");
        if (manifest.Group != Group)
            throw new EdgeLearnException($"version {manifest.Version} was signed for the group {manifest.Group}, this is {Group}");
        return manifest;
    }
}
