using EdgeLearn.Protocol;
using Google.Protobuf;
using Grpc.Core;

namespace EdgeLearn.Hub;

/// <summary>Small pure steps of a round: defaults and limits of a request, names of groups, entries.</summary>
static class RoundRequests
{
    static readonly TimeSpan s_defaultDeadline = TimeSpan.FromMinutes(10);
    static readonly TimeSpan s_longestDeadline = TimeSpan.FromDays(7);

    /// <summary>A copy with every default filled in.</summary>
    /// <exception cref="RpcException">InvalidArgument: something that no round can do.</exception>
    public static RunRoundRequest Fill(RunRoundRequest request)
    {
        var filled = request.Clone();
        filled.Training ??= RoundTraining.From(new TrainingSettings());
        if (filled.RequestId.Length == 0)
            filled.RequestId = Guid.NewGuid().ToString("N");
        if (filled.Group.Length == 0)
            filled.Group = HubOptions.DefaultGroup;
        if (filled.Codec == Codec.Unspecified)
            filled.Codec = Codec.Float32;
        if (filled.DeadlineMs == 0)
            filled.DeadlineMs = (long)s_defaultDeadline.TotalMilliseconds;
        if (filled.MinimumReports == 0)
            filled.MinimumReports = 1;
        if (filled.ExampleLimit == 0 || filled.ExampleLimit > FixedPointSum.WeightLimit)
            filled.ExampleLimit = FixedPointSum.WeightLimit;
        if (filled.DeadlineMs < 0 || filled.DeadlineMs > s_longestDeadline.TotalMilliseconds)
            throw Fault.Invalid($"a deadline of {filled.DeadlineMs} ms, 1 to {s_longestDeadline.TotalMilliseconds} expected");
        if (filled.ExpectedDevices > FixedPointSum.CountLimit)
            throw Fault.Invalid($"{filled.ExpectedDevices} boards in one round, at most {FixedPointSum.CountLimit} are possible");
        if (!filled.BaseDigest.IsEmpty && filled.BaseDigest.Length != Digest.LengthBytes)
            throw Fault.Invalid("the base model's digest is not one");
        try
        {
            var settings = filled.Training.ToSettings();
            var codec = UpdateCodec.Of(filled.Codec);
            codec.CheckSettings(settings);
            Aggregator.Of(filled.Aggregator, codec);
        }
        catch (EdgeLearnException e)
        {
            throw Fault.Invalid(e.Message);
        }
        return filled;
    }

    public static JournalEntry Refused(Guid attempt, Refusal refusal, string reason) => new()
    {
        Refused = new() { Attempt = ByteString.CopyFrom(attempt.ToByteArray(bigEndian: true)), Refusal = refusal, Reason = reason },
    };

    /// <summary>The name of a group: letters, digits and -_. , at most 64.</summary>
    public static string Group(string name)
    {
        if (name.Length == 0)
            return HubOptions.DefaultGroup;
        if (name.Length > 64 || !name.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' or '.'))
            throw Fault.Invalid($"'{name}' cannot be the name of a group: use letters, digits and -_. , at most 64 of them");
        return name;
    }
}

/// <summary>What a round must have before it opens: a base whose successor the round key may sign, a shape, boards.</summary>
sealed class RoundOpening(FleetStore store, ContentStore artefacts, RoundSigner signer)
{
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
            throw Fault.Failed($"the group {filled.Group} has no such model: push one first with 'edgelearn push'");
        if (signer.Fault(start.Offer, newest.Offer, filled.Group) is { } fault)
            throw Fault.Failed($"no round can start from this model: {fault}");
        Digest shape;
        using (var model = new RoundModel(artefacts.Model(start.Manifest.Digest), filled.Training))
            shape = model.Shape.Hash;
        filled.BaseDigest = ByteString.CopyFrom(start.Manifest.Digest.ToArray());
        uint population = (uint)store.Read(db => DeviceTable.CountActive(db, filled.Group));
        uint expected = filled.ExpectedDevices == 0 ? Math.Max(1, population) : filled.ExpectedDevices;
        if (filled.MinimumReports > expected)
            throw Fault.Invalid($"at least {filled.MinimumReports} reports are asked for, but only {expected} boards are expected");
        return new() { Request = filled, Base = start.Offer, Expected = expected, Shape = ByteString.CopyFrom(shape.ToArray()) };
    }
}
