using EdgeLearn.Protocol;
using Google.Protobuf;
using Grpc.Core;

namespace EdgeLearn.Hub;

/// <summary>Small pure steps of a round: defaults and limits of a request, entries, the view of an end.</summary>
static class RoundRequests
{
    /// <summary>A copy with every default filled in.</summary>
    /// <exception cref="RpcException">InvalidArgument: something that no round can do.</exception>
    public static RunRoundRequest Fill(RunRoundRequest request, TimeSpan deadline, TimeSpan longest)
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
            filled.DeadlineMs = (long)deadline.TotalMilliseconds;
        if (filled.MinimumReports == 0)
            filled.MinimumReports = 1;
        if (filled.ExampleLimit == 0 || filled.ExampleLimit > FixedPointSum.WeightLimit)
            filled.ExampleLimit = FixedPointSum.WeightLimit;
        if (filled.DeadlineMs < 0 || filled.DeadlineMs > longest.TotalMilliseconds)
            throw Invalid($"a deadline of {filled.DeadlineMs} ms, 1 to {longest.TotalMilliseconds} expected");
        if (filled.ExpectedDevices > FixedPointSum.CountLimit)
            throw Invalid($"{filled.ExpectedDevices} boards in one round, at most {FixedPointSum.CountLimit} are possible");
        if (!filled.BaseDigest.IsEmpty && filled.BaseDigest.Length != Digest.LengthBytes)
            throw Invalid("the base model's digest is not one");
        try
        {
            var settings = filled.Training.ToSettings();
            var codec = UpdateCodec.Of(filled.Codec);
            codec.CheckSettings(settings);
            Aggregator.Of(filled.Aggregator, codec);
        }
        catch (EdgeLearnException e)
        {
            throw Invalid(e.Message);
        }
        return filled;
    }

    public static JournalEntry Refused(Guid attempt, Refusal refusal, string reason) => new()
    {
        Refused = new() { Attempt = ByteString.CopyFrom(attempt.ToByteArray(bigEndian: true)), Refusal = refusal, Reason = reason },
    };

    /// <summary>What a round's view becomes by its last entry.</summary>
    public static void Preview(RoundView view, JournalEntry entry)
    {
        if (entry.ChangeCase == JournalEntry.ChangeOneofCase.Abandoned)
        {
            view.State = RoundView.Types.State.Abandoned;
            view.Reason = entry.Abandoned.Reason;
        }
        else if (entry.ChangeCase == JournalEntry.ChangeOneofCase.Committed)
        {
            var manifest = ArtefactManifest.Parse(entry.Committed.Manifest.Manifest.Span);
            view.State = RoundView.Types.State.Committed;
            view.ModelDigest = ByteString.CopyFrom(manifest.Digest.ToArray());
            view.ModelVersion = manifest.Version;
            if (entry.Committed.HasAccuracy)
                view.Accuracy = entry.Committed.Accuracy;
            if (entry.Committed.HasLoss)
                view.Loss = entry.Committed.Loss;
        }
    }

    /// <summary>The name of a group: letters, digits and -_. , at most 64.</summary>
    public static string Group(string name)
    {
        if (name.Length == 0)
            return HubOptions.DefaultGroup;
        if (name.Length > 64 || !name.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' or '.'))
            throw Invalid($"'{name}' cannot be the name of a group: use letters, digits and -_. , at most 64 of them");
        return name;
    }

    public static RpcException Failed(string detail) => new(new Status(StatusCode.FailedPrecondition, detail));

    public static RpcException Invalid(string detail) => new(new Status(StatusCode.InvalidArgument, detail));
}
