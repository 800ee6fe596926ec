using System.Text.Json.Serialization;
using EdgeLearn.Protocol;

namespace EdgeLearn.Device;

/// <summary>What survives a restart. A change is in force when the file is written: switching models is one write.</summary>
sealed record DeviceState
{
    /// <summary>The model in use; null = none yet.</summary>
    public KeptModel? Current { get; init; }

    /// <summary>The one before, to go back to.</summary>
    public KeptModel? Previous { get; init; }

    /// <summary>Greatest version ever used: nothing at or below it is accepted again.</summary>
    public ulong NewestVersion { get; init; }

    /// <summary>Greatest push ever accepted, itself or as an origin.</summary>
    public ulong NewestRelease { get; init; }

    /// <summary>Not yet heard by the hub.</summary>
    public IReadOnlyList<KeptOutcome> Outcomes { get; init; } = [];

    /// <summary>The trial of a model that is under way.</summary>
    public Venture? Trial { get; init; }

    /// <summary>The training that is under way.</summary>
    public Venture? Training { get; init; }

    /// <summary>The state after one more start of something.</summary>
    internal static Venture Begin(Venture? old, string key) => new(key, old?.Key == key ? old.Starts + 1 : 1);
}

/// <summary>A model file that the board keeps.</summary>
/// <param name="Digest">64 hexadecimal digits; the name of the file</param>
/// <param name="Version">From its manifest.</param>
sealed record KeptModel(string Digest, ulong Version)
{
    /// <summary>The digest as bytes.</summary>
    [JsonIgnore]
    public Digest Key => new(Convert.FromHexString(Digest));
}

/// <summary>What became of an offer; kept until the hub has heard it.</summary>
/// <param name="Digest">64 hexadecimal digits</param>
/// <param name="Kind">What happened.</param>
/// <param name="AccuracyBefore">Of the old model on the held-out examples; null = not scored.</param>
/// <param name="AccuracyAfter">Of the offered one.</param>
/// <param name="Reason">One line.</param>
sealed record KeptOutcome(string Digest, OfferOutcome.Types.Kind Kind, double? AccuracyBefore, double? AccuracyAfter, string Reason);

[JsonSourceGenerationOptions(WriteIndented = true, PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    UseStringEnumConverter = true, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(DeviceIdentity))]
[JsonSerializable(typeof(DeviceState))]
sealed partial class DeviceJson : JsonSerializerContext;

/// <summary>Something that was begun and must be counted, since a model may kill the process that loads it.</summary>
/// <param name="Key">Digest of the model on trial, or attempt of the training; hexadecimal.</param>
/// <param name="Starts">How often it was begun without coming to an end.</param>
sealed record Venture(string Key, int Starts);
