using System.Text.Json.Serialization;

namespace EdgeLearn.Commands;

/// <summary>The JSON of all results, without reflection.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    GenerationMode = JsonSourceGenerationMode.Serialization)]
[JsonSerializable(typeof(TrainResult))]
[JsonSerializable(typeof(EvaluateResult))]
[JsonSerializable(typeof(PlanResult))]
[JsonSerializable(typeof(AboutResult))]
[JsonSerializable(typeof(ModelResult))]
[JsonSerializable(typeof(SelfTestResult))]
[JsonSerializable(typeof(StepBenchResult))]
sealed partial class ResultJson : JsonSerializerContext;
