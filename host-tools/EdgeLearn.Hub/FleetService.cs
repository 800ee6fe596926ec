using EdgeLearn.Protocol;
using Google.Protobuf;
using Grpc.Core;

namespace EdgeLearn.Hub;

/// <summary>The calls of boards; <see cref="CallAuthentication"/> has let them in.</summary>
sealed class FleetService(HubState hub) : Fleet.FleetBase
{
    const int ChunkBytes = 256 << 10;
    const int LongestReasonLength = 200;
    const int LargestBatch = 256;

    readonly Enrolment _enrolment = new(hub);
    readonly ReportIntake _intake = new(hub);

    public override Task<AuthorityAnswer> Authority(AuthorityRequest request, ServerCallContext context) =>
        Task.FromResult(new AuthorityAnswer { AuthorityCertificate = ByteString.CopyFrom(hub.Authority.Trust.AuthorityCertificate) });

    public override Task<EnrollAnswer> Enroll(EnrollRequest request, ServerCallContext context) => _enrolment.EnrollAsync(request);

    public override Task<RenewAnswer> Renew(RenewRequest request, ServerCallContext context) =>
        _enrolment.RenewAsync(CallAuthentication.DeviceOf(context), request);

    public override async Task<CheckInAnswer> CheckIn(CheckInRequest request, ServerCallContext context)
    {
        DeviceRow device = CallAuthentication.DeviceOf(context);
        long nowMs = hub.Now.ToUnixTimeMilliseconds();
        if (request.Telemetry.Count > LargestBatch || request.Outcomes.Count > LargestBatch || request.Nonce.Length > HubStatements.LongestNonceBytes)
            throw new RpcException(new Status(StatusCode.InvalidArgument,
                $"a check-in carries at most {LargestBatch} measurements, {LargestBatch} outcomes and a nonce of {HubStatements.LongestNonceBytes} bytes"));
        request.AgentVersion = PlainText.Of(request.AgentVersion, 64);
        hub.Liveness.Note(device.Id, nowMs, request);
        foreach (OfferOutcome outcome in request.Outcomes)
            outcome.Reason = PlainText.Of(outcome.Reason, LongestReasonLength);
        if (request.Telemetry.Count > 0 || request.Outcomes.Count > 0)
        {
            await hub.Store.WriteAsync(db =>
            {
                foreach (Telemetry telemetry in request.Telemetry)
                    TelemetryTable.Add(db, device.Id, nowMs, telemetry);
                DeviceTable.Seen(db, device.Id, nowMs, request);
            });
            foreach (Telemetry telemetry in request.Telemetry)
                hub.Export?.Record(device, telemetry);
        }
        CheckInAnswer answer = new();
        ArtefactRow? newest = hub.Store.Read(db => ArtefactTable.Newest(db, device.Group));
        if (newest is not null && IsNews(newest, device, request))
            answer.Offer = newest.Offer;
        if (await hub.Rounds.AssignAsync(device, request) is { } task)
            answer.Task = task;
        answer.Statement = hub.Signer.Statement(request.Nonce.Span, hub.Now, newest?.Manifest.Version ?? 0);
        answer.ComeBack = hub.Pace.Next(hub.Rounds.OpenIn(device.Group) is not null);
        hub.Rounds.Count(device, request.CalculateSize(), answer.CalculateSize());
        return answer;
    }

    public override async Task Fetch(FetchRequest request, IServerStreamWriter<FetchChunk> responseStream, ServerCallContext context)
    {
        DeviceRow? device = CallAuthentication.DeviceOrNull(context);
        if (request.Digest.Length != Digest.LengthBytes)
            throw new RpcException(new Status(StatusCode.InvalidArgument, $"a digest of {request.Digest.Length} bytes, {Digest.LengthBytes} expected"));
        Digest digest = new(request.Digest.Span);
        bool known = hub.Store.Read(db => device is null ? ArtefactTable.Exists(db, digest) : ArtefactTable.Find(db, device.Group, digest) is not null);
        if (!known)
            throw new RpcException(new Status(StatusCode.NotFound, $"there is no artefact {digest.ToString()[..16]}... for this board"));
        using FileStream file = new(hub.Artefacts.PathOf(digest), FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 0);
        if (request.Offset > (ulong)file.Length)
            throw new RpcException(new Status(StatusCode.OutOfRange, $"the artefact has {file.Length} bytes, byte {request.Offset} was asked for"));
        file.Position = (long)request.Offset;
        long sent = 0;
        bool first = true;
        do
        {
            byte[] piece = new byte[(int)Math.Min(ChunkBytes, file.Length - file.Position)];
            file.ReadExactly(piece);
            FetchChunk chunk = new() { TotalBytes = first ? (ulong)file.Length : 0, Data = UnsafeByteOperations.UnsafeWrap(piece) };
            // A board that is revoked while it fetches gets no further piece.
            if (device is not null && hub.IsRevoked(device.Id))
                throw new RpcException(new Status(StatusCode.PermissionDenied, $"the board {device.IdText} was revoked"));
            await responseStream.WriteAsync(chunk, context.CancellationToken);
            sent += chunk.CalculateSize();
            first = false;
        }
        while (file.Position < file.Length);
        if (device is not null)
            hub.Rounds.Count(device, request.CalculateSize(), sent);
    }

    public override async Task<ReportAnswer> Report(ReportRequest request, ServerCallContext context)
    {
        DeviceRow device = CallAuthentication.DeviceOf(context);
        hub.Rounds.Count(device, request.CalculateSize(), 0);
        ReportAnswer answer = await _intake.TakeAsync(device, request);
        answer.ComeBack = hub.Pace.Next(hub.Rounds.OpenIn(device.Group) is not null);
        hub.Rounds.Count(device, 0, answer.CalculateSize());
        return answer;
    }

    /// <summary>Whether to offer the newest artefact: not when the board has it, nor when it has said no to it.</summary>
    static bool IsNews(ArtefactRow newest, DeviceRow device, CheckInRequest request)
    {
        ReadOnlySpan<byte> digest = newest.Manifest.Digest.ToArray();
        if (request.ModelDigest.Span.SequenceEqual(digest))
            return false;
        OfferOutcome? last = request.Outcomes.Count > 0 ? request.Outcomes[^1] : device.Outcome;
        return last is null || last.Kind == OfferOutcome.Types.Kind.Switched || !last.Digest.Span.SequenceEqual(digest);
    }
}
