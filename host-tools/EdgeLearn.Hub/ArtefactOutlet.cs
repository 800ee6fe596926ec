using EdgeLearn.Protocol;
using Google.Protobuf;
using Grpc.Core;

namespace EdgeLearn.Hub;

/// <summary>Sends artefacts piece by piece: to a board those of its group, to the operator all.</summary>
sealed class ArtefactOutlet(FleetStore store, ContentStore artefacts, FleetRoll roll, RoundBook book)
{
    const int ChunkBytes = 256 << 10;

    /// <param name="device">null = the operator</param>
    public async Task SendAsync(DeviceRow? device, FetchRequest request, IServerStreamWriter<FetchChunk> stream, CancellationToken cancel)
    {
        if (request.Digest.Length != Digest.LengthBytes)
            throw Status(StatusCode.InvalidArgument, $"a digest of {request.Digest.Length} bytes, {Digest.LengthBytes} expected");
        Digest digest = new(request.Digest.Span);
        if (!store.Read(db => device is null ? ArtefactTable.Exists(db, digest) : ArtefactTable.Find(db, device.Group, digest) is not null))
            throw Status(StatusCode.NotFound, $"there is no artefact {digest.ToString()[..16]}... for this board");
        using FileStream file = new(artefacts.PathOf(digest), FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 0);
        if (request.Offset > (ulong)file.Length)
            throw Status(StatusCode.OutOfRange, $"the artefact has {file.Length} bytes, byte {request.Offset} was asked for");
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
                throw Status(StatusCode.PermissionDenied, $"the board {device.IdText} was revoked");
            await stream.WriteAsync(chunk, cancel);
            sent += chunk.CalculateSize();
            first = false;
        }
        while (file.Position < file.Length);
        if (device is not null)
            book.Count(device, request.CalculateSize(), sent);
    }

    static RpcException Status(StatusCode code, string detail) => new(new Status(code, detail));
}
