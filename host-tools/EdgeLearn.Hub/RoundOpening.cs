using EdgeLearn.Protocol;
using Google.Protobuf;
using Grpc.Core;

namespace EdgeLearn.Hub;

/// <summary>What a round must have before it opens: a base whose successor the round key may sign, a shape, boards.</summary>
sealed class RoundOpening(FleetStore store, ContentStore artefacts, RoundSigner signer)
{
    static readonly TimeSpan s_defaultDeadline = TimeSpan.FromMinutes(10);
    static readonly TimeSpan s_longestDeadline = TimeSpan.FromDays(7);

    /// <summary>A copy of a request with every default filled in, but for the base.</summary>
    /// <exception cref="RpcException">InvalidArgument: something that no round can do.</exception>
    public static RunRoundRequest Fill(RunRoundRequest request) => RoundRequests.Fill(request, s_defaultDeadline, s_longestDeadline);

    /// <summary>The first entry of a round; fills in the request's base.</summary>
    /// <exception cref="RpcException">FailedPrecondition: no base, or one without successor. InvalidArgument: too few boards.</exception>
    public JournalEntry.Types.Opened Prepare(RunRoundRequest filled)
    {
        (var newest, var start) = store.Read(db =>
        {
            var last = ArtefactTable.Newest(db, filled.Group);
            return (last, filled.BaseDigest.IsEmpty ? last : ArtefactTable.Find(db, filled.Group, new Digest(filled.BaseDigest.Span)));
        });
        if (newest is null || start is null)
            throw RoundRequests.Failed($"the group {filled.Group} has no such model: push one first with 'edgelearn push'");
        if (signer.Fault(start.Offer, newest.Offer, filled.Group) is { } fault)
            throw RoundRequests.Failed($"no round can start from this model: {fault}");
        Digest shape;
        using (var model = RoundModel.Read(artefacts.Read(start.Manifest.Digest), "the base model", filled.Training))
            shape = model.Shape.Hash;
        filled.BaseDigest = ByteString.CopyFrom(start.Manifest.Digest.ToArray());
        uint population = (uint)store.Read(db => DeviceTable.CountActive(db, filled.Group));
        uint expected = filled.ExpectedDevices == 0 ? Math.Max(1, population) : filled.ExpectedDevices;
        if (filled.MinimumReports > expected)
            throw RoundRequests.Invalid($"at least {filled.MinimumReports} reports are asked for, but only {expected} boards are expected");
        return new() { Request = filled, Base = start.Offer, Expected = expected, Shape = ByteString.CopyFrom(shape.ToArray()) };
    }
}
