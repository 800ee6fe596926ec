using System.Text.Json.Serialization;

namespace EdgeLearn.Cli;

/// <summary>What the commands of the fleet print with <c>--json</c>.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(ServeResult))]
[JsonSerializable(typeof(TokenResult))]
[JsonSerializable(typeof(DeviceResult))]
[JsonSerializable(typeof(DeviceListResult))]
[JsonSerializable(typeof(RevokeResult))]
[JsonSerializable(typeof(PushResult))]
[JsonSerializable(typeof(RoundResult))]
[JsonSerializable(typeof(RoundListResult))]
[JsonSerializable(typeof(RoundRunResult))]
[JsonSerializable(typeof(TelemetryResult))]
[JsonSerializable(typeof(TelemetryListResult))]
[JsonSerializable(typeof(VersionResult))]
sealed partial class FleetJson : JsonSerializerContext;
