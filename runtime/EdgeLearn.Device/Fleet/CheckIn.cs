using System.Security.Cryptography;
using EdgeLearn.Protocol;
using Google.Protobuf;

namespace EdgeLearn.Device;

/// <summary>The question of a check-in.</summary>
static class CheckIn
{
    /// <summary>Bytes of the nonce.</summary>
    public const int NonceBytes = 16;

    /// <summary>A request with a fresh nonce, the model in use and all outcomes that the hub has not heard.</summary>
    public static CheckInRequest Request(AgentSession session, IEnumerable<Telemetry> telemetry, bool busy)
    {
        var state = session.State;
        var request = new CheckInRequest
        {
            Nonce = ByteString.CopyFrom(RandomNumberGenerator.GetBytes(NonceBytes)),
            ExampleCount = (ulong)session.Learner.ExampleCount,
            AgentVersion = BoardReadings.AgentVersion,
            Busy = busy,
        };
        request.Codecs.AddRange(session.Learner.Codecs);
        request.Telemetry.AddRange(telemetry);
        if (busy) return WithModel(request, state.Current);
        foreach (var kept in state.Outcomes)
        {
            var outcome = new OfferOutcome
            {
                Digest = ByteString.CopyFrom(Convert.FromHexString(kept.Digest)),
                Kind = kept.Kind,
                Reason = kept.Reason
            };
            if (kept.AccuracyBefore is { } before) outcome.AccuracyBefore = before;
            if (kept.AccuracyAfter is { } after) outcome.AccuracyAfter = after;
            request.Outcomes.Add(outcome);
        }

        return WithModel(request, state.Current);
    }

    static CheckInRequest WithModel(CheckInRequest request, KeptModel? model)
    {
        if (model is null) return request;
        request.ModelDigest = ByteString.CopyFrom(model.Key.ToArray());
        request.ModelVersion = model.Version;
        return request;
    }
}
