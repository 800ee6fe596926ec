using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using EdgeLearn.Protocol;
using Google.Protobuf;
using Grpc.Core;

namespace EdgeLearn.Tests;

/// <summary>The calls of the fake hub, as the contract describes them.</summary>
sealed class FakeFleetService(HubScript script) : Fleet.FleetBase
{
    const int ChunkBytes = 1000;

    public override Task<AuthorityAnswer> Authority(AuthorityRequest request, ServerCallContext context) =>
        Task.FromResult(new AuthorityAnswer { AuthorityCertificate = ByteString.CopyFrom(script.Fleet.Trust.AuthorityCertificate) });

    public override Task<EnrollAnswer> Enroll(EnrollRequest request, ServerCallContext context)
    {
        script.OnCall?.Invoke(nameof(Enroll));
        script.EnrollCalls++;
        var id = new Guid(request.TokenId.Span, bigEndian: true);
        if (!script.Tokens.TryGetValue(id, out var token) || !token.Secret.AsSpan().SequenceEqual(request.TokenSecret.Span))
            throw HubScript.Fail(StatusCode.Unauthenticated, "the token is not known");
        if (token.Expires < DateTimeOffset.UtcNow)
            throw HubScript.Fail(StatusCode.Unauthenticated, $"the token expired at {token.Expires:u}");
        var read = CertificateRequest.LoadSigningRequest(request.CertificateRequest.ToByteArray(), HashAlgorithmName.SHA256,
            CertificateRequestLoadOptions.Default);
        byte[] key = read.PublicKey.ExportSubjectPublicKeyInfo();
        if (!script.UsedTokens.GetOrAdd(id, key).AsSpan().SequenceEqual(key))
            throw HubScript.Fail(StatusCode.Unauthenticated, "the token was used by another board");
        var answer = new EnrollAnswer
        {
            DeviceId = HubScript.DeviceIdOf(read.PublicKey),
            Certificate = ByteString.CopyFrom(script.IssueDevice(request.CertificateRequest.ToByteArray())),
            AuthorityCertificate = ByteString.CopyFrom(script.Fleet.Trust.AuthorityCertificate),
            ReleasePublicKey = ByteString.CopyFrom(script.Fleet.ReleaseKey.PublicKey.Span),
            RoundPublicKey = ByteString.CopyFrom(script.Fleet.RoundKey.PublicKey.Span),
            Group = TestFleet.Group,
            Statement = script.Statement([], 0),
            CertificateLifeSeconds = (uint)script.CertificateLife.TotalSeconds,
        };
        script.SpoilEnrollment?.Invoke(answer);
        return Task.FromResult(answer);
    }

    public override Task<RenewAnswer> Renew(RenewRequest request, ServerCallContext context)
    {
        Authenticate(context);
        script.RenewCalls++;
        return Task.FromResult(
            new RenewAnswer { Certificate = ByteString.CopyFrom(script.IssueDevice(request.CertificateRequest.ToByteArray())) });
    }

    public override Task<CheckInAnswer> CheckIn(CheckInRequest request, ServerCallContext context)
    {
        Authenticate(context);
        script.OnCall?.Invoke(nameof(CheckIn));
        lock (script)
        {
            script.CheckIns.Add(request);
            script.Outcomes.AddRange(request.Outcomes);
            var answer = new CheckInAnswer
            {
                Statement = script.Statement(request.Nonce.Span, script.NewestVersion),
                ComeBack = new Window { MinMs = 1, MaxMs = 5 }
            };
            if (script.Offer is { } offer && !Settled(offer, request)) answer.Offer = offer;
            if (script.Task is { } task && !script.Counted.ContainsKey(task.Attempt)) answer.Task = task;
            script.SpoilCheckIn?.Invoke(answer);
            return Task.FromResult(answer);
        }
    }

    public override async Task Fetch(FetchRequest request, IServerStreamWriter<FetchChunk> responseStream, ServerCallContext context)
    {
        Authenticate(context);
        script.OnCall?.Invoke(nameof(Fetch));
        if (!script.Artefacts.TryGetValue(new Digest(request.Digest.Span), out byte[]? content))
            throw HubScript.Fail(StatusCode.NotFound, "no such artefact");
        script.FetchOffsets.Add(request.Offset);
        int? cut = script.CutFetchAfterBytes;
        script.CutFetchAfterBytes = null;
        for (int at = (int)request.Offset, sent = 0; at < content.Length; at += ChunkBytes, sent += ChunkBytes)
        {
            if (sent >= cut) throw HubScript.Fail(StatusCode.Unavailable, "cut");
            var chunk = new FetchChunk { Data = ByteString.CopyFrom(content.AsSpan(at, Math.Min(ChunkBytes, content.Length - at))) };
            if (sent == 0) chunk.TotalBytes = (ulong)content.Length;
            await responseStream.WriteAsync(chunk);
        }
    }

    public override Task<ReportAnswer> Report(ReportRequest request, ServerCallContext context)
    {
        byte[] key = Authenticate(context);
        script.OnCall?.Invoke(nameof(Report));
        lock (script)
        {
            if (request.Failure.Length > 0)
            {
                script.Failures.Add(request.Failure);
                script.Task = null;
                return Task.FromResult(Refused(Refusal.Failed, request.Failure));
            }

            var answer = Take(request, key);
            if (answer.State == ReportAnswer.Types.State.Accepted && script.LostReportAnswers-- > 0)
                throw HubScript.Fail(StatusCode.Unavailable, "the answer was lost");
            return Task.FromResult(answer);
        }
    }

    ReportAnswer Take(ReportRequest request, byte[] key)
    {
        if (script.Counted.ContainsKey(request.Attempt)) return new ReportAnswer { State = ReportAnswer.Types.State.Accepted };
        if (script.Task?.Attempt != request.Attempt) return Refused(Refusal.UnknownAttempt, "not an attempt of this board");
        if (!FleetKey.Verify(key, SignedThing.Update, request.Header.Span, request.Signature.Span))
            return Refused(Refusal.BadSignature, "signature");
        var header = UpdateHeader.Parse(request.Header.Span);
        if (!script.Uploads.TryGetValue(request.Attempt, out var held)) script.Uploads[request.Attempt] = held = new MemoryStream();
        if ((long)request.Offset == held.Length) held.Write(request.Data.Span);
        if (held.Length < header.ContentLength)
            return new ReportAnswer { State = ReportAnswer.Types.State.More, CommittedBytes = (ulong)held.Length };
        byte[] content = held.ToArray();
        if (Digest.Of(content) != header.Content) return Refused(Refusal.BadSignature, "digest");
        script.Counted[request.Attempt] = (1, header, content, request.Telemetry);
        return new ReportAnswer { State = ReportAnswer.Types.State.Accepted, CommittedBytes = (ulong)held.Length };
    }

    byte[] Authenticate(ServerCallContext context)
    {
        var certificate = context.GetHttpContext().Connection.ClientCertificate;
        if (certificate is null || script.Fleet.Trust.Fault(certificate, FleetRole.Device, DateTimeOffset.UtcNow) is not null)
            throw HubScript.Fail(StatusCode.Unauthenticated, "no certificate of this fleet");
        if (script.RevokedReason is { } reason) throw HubScript.Fail(StatusCode.PermissionDenied, $"revoked: {reason}");
        return certificate.PublicKey.ExportSubjectPublicKeyInfo();
    }

    bool Settled(ArtefactOffer offer, CheckInRequest request)
    {
        var digest = ArtefactManifest.Parse(offer.Artefact.Manifest.Span).Digest;
        return !request.ModelDigest.IsEmpty && new Digest(request.ModelDigest.Span) == digest
            || script.Outcomes.Any(outcome => new Digest(outcome.Digest.Span) == digest
            && outcome.Kind != OfferOutcome.Types.Kind.Switched);
    }

    static ReportAnswer Refused(Refusal refusal, string reason)
        => new() { State = ReportAnswer.Types.State.Refused, Refusal = refusal, Reason = reason };
}
