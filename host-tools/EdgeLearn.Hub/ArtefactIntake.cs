using System.Security.Cryptography;
using EdgeLearn.Protocol;
using Google.Protobuf;
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
            throw Fault.Invalid("a push begins with the artefact's manifest");
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
            throw Fault.Of(StatusCode.Unauthenticated, e.Message);
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
            throw Fault.Failed(
                $"version {manifest.Version} is not newer than version {newest.Manifest.Version} of {manifest.Group}: roll-back refused");
        }
        if (!manifest.Parent.IsNone && store.Read(db => ArtefactTable.Find(db, manifest.Group, manifest.Parent)) is null)
        {
            throw Fault.Failed(
                $"its parent {manifest.Parent.ToString()[..16]}... is not an artefact of {manifest.Group}");
        }
        if (manifest.SizeBytes > LargestBytes)
            throw Fault.Failed($"an artefact of {manifest.SizeBytes} bytes, at most {LargestBytes} are possible");
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
                    throw Fault.Of(StatusCode.DataLoss, $"more bytes came than the {manifest.SizeBytes} of the manifest");
                hash.AppendData(chunks.Current.Data.Span);
                file.Write(chunks.Current.Data.Span);
            }
            while (await chunks.MoveNext(cancel));
            file.Flush(flushToDisk: true);
            if (file.Length != manifest.SizeBytes)
                throw Fault.Of(StatusCode.DataLoss, $"{file.Length} bytes came, the manifest says {manifest.SizeBytes}");
        }
        Digest found = new(hash.GetHashAndReset());
        if (found != manifest.Digest)
        {
            throw Fault.Of(StatusCode.DataLoss,
                $"the bytes that came are not those of the manifest: their SHA-256 is {found.ToString()[..16]}..., "
                + $"not {manifest.Digest.ToString()[..16]}...");
        }
        ModelFile.Load(path).Dispose();
    }

    PushAnswer Answer(ArtefactManifest manifest) => new()
    {
        Version = manifest.Version,
        Digest = Google.Protobuf.ByteString.CopyFrom(manifest.Digest.ToArray()),
        Group = manifest.Group,
        DeviceCount = (ulong)store.Read(db => DeviceTable.CountActive(db, manifest.Group)),
    };
}

/// <summary>Sends artefacts piece by piece: to a board those of its group, to the operator all.</summary>
sealed class ArtefactOutlet(FleetStore store, ContentStore artefacts, FleetRoll roll, RoundBook book)
{
    // A board's collector counts messages above 85,000 bytes as large objects, of which it gathers megabytes before it looks for garbage.
    const int ChunkBytes = 64 << 10;

    /// <param name="device">null = the operator</param>
    public async Task SendAsync(DeviceRow? device, FetchRequest request, IServerStreamWriter<FetchChunk> stream, CancellationToken cancel)
    {
        if (request.Digest.Length != Digest.LengthBytes)
            throw Fault.Invalid($"a digest of {request.Digest.Length} bytes, {Digest.LengthBytes} expected");
        Digest digest = new(request.Digest.Span);
        if (!store.Read(db => device is null ? ArtefactTable.Exists(db, digest) : ArtefactTable.Find(db, device.Group, digest) is not null))
            throw Fault.Of(StatusCode.NotFound, $"there is no artefact {digest.ToString()[..16]}... for this board");
        using FileStream file = new(artefacts.PathOf(digest), FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 0);
        if (request.Offset > (ulong)file.Length)
            throw Fault.Of(StatusCode.OutOfRange, $"the artefact has {file.Length} bytes, byte {request.Offset} was asked for");
        file.Position = (long)request.Offset;
        long sent = 0;
        bool first = true;
        do
        {
            byte[] piece = new byte[(int)Math.Min(ChunkBytes, file.Length - file.Position)];
            file.ReadExactly(piece);
            FetchChunk chunk = new() { TotalBytes = first ? (ulong)file.Length : 0, Data = UnsafeByteOperations.UnsafeWrap(piece) };
            // A board that is revoked while it fetches gets no further piece.
            if (device is not null && roll.IsRevoked(device.Id))
                throw Fault.Of(StatusCode.PermissionDenied, $"the board {device.IdText} was revoked");
            await stream.WriteAsync(chunk, cancel);
            sent += chunk.CalculateSize();
            first = false;
        }
        while (file.Position < file.Length);
        if (device is not null)
            book.Count(device, request.CalculateSize(), sent);
    }
}
