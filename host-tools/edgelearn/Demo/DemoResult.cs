using System.Text.Json.Serialization;

namespace EdgeLearn.Cli;

/// <summary>One round of the demonstration.</summary>
/// <param name="Round">from 1</param>
/// <param name="Accuracy">on the hub's test set</param>
/// <param name="BytesUp">all boards to the hub</param>
/// <param name="BytesDown">the hub to all boards</param>
/// <param name="Reported">boards that counted</param>
/// <param name="Seconds">from opening to the new model</param>
sealed record DemoRound(int Round, double Accuracy, long BytesUp, long BytesDown, int Reported, double Seconds);

/// <summary>What the same data gives without the fleet, or without the rule.</summary>
/// <param name="Alone">the best single device on its own share</param>
/// <param name="Central">the same rule on the pooled data</param>
/// <param name="Frozen">the same rounds with hidden layers left random</param>
/// <param name="Backprop">the same rounds with backprop</param>
sealed record DemoControls(double Alone, double Central, double Frozen, double Backprop);

/// <summary>One board of the demonstration.</summary>
/// <param name="Name">what the hub calls it</param>
/// <param name="Examples">that it trained on</param>
/// <param name="PeakRssBytes">of its process</param>
/// <param name="StepMs">median time of a step in its last round</param>
sealed record DemoDevice(string Name, long Examples, long PeakRssBytes, double StepMs);

/// <summary>The JSON of the demonstration.</summary>
sealed record DemoResult(int Devices, IReadOnlyList<DemoRound> Rounds, double FinalAccuracy, DemoControls? Controls, string Data,
    string Network, string Rule, double Alpha, IReadOnlyList<long> DevicePeakRssBytes, IReadOnlyList<DemoDevice> PerDevice, double Seconds);

/// <summary>JSON of the demonstration without reflection.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, WriteIndented = true)]
[JsonSerializable(typeof(DemoResult))]
sealed partial class DemoJson : JsonSerializerContext;
