using EdgeLearn.Datasets;

namespace EdgeLearn.Commands;

/// <summary>What <c>train</c> prints for people.</summary>
static class TrainReport
{
    public static void Write(TrainResult result, DataSplit data, TextWriter output)
    {
        output.WriteLine($"network  {result.Network}");
        output.WriteLine($"data     {data.Name}: {result.TrainExamples:N0} to learn from, {result.TestExamples:N0} to test with");
        if (data.Columns is { } columns) DataResult.Write(columns, output);
        string update = result.UpdateSettings is { } changes ? $"{result.Update} ({changes})" : result.Update;
        output.WriteLine($"run      {result.Rule} with {update}, {result.Epochs:0.##} epochs, batch {result.Batch}, "
            + $"seed {result.Seed}");
        output.WriteLine();
        var table = new TextTable("", "update", "accuracy", "loss", "rate", "ms/step", "seconds", "workspace", "state");
        table.Add(Cells(result.Rule, result.Update, result.TestAccuracy, result.TestLoss, result.LearningRate, result.StepMsMedian,
            result.Seconds, result.WorkspaceBytes, result.OptimizerStateBytes));
        if (result.Controls is { } controls)
        {
            table.Add(Cells("backprop", controls.Backprop));
            table.Add(Cells("frozen", controls.Frozen));
        }

        table.Write(output);
        if (result.Figures is { } figures)
        {
            output.WriteLine();
            figures.Write(output);
        }

        if (result.Validation is { } held)
        {
            output.WriteLine();
            output.WriteLine($"held back from training: {held.Examples:N0} samples");
            var judged = new TextTable("", "accuracy", "loss");
            judged.Add(Cells(result.Rule, held));
            if (result.Controls?.Backprop.Validation is { } backprop) judged.Add(Cells("backprop", backprop));
            if (result.Controls?.Frozen.Validation is { } frozen) judged.Add(Cells("frozen", frozen));
            judged.Write(output);
        }

        output.WriteLine();
        output.WriteLine($"weights {result.ParameterBytes:N0} bytes, {result.AllocatedBytesPerStep:0.##} bytes allocated a step, "
            + $"peak memory of the process {ByteCount.Format(result.PeakRssBytes)}");
        if (result.Past is { } past) output.WriteLine(past.ToString());
        if (result.Controls is not null)
            output.WriteLine("controls on the same budget: backprop is the ceiling, frozen (hidden layers left random) the floor");
        if (result.Transfer is { } transfer)
            output.WriteLine($"learned: {transfer.Train}, {transfer.TrainableCount:N0} weights; the rest is frozen");
        if (result.Transfer is { Adaptor: { } adaptor } saved)
            output.WriteLine($"saved {adaptor}, {saved.AdaptorBytes:N0} bytes");
        if (result.Model is { } model) output.WriteLine($"saved {model}");
    }

    static string[] Cells(string name, ValidationResult held)
        => [name, Figure(held.Accuracy, "-"), Loss(held.Accuracy, held.Loss)];

    static string[] Cells(string name, ControlResult control)
        => Cells(name, control.Update, control.TestAccuracy, control.TestLoss, control.LearningRate, control.StepMsMedian, control.Seconds,
            control.WorkspaceBytes, control.OptimizerStateBytes);

    static string[] Cells(string name, string update, double? accuracy, double? loss, float rate, double ms, double seconds,
        long workspace, long state)
        => [name, update, Figure(accuracy, "-"), Loss(accuracy, loss), $"{rate:G4}", $"{ms:F3}", $"{seconds:F1}",
            ByteCount.Format(workspace), ByteCount.Format(state)];

    // In the square of the target's unit where there are no classes.
    static string Loss(double? accuracy, double? loss)
        => accuracy is null && loss is { } known ? $"{known:G4}" : Figure(loss, "diverged");

    static string Figure(double? value, string none) => value is { } known ? $"{known:F4}" : none;
}
