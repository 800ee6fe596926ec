using System.Text.Json.Serialization;

namespace EdgeLearn.Commands;

/// <summary>What <c>stream --json</c> prints; the names in JSON are those of the properties in snake_case.</summary>
/// <param name="Rule">the learning rule's word</param>
/// <param name="Update">the update rule's word</param>
/// <param name="Network">the network in shorthand; its inputs include the lags</param>
/// <param name="Seed">of the starting weights</param>
/// <param name="LabelDelay">rows that were answered before the label of one arrived</param>
/// <param name="Lags">labels that arrived last and were inputs</param>
/// <param name="Examples">rows that were answered and have a label</param>
/// <param name="Skipped">rows that could not be used</param>
/// <param name="Unlabelled">rows that were answered and have no label</param>
/// <param name="MissingValues">values that were not there, and filled in with the mean so far</param>
/// <param name="PrequentialAccuracy">share of the examples that were known before they were learned; null for real targets</param>
/// <param name="Kappa">how much better than chance that is, 1 at most; null for real targets</param>
/// <param name="MeanAbsoluteError">of real targets, in their unit; null for classes</param>
/// <param name="Baselines">the same figure of what needs no learning, and of one layer</param>
/// <param name="Controls">the same figure of other learners on the same network; absent unless asked for</param>
/// <param name="Rate">the rates that were tried side by side</param>
/// <param name="Drifts">changes that were noticed in the errors</param>
/// <param name="UsPerExampleP50">median time of answering a row and learning one, in microseconds</param>
/// <param name="UsPerExampleP99">time that 99 % of the rows stayed below</param>
/// <param name="PlannedBytes">weights, workspaces, scale, and rows that wait for their labels</param>
/// <param name="ParameterBytes">weights of all rates</param>
/// <param name="OptimizerStateBytes">what the updates remember between rows</param>
/// <param name="PeakRssBytes">peak memory of the process</param>
/// <param name="AllocatedBytesPerExample">managed bytes of answering and learning, mean after the first rows</param>
/// <param name="Model">where the network of the best rate was saved; null = nowhere</param>
/// <param name="Data">what became of a table's columns, and what the user should know</param>
public sealed record StreamResult(string Rule, string Update, string Network, ulong Seed, int LabelDelay, int Lags, long Examples,
    long Skipped, long Unlabelled, long MissingValues, double? PrequentialAccuracy, double? Kappa, double? MeanAbsoluteError,
    StreamBaselines Baselines, [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] StreamControls? Controls,
    StreamRates Rate, long Drifts, double UsPerExampleP50, double UsPerExampleP99, long PlannedBytes, long ParameterBytes,
    long OptimizerStateBytes, long PeakRssBytes, double AllocatedBytesPerExample, string? Model, DataResult Data);

/// <summary>
/// What needs no network, from the labels that had arrived: accuracy of classes, mean absolute error of real targets; and one layer that
/// learns as the network does.
/// </summary>
/// <param name="Majority">the class that was most frequent so far</param>
/// <param name="LastClass">the newest class</param>
/// <param name="Logistic">a network of one layer</param>
/// <param name="Mean">the mean so far</param>
/// <param name="LastValue">the newest target</param>
/// <param name="Linear">a network of one layer</param>
public sealed record StreamBaselines(
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] double? Majority = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] double? LastClass = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] double? Logistic = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] double? Mean = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] double? LastValue = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] double? Linear = null);

/// <summary>Other learners on the same network and rows, each with as many rates.</summary>
/// <param name="Backprop">the ceiling</param>
/// <param name="Frozen">hidden layers stay as they were drawn: the floor</param>
/// <param name="Stopped">the rule of the run, which learned from the first tenth of the rows and then answered only</param>
public sealed record StreamControls(double Backprop, double Frozen, double Stopped);
