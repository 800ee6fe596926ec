using EdgeLearn.Protocol;
using Google.Protobuf;
using Grpc.Core;

namespace EdgeLearn.Hub;

/// <summary>
/// Takes in the pieces of an update. Resumable: pieces go to a file of the attempt, flushed before they are acknowledged. Exactly once: the
/// first final answer of an attempt is in the journal before it is given, and is the answer ever after.
/// </summary>
/// <param name="partial">folder of the updates that are not whole yet</param>
sealed class ReportIntake(
    RoundBook book, RoundRules rules, ContentStore artefacts, ContentStore updates, string partial, TelemetryExport? export,
    Action<string> log)
{
    /// <summary>Largest piece, in bytes.</summary>
    public const int LargestPieceBytes = 1 << 20;

    public async Task<ReportAnswer> TakeAsync(DeviceRow device, ReportRequest request)
    {
        if (request.Data.Length > LargestPieceBytes)
            throw Fault.Invalid($"a piece of {request.Data.Length} bytes, at most {LargestPieceBytes} expected");
        if (request.Attempt.Length != 16)
            return Refuse(Refusal.UnknownAttempt, $"an attempt has 16 bytes, not {request.Attempt.Length}");
        Guid id = new(request.Attempt.Span, bigEndian: true);
        if (book.FindOpen(id) is not { } found)
            return await TakeLateAsync(device, id);
        (var round, var attempt) = found;
        if (attempt.Device != device.Id)
            return Refuse(Refusal.UnknownAttempt, "the attempt is another board's");
        await attempt.Upload.WaitAsync();
        try
        {
            if (attempt.State != AttemptState.Assigned)
            {
                book.CountDuplicate(round);
                return Final(attempt);
            }
            return await TakeOpenAsync(device, round, attempt, request);
        }
        finally
        {
            attempt.Upload.Release();
        }
    }

    async Task<ReportAnswer> TakeLateAsync(DeviceRow device, Guid id)
    {
        if (book.Find(id) is not { } row || row.Device != device.Id)
            return Refuse(Refusal.UnknownAttempt, "the hub has given out no such attempt to this board");
        const string Late = "the round was over before the report was whole";
        if (row.State == AttemptState.Assigned)
            await book.LateAsync(row, id, Late);
        return row.State switch
        {
            AttemptState.Accepted => new ReportAnswer { State = ReportAnswer.Types.State.Accepted },
            AttemptState.Refused => Refuse(row.Refusal, row.Reason),
            _ => Refuse(Refusal.Late, Late),
        };
    }

    async Task<ReportAnswer> TakeOpenAsync(DeviceRow device, Round round, Attempt attempt, ReportRequest request)
    {
        if (request.Failure.Length > 0)
            return await RefuseAsync(round, attempt, Refusal.Failed, PlainText.Of(request.Failure, 200));
        if (round.State != RoundView.Types.State.Open)
            return await RefuseAsync(round, attempt, Refusal.Late, "the round was closed before the report was whole");
        if (CheckHeader(device, round, attempt, request, out var header) is { } fault)
            return await RefuseAsync(round, attempt, fault.Refusal, fault.Reason);
        if (header!.ContentLength < 0 || header.ContentLength > UpdateCodec.Of(header.Codec).LargestContentBytes(ShapeOf(round)))
        {
            return await RefuseAsync(round, attempt, Refusal.WrongShape,
                $"{header.ContentLength} bytes of content are more than this model and codec can give");
        }
        string file = FileOf(attempt);
        byte[] headerBytes = request.Header.ToByteArray();
        if (attempt.PendingHeader is { } pending && !pending.AsSpan().SequenceEqual(headerBytes))
            File.Delete(file);  // the board has trained again; what came before is of another update
        attempt.PendingHeader = headerBytes;
        long held = File.Exists(file) ? new FileInfo(file).Length : 0;
        if (held > 0 && held >= header.ContentLength)
        {
            File.Delete(file);
            held = 0;
        }
        if (request.Offset != (ulong)held)
            return More(held);
        if (request.Data.Length > header.ContentLength - held)
            return await RefuseAsync(round, attempt, Refusal.Malformed, $"more data than the {header.ContentLength} bytes of the header");
        if (held + request.Data.Length < header.ContentLength)
            return request.Data.IsEmpty ? More(held) : More(Append(file, request.Data));
        return await CompleteAsync(round, attempt, request, header, device, file, held);
    }

    async Task<ReportAnswer> CompleteAsync(
        Round round, Attempt attempt, ReportRequest request, UpdateHeader header, DeviceRow device, string file, long held)
    {
        Append(file, request.Data);
        if (DigestOf(file) != header.Content)
        {
            File.Delete(file);
            // Pieces that survived a crash of the hub may be damaged; the board gets one chance to send them again.
            if (held > 0 && attempt.Restarts++ == 0)
                return More(0);
            return await RefuseAsync(round, attempt, Refusal.BadSignature,
                "the content is not the one that the board signed: its SHA-256 differs");
        }
        var shape = ShapeOf(round);
        UpdateContext context = new(shape, round.Id, device.Id, round.Directions);
        if (Check(context, round.Request.Codec, file, out string reason) is not Refusal.None and var refusal)
        {
            File.Delete(file);
            return await RefuseAsync(round, attempt, refusal, reason);
        }
        updates.Adopt(file, header.Content);
        JournalEntry entry = new()
        {
            Accepted = new()
            {
                Attempt = request.Attempt,
                Header = request.Header,
                Signature = request.Signature,
                PublicKey = ByteString.CopyFrom(device.PublicKey),
                Weight = Math.Min(header.ExampleCount, round.Request.ExampleLimit),
            },
        };
        if (request.Telemetry is { } telemetry)
        {
            telemetry.Round = round.Id;
            export?.Record(device, telemetry);
        }
        await rules.FinishAsync(round, attempt, entry, request.Telemetry);
        return Final(attempt);
    }

    static FileStream Read(string file) => new(file, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 1 << 16);

    static Digest DigestOf(string file)
    {
        using var content = Read(file);
        return Digest.Of(content);
    }

    static Refusal Check(in UpdateContext context, Codec codec, string file, out string reason)
    {
        using var content = Read(file);
        return UpdateCodec.Of(codec).Check(context, content, out reason);
    }

    static (Refusal Refusal, string Reason)? CheckHeader(DeviceRow device, Round round, Attempt attempt, ReportRequest request,
        out UpdateHeader? header)
    {
        header = null;
        if (!FleetKey.Verify(device.PublicKey, SignedThing.Update, request.Header.Span, request.Signature.Span))
            return (Refusal.BadSignature, "the header is not signed by this board's key");
        try
        {
            header = UpdateHeader.Parse(request.Header.Span);
        }
        catch (EdgeLearnException e)
        {
            return (Refusal.Malformed, e.Message);
        }
        if (header.Attempt != attempt.Id || header.Device != device.Id || header.Round != round.Id)
            return (Refusal.BadSignature, "the header was signed for another attempt");
        if (header.Codec != round.Request.Codec)
            return (Refusal.WrongCodec, $"the update is written as {header.Codec}, the task asks for {round.Request.Codec}");
        if (header.Base != round.BaseManifest.Digest)
            return (Refusal.WrongBase, "the update was trained from another model");
        if (header.Shape != round.Shape)
            return (Refusal.WrongShape, "the update is for a model of another shape");
        if (header.ExampleCount == 0)
            return (Refusal.NoExamples, "the board trained on no examples");
        if (!double.IsFinite(header.Norm) || header.Norm < 0)
            return (Refusal.NonFinite, $"the norm of the change is {header.Norm}");
        return null;
    }

    UpdateShape ShapeOf(Round round)
    {
        if (round.UpdateShape is { } known)
            return known;
        using var model = new RoundModel(artefacts.Model(round.BaseManifest.Digest), round.Request.Training);
        return round.UpdateShape = model.Shape;
    }

    async Task<ReportAnswer> RefuseAsync(Round round, Attempt attempt, Refusal refusal, string reason)
    {
        log($"round {round.Id}: the report of {DeviceRow.TextOf(attempt.Device)} is refused: {reason}");
        await rules.FinishAsync(round, attempt, RoundRequests.Refused(attempt.Id, refusal, reason));
        File.Delete(FileOf(attempt));
        return Final(attempt);
    }

    string FileOf(Attempt attempt) => Path.Combine(partial, attempt.Id.ToString("N"));

    static long Append(string path, ByteString data)
    {
        using FileStream file = new(path, FileMode.Append, FileAccess.Write, FileShare.None, bufferSize: 0);
        file.Write(data.Span);
        file.Flush(flushToDisk: true);
        return file.Length;
    }

    static ReportAnswer Final(Attempt attempt) => attempt.State switch
    {
        AttemptState.Accepted => new ReportAnswer { State = ReportAnswer.Types.State.Accepted },
        AttemptState.Refused => Refuse(attempt.Refusal, attempt.Reason),
        _ => throw Fault.Of(StatusCode.Unavailable, "the hub could not write the report down: send it again"),
    };

    static ReportAnswer Refuse(Refusal refusal, string reason)
        => new() { State = ReportAnswer.Types.State.Refused, Refusal = refusal, Reason = reason };

    static ReportAnswer More(long held) => new() { State = ReportAnswer.Types.State.More, CommittedBytes = (ulong)held };
}
