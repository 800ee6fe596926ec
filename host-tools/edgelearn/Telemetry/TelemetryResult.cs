using EdgeLearn.Commands;
using EdgeLearn.Protocol;

namespace EdgeLearn.Cli;

/// <summary>One report of a board on itself; what it does not know is null.</summary>
/// <param name="DeviceId">16 hexadecimal digits</param>
/// <param name="Name">what a person calls the board</param>
/// <param name="Time">when the hub stored it, by the hub's clock</param>
/// <param name="Round">0 = outside a round</param>
/// <param name="Loss">mean training loss of the local run</param>
/// <param name="Accuracy">on the board's own held-out examples</param>
/// <param name="Figures">what the same say beside it</param>
/// <param name="StepMs">median time of a training step</param>
/// <param name="RssBytes">peak resident memory</param>
/// <param name="TemperatureCelsius">of the board</param>
/// <param name="BytesUp">sent since its last report</param>
/// <param name="BytesDown">received since its last report</param>
/// <param name="Examples">trained on</param>
/// <param name="Seconds">of local training</param>
sealed record TelemetryResult(
    string DeviceId,
    string Name,
    DateTimeOffset Time,
    ulong Round,
    double? Loss,
    double? Accuracy,
    TestFigures? Figures,
    double? StepMs,
    ulong? RssBytes,
    double? TemperatureCelsius,
    ulong? BytesUp,
    ulong? BytesDown,
    ulong? Examples,
    double? Seconds)
{
    public static TelemetryResult Of(TelemetryView view)
    {
        var telemetry = view.Telemetry;
        return new TelemetryResult(
            view.DeviceId,
            view.Name,
            DateTimeOffset.FromUnixTimeMilliseconds(view.UnixMs),
            telemetry.Round,
            telemetry.HasLoss ? JsonNumber.Finite(telemetry.Loss) : null,
            telemetry.HasAccuracy ? JsonNumber.Finite(telemetry.Accuracy) : null,
            telemetry.Figures.Shown(),
            telemetry.HasStepMs ? JsonNumber.Finite(telemetry.StepMs) : null,
            telemetry.HasRssBytes ? telemetry.RssBytes : null,
            telemetry.HasTemperatureCelsius ? JsonNumber.Finite(telemetry.TemperatureCelsius) : null,
            telemetry.HasBytesUp ? telemetry.BytesUp : null,
            telemetry.HasBytesDown ? telemetry.BytesDown : null,
            telemetry.HasExamples ? telemetry.Examples : null,
            telemetry.HasSeconds ? JsonNumber.Finite(telemetry.Seconds) : null);
    }
}

/// <summary>What <c>telemetry --json</c> prints, oldest first.</summary>
sealed record TelemetryListResult(IReadOnlyList<TelemetryResult> Telemetry);
