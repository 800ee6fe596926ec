using System.Security.Cryptography;
using EdgeLearn.Protocol;
using Grpc.Core;

namespace EdgeLearn.Hub;

/// <summary>
/// Takes in what the operator pushes: signature, lineage and version first, then the bytes, then their digest, then whether they are a
/// model.
/// </summary>
sealed class ArtefactIntake(
    FleetStore store, ContentStore artefacts, SemaphoreSlim versions, RoundSigner signer, PaceSteering pace, Action<string> log)
{
    /// <summary>Largest artefact, in bytes.</summary>
    public const long LargestBytes = 1L << 31;

    public async Task<PushAnswer> PushAsync(IAsyncStreamReader<PushChunk> chunks, CancellationToken cancel)
    {
        if (!await chunks.MoveNext(cancel) || chunks.Current.Manifest is not { } signed)
            throw Status(StatusCode.InvalidArgument, "a push begins with the artefact's manifest");
        var manifest = Verify(signed);
        if (CheckPlace(manifest) is { } known)
            return known;
        string beside = artefacts.NewFile();
        try
        {
            await ReceiveAsync(manifest, chunks, beside, cancel);
            // Only now: whoever waits for the next version, a round's commit above all, never waits for the sender of this one.
            await versions.WaitAsync(cancel);
            try
            {
                if (CheckPlace(manifest) is { } same)
                    return same;
                artefacts.Adopt(beside, manifest.Digest);
                ArtefactOffer offer = new() { Artefact = signed };
                await store.WriteAsync(db => ArtefactTable.Add(db, manifest, offer));
            }
            finally
            {
                versions.Release();
            }
        }
        finally
        {
            File.Delete(beside);
        }
        pace.Attend();
        string digest = manifest.Digest.ToString()[..16];
        log($"version {manifest.Version} was pushed to {manifest.Group}: {manifest.SizeBytes} bytes, {digest}...");
        return Answer(manifest);
    }

    ArtefactManifest Verify(SignedManifest signed)
    {
        try
        {
            var claim = ArtefactManifest.Parse(signed.Manifest.Span);
            if (claim.Signer != ArtefactSigner.Release)
                throw new EdgeLearnException("only the release key may sign what is pushed; this manifest says that the round key did");
            if (RoundRequests.Group(claim.Group) != claim.Group)
                throw new EdgeLearnException("the manifest names no group");
            return signer.Trust(claim.Group).Verify(new ArtefactOffer { Artefact = signed });
        }
        catch (EdgeLearnException e)
        {
            throw Status(StatusCode.Unauthenticated, e.Message);
        }
    }

    /// <summary>The answer if this very artefact is here already; null if there is a place for it.</summary>
    PushAnswer? CheckPlace(ArtefactManifest manifest)
    {
        var newest = store.Read(db => ArtefactTable.Newest(db, manifest.Group));
        if (newest is not null && newest.Manifest == manifest)
            return Answer(manifest);
        if (newest is not null && manifest.Version <= newest.Manifest.Version)
        {
            throw Status(StatusCode.FailedPrecondition,
                $"version {manifest.Version} is not newer than version {newest.Manifest.Version} of {manifest.Group}: roll-back refused");
        }
        if (!manifest.Parent.IsNone && store.Read(db => ArtefactTable.Find(db, manifest.Group, manifest.Parent)) is null)
        {
            throw Status(StatusCode.FailedPrecondition,
                $"its parent {manifest.Parent.ToString()[..16]}... is not an artefact of {manifest.Group}");
        }
        if (manifest.SizeBytes > LargestBytes)
            throw Status(StatusCode.FailedPrecondition, $"an artefact of {manifest.SizeBytes} bytes, at most {LargestBytes} are possible");
        return null;
    }

    /// <summary>Writes what comes to a file and checks it: its length, its digest, and that it is a model.</summary>
    static async Task ReceiveAsync(ArtefactManifest manifest, IAsyncStreamReader<PushChunk> chunks, string path, CancellationToken cancel)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        await using (FileStream file = new(path, FileMode.CreateNew, FileAccess.Write, FileShare.None, bufferSize: 0))
        {
            do
            {
                if (file.Length + chunks.Current.Data.Length > manifest.SizeBytes)
                    throw Status(StatusCode.DataLoss, $"more bytes came than the {manifest.SizeBytes} of the manifest");
                hash.AppendData(chunks.Current.Data.Span);
                file.Write(chunks.Current.Data.Span);
            }
            while (await chunks.MoveNext(cancel));
            file.Flush(flushToDisk: true);
            if (file.Length != manifest.SizeBytes)
                throw Status(StatusCode.DataLoss, $"{file.Length} bytes came, the manifest says {manifest.SizeBytes}");
        }
        Digest found = new(hash.GetHashAndReset());
        if (found != manifest.Digest)
        {
            throw Status(StatusCode.DataLoss,
                $"the bytes that came are not those of the manifest: their SHA-256 is {found.ToString()[..16]}..., "
                + $"not {manifest.Digest.ToString()[..16]}...");
        }
        using (var _ = ModelFile.Load(path))
        {
        }
    }

    PushAnswer Answer(ArtefactManifest manifest) => new()
    {
        Version = manifest.Version,
        Digest = Google.Protobuf.ByteString.CopyFrom(manifest.Digest.ToArray()),
        Group = manifest.Group,
        DeviceCount = (ulong)store.Read(db => DeviceTable.CountActive(db, manifest.Group)),
    };

    static RpcException Status(StatusCode code, string detail) => new(new Status(code, detail));
}
