using System.Globalization;
using EdgeLearn.Commands;
using EdgeLearn.Protocol;

namespace EdgeLearn.Cli;

/// <summary>A round as <c>round list --json</c>, <c>round watch --json</c> and <c>round run --json</c> print it.</summary>
/// <param name="Round">its number in the fleet</param>
/// <param name="Group">whose boards take part</param>
/// <param name="State">open, aggregating, committed or abandoned</param>
/// <param name="Codec">what travels: float32, sign or records</param>
/// <param name="Rule">the learning rule</param>
/// <param name="Update">the update rule</param>
/// <param name="LearningRate">of the last layer, constant in the round; null = the factor times what suits rule, update and network</param>
/// <param name="RateFactor">of the schedule over the rounds</param>
/// <param name="Accuracy">of the result on the hub's test set; null = it has none</param>
/// <param name="Loss">on the same</param>
/// <param name="Figures">what the same says beside them; null = it has no test set</param>
/// <param name="BytesUp">messages of the boards</param>
/// <param name="BytesDown">messages to the boards</param>
/// <param name="UpdateBytesUp">contents of the counted updates alone</param>
/// <param name="Expected">boards</param>
/// <param name="Assigned">boards that took the task</param>
/// <param name="Reported">updates that count</param>
/// <param name="Refused">updates that do not, by reason</param>
/// <param name="Duplicates">repeated reports, answered and not counted again</param>
/// <param name="Examples">sum over the counted updates</param>
/// <param name="Seconds">from opening to the end, or until now</param>
/// <param name="BaseDigest">the model that it started from</param>
/// <param name="ModelVersion">of the result; 0 = none</param>
/// <param name="ModelDigest">of the result; null = none</param>
/// <param name="Reason">why it was abandoned; null = it was not</param>
/// <param name="Opened">by the hub's clock</param>
sealed record RoundResult(
    ulong Round,
    string Group,
    string State,
    string Codec,
    string Rule,
    string Update,
    float? LearningRate,
    float RateFactor,
    double? Accuracy,
    double? Loss,
    TestFigures? Figures,
    ulong BytesUp,
    ulong BytesDown,
    ulong UpdateBytesUp,
    uint Expected,
    uint Assigned,
    uint Reported,
    IReadOnlyDictionary<string, uint> Refused,
    uint Duplicates,
    ulong Examples,
    double Seconds,
    string BaseDigest,
    ulong ModelVersion,
    string? ModelDigest,
    string? Reason,
    DateTimeOffset Opened)
{
    public static RoundResult Of(RoundView view) => new(
        view.Round,
        view.Group,
        view.State.Word(),
        view.Codec.Word(),
        view.Training.Rule,
        view.Training.Update,
        view.Training.Settings.FirstOrDefault(setting => setting.Name == "lr") is { } rate
            ? float.Parse(rate.Value, CultureInfo.InvariantCulture) * view.Training.RateFactor : null,
        view.Training.RateFactor,
        view.HasAccuracy ? JsonNumber.Finite(view.Accuracy) : null,
        view.HasLoss ? JsonNumber.Finite(view.Loss) : null,
        view.Figures.Shown(),
        view.BytesUp,
        view.BytesDown,
        view.UpdateBytesUp,
        view.Expected,
        view.Assigned,
        view.Accepted,
        view.Refused,
        view.Duplicates,
        view.Examples,
        view.Seconds,
        Convert.ToHexStringLower(view.BaseDigest.Span),
        view.ModelVersion,
        view.ModelDigest.IsEmpty ? null : Convert.ToHexStringLower(view.ModelDigest.Span),
        view.Reason.Length == 0 ? null : view.Reason,
        DateTimeOffset.FromUnixTimeMilliseconds(view.OpenedUnixMs));
}

/// <summary>What <c>round list --json</c> prints, newest first.</summary>
sealed record RoundListResult(IReadOnlyList<RoundResult> Rounds);

/// <summary>What <c>round run --json</c> prints.</summary>
/// <param name="Rounds">in order</param>
/// <param name="FinalAccuracy">of the last committed round on the hub's test set; null = it has none</param>
/// <param name="BytesUp">sum over the rounds</param>
/// <param name="BytesDown">sum over the rounds</param>
/// <param name="Seconds">of all rounds, waiting included</param>
sealed record RoundRunResult(IReadOnlyList<RoundResult> Rounds, double? FinalAccuracy, ulong BytesUp, ulong BytesDown, double Seconds);

/// <summary>Rounds as people read them: one row each.</summary>
static class RoundTable
{
    /// <summary>Prints the rows, and below them why rounds were abandoned or updates refused.</summary>
    public static void Write(IReadOnlyList<RoundResult> rounds, TextWriter output)
    {
        // A regression has no accuracy.
        bool isClass = rounds.All(round => round.Accuracy is not null || round.Loss is null);
        var table = new TextTable("round", "opened", "state", isClass ? "accuracy" : "loss", "boards", "seconds", "model", "up",
            "down", "updates", "codec");
        foreach (var round in rounds)
        {
            table.Add($"{round.Round}", NumberText.Time(round.Opened), round.State,
                isClass ? NumberText.Fraction(round.Accuracy) : round.Loss is { } loss ? $"{loss:G4}" : NumberText.None,
                $"{round.Reported}/{round.Expected}", NumberText.Tenths(round.Seconds), NumberText.Version(round.ModelVersion),
                NumberText.Bytes(round.BytesUp), NumberText.Bytes(round.BytesDown), NumberText.Bytes(round.UpdateBytesUp), round.Codec);
        }

        table.Write(output);
        foreach (var round in rounds)
        {
            if (round.Reason is { } reason) output.WriteLine($"round {round.Round} was abandoned: {reason}");
            if (round.Refused.Count > 0)
            {
                string refused = string.Join(", ", round.Refused.Select(pair => $"{pair.Value} {pair.Key}"));
                output.WriteLine($"round {round.Round} refused {refused}");
            }
        }
    }

    /// <summary>Prints what the hub's test set says of the last of some rounds that gave a model.</summary>
    public static void WriteFigures(IReadOnlyList<RoundResult> rounds, TextWriter output)
    {
        if (rounds.LastOrDefault(round => round.Figures is not null) is not { } round) return;
        output.WriteLine();
        output.WriteLine($"round {round.Round} on the hub's test set:");
        round.Figures!.Write(output);
    }

    static string Score(RoundResult round)
        => round.Accuracy is { } accuracy
            ? $"accuracy {NumberText.Fraction(accuracy)}, "
            : round.Loss is { } loss ? $"loss {loss:G4}, " : "";

    /// <summary>A round in one line.</summary>
    public static string Line(RoundResult round)
    {
        string outcome = round.State == "committed"
            ? $"{Score(round)}{round.Reported}/{round.Expected} "
                + $"boards, {NumberText.Bytes(round.BytesUp)} up, {NumberText.Bytes(round.BytesDown)} down, "
                + NumberText.Duration(round.Seconds)
            : round.Reason ?? $"{round.Reported}/{round.Expected} boards";
        return $"round {round.Round} {round.State}: {outcome}";
    }
}

/// <summary>The words of the command line for what the protocol numbers.</summary>
static class RoundWords
{
    /// <summary>What travels in a round.</summary>
    public static (string Word, Codec Value)[] Codecs { get; } = [.. UpdateCodec.All.Select(codec => (codec.Name, codec.Kind))];

    /// <summary>The codec's word.</summary>
    public static string Word(this Codec codec) => Array.Find(Codecs, pair => pair.Value == codec).Word ?? "unknown";

    /// <summary>The state's word.</summary>
    public static string Word(this RoundView.Types.State state) => state switch
    {
        RoundView.Types.State.Open => "open",
        RoundView.Types.State.Aggregating => "aggregating",
        RoundView.Types.State.Committed => "committed",
        RoundView.Types.State.Abandoned => "abandoned",
        _ => "unknown",
    };
}
