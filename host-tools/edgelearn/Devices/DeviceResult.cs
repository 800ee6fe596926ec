using EdgeLearn.Commands;
using EdgeLearn.Protocol;

namespace EdgeLearn.Cli;

/// <summary>A board as <c>device show --json</c> prints it.</summary>
/// <param name="DeviceId">16 hexadecimal digits of its key's fingerprint</param>
/// <param name="Name">what a person calls it</param>
/// <param name="Group">the group it is in</param>
/// <param name="Revoked">whether the hub refuses it</param>
/// <param name="RevokedReason">why; null when it is not revoked</param>
/// <param name="Enrolled">when it joined</param>
/// <param name="LastSeen">its last call; null = never</param>
/// <param name="CertificateExpires">it renews itself before</param>
/// <param name="ModelVersion">of the model in use; 0 = none</param>
/// <param name="ModelDigest">of the model in use; null = none</param>
/// <param name="Examples">that it could train on now</param>
/// <param name="AgentVersion">of its program</param>
/// <param name="Platform">such as linux-arm64</param>
/// <param name="AcceptedReports">updates that counted</param>
/// <param name="RefusedReports">updates that did not</param>
/// <param name="LastOutcome">what it did with the last model it was offered; null = nothing yet</param>
sealed record DeviceResult(
    string DeviceId,
    string Name,
    string Group,
    bool Revoked,
    string? RevokedReason,
    DateTimeOffset Enrolled,
    DateTimeOffset? LastSeen,
    DateTimeOffset CertificateExpires,
    ulong ModelVersion,
    string? ModelDigest,
    ulong Examples,
    string AgentVersion,
    string Platform,
    ulong AcceptedReports,
    ulong RefusedReports,
    OutcomeResult? LastOutcome)
{
    public static DeviceResult Of(DeviceView view) => new(
        view.DeviceId,
        view.Name,
        view.Group,
        view.Revoked,
        view.Revoked ? view.RevokedReason : null,
        DateTimeOffset.FromUnixTimeMilliseconds(view.EnrolledUnixMs),
        view.LastSeenUnixMs == 0 ? null : DateTimeOffset.FromUnixTimeMilliseconds(view.LastSeenUnixMs),
        DateTimeOffset.FromUnixTimeMilliseconds(view.CertificateExpiresUnixMs),
        view.ModelVersion,
        view.ModelDigest.IsEmpty ? null : Convert.ToHexStringLower(view.ModelDigest.Span),
        view.ExampleCount,
        view.AgentVersion,
        view.Platform,
        view.AcceptedReports,
        view.RefusedReports,
        view.LastOutcome is { Kind: not OfferOutcome.Types.Kind.Unspecified } outcome ? OutcomeResult.Of(outcome) : null);
}

/// <summary>What a board did with a model that it was offered.</summary>
/// <param name="Kind">switched, scored_worse, refused or rolled_back</param>
/// <param name="ModelDigest">of the offered model</param>
/// <param name="AccuracyBefore">of its old model on its held-out examples</param>
/// <param name="AccuracyAfter">of the offered one</param>
/// <param name="Reason">one line; null = none given</param>
sealed record OutcomeResult(string Kind, string ModelDigest, double? AccuracyBefore, double? AccuracyAfter, string? Reason)
{
    public static OutcomeResult Of(OfferOutcome outcome) => new(
        outcome.Kind switch
        {
            OfferOutcome.Types.Kind.Switched => "switched",
            OfferOutcome.Types.Kind.ScoredWorse => "scored_worse",
            OfferOutcome.Types.Kind.Refused => "refused",
            OfferOutcome.Types.Kind.RolledBack => "rolled_back",
            _ => "unknown",
        },
        Convert.ToHexStringLower(outcome.Digest.Span),
        outcome.HasAccuracyBefore ? JsonNumber.Finite(outcome.AccuracyBefore) : null,
        outcome.HasAccuracyAfter ? JsonNumber.Finite(outcome.AccuracyAfter) : null,
        outcome.Reason.Length == 0 ? null : outcome.Reason);
}

/// <summary>What <c>device list --json</c> prints.</summary>
sealed record DeviceListResult(IReadOnlyList<DeviceResult> Devices);

/// <summary>What <c>device token --json</c> prints.</summary>
/// <param name="Token">the word to give to the board; a secret until it is used</param>
/// <param name="TokenId">by which it can be revoked</param>
/// <param name="Group">that the board will be in</param>
/// <param name="Expires">by the hub's clock</param>
sealed record TokenResult(string Token, string TokenId, string Group, DateTimeOffset Expires);

/// <summary>What <c>device revoke --json</c> prints: the board or the token that is worth nothing from now on.</summary>
sealed record RevokeResult(string? DeviceId, string? TokenId);
