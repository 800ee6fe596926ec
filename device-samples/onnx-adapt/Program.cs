using System.Text.Json;
using EdgeLearn;
using EdgeLearn.Commands;
using EdgeLearn.Datasets;
using EdgeLearn.OnnxAdapt;
using EdgeLearn.OnnxRuntime;

try
{
    if (args.Length == 0 || args.Contains("--help"))
    {
        Console.WriteLine(AdaptOptions.Usage);
        return args.Length == 0 ? 1 : 0;
    }

    var options = AdaptOptions.Parse(args);
    var model = OnnxModel.Load(options.Model);
    using var network = new OrtNetwork(model, options.Lift);
    using var data = DataCatalog.Open(options.Data);
    var held = new DatasetView(data.Test, [.. Enumerable.Range(0, Math.Min(options.TestRows, data.Test.Count))]);
    using var adaptation = new Adaptation(options, network, data.Train, held);
    bool isTerminal = !Console.IsErrorRedirected;
    var result = adaptation.Run((step, loss) =>
    {
        if (isTerminal && (step % 100 == 0 || step == options.Steps))
            Console.Error.Write($"\rstep {step}/{options.Steps}, loss {loss:0.000}   ");
    });
    if (isTerminal) Console.Error.WriteLine();
    if (options.Save is { } path) network.Trained(model).Save(path);
    Print(options, result);
    return 0;
}
catch (EdgeLearnException e)
{
    Console.Error.WriteLine($"error: {e.Message}");
    return 1;
}

static void Print(AdaptOptions options, AdaptResult result)
{
    long rss = Machine.PeakRssBytes;
    if (options.Json)
    {
        using var standardOutput = Console.OpenStandardOutput();
        using var json = new Utf8JsonWriter(standardOutput);
        json.WriteStartObject();
        json.WriteString("model", options.Model);
        json.WriteNumber("trained_weights", result.Weights);
        json.WriteNumber("steps", options.Steps);
        json.WriteNumber("batch", options.Batch);
        json.WriteNumber("loss_before", result.Before.Loss);
        json.WriteNumber("loss_after", result.After.Loss);
        json.WriteNumber("accuracy_before", result.Before.Accuracy);
        json.WriteNumber("accuracy_after", result.After.Accuracy);
        json.WriteNumber("planned_bytes", result.PlannedBytes);
        json.WriteNumber("optimizer_state_bytes", result.UpdateStateBytes);
        json.WriteNumber("allocated_bytes_per_step", result.AllocatedBytesPerStep);
        json.WriteNumber("step_ms_median", result.StepMs);
        json.WriteNumber("peak_rss_bytes", rss);
        json.WriteEndObject();
        json.Flush();
        standardOutput.WriteByte((byte)'\n');
        return;
    }

    string trained = $"{result.Weights:N0} weights, {options.Steps:N0} two-sided steps of {options.Batch} rows, "
        + $"{result.StepMs:0.00} ms a step (median)";
    string memory = $"{result.PlannedBytes:N0} planned bytes, {result.UpdateStateBytes} of update state, "
        + $"{result.AllocatedBytesPerStep} managed bytes a step; peak RSS {rss / 1048576.0:0.0} MiB";
    Console.WriteLine($"""
        held-out rows       before      after
          loss          {result.Before.Loss,10:0.0000} {result.After.Loss,10:0.0000}
          accuracy      {result.Before.Accuracy,10:0.000} {result.After.Accuracy,10:0.000}
        trained         {trained}
        memory          {memory}
        """);
}
