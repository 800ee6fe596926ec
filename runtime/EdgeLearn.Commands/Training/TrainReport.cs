using EdgeLearn.Datasets;

namespace EdgeLearn.Commands;

/// <summary>What <c>train</c> prints for people.</summary>
static class TrainReport
{
    public static void Write(TrainResult result, DataSplit data, TextWriter output)
    {
        var facts = new FactList();
        facts.Add("network", result.Network);
        facts.Add("data", $"{data.Name}: {result.TrainExamples:N0} to learn from, {result.TestExamples:N0} to test with");
        if (data.Columns is { } columns) facts.Add("columns", DataResult.Line(columns));
        string update = result.UpdateSettings is { } changes ? $"{result.Update} ({changes})" : result.Update;
        facts.Add("run", $"{result.Rule} with {update}, {NumberText.Counted(result.Epochs, "epoch")}, batch {result.Batch:N0}, "
            + $"seed {result.Seed}");
        if (result.Stopped is { } stopped) facts.Add("stopped", $"after step {stopped.Step:N0} of {stopped.Of:N0}, before its test");
        facts.Write(output);
        output.WriteLine();
        var table = new TextTable("", "update", "accuracy", "loss", "rate", "ms/step", "memory", "state", "seconds");
        string loss = result.TestLoss is null ? "-" : Loss(result.TestAccuracy, result.TestLoss);
        table.Add(Cells(result.Rule, result.Update, result.TestAccuracy, loss, result.LearningRate,
            result.StepMsMedian, result.WorkspaceBytes, result.OptimizerStateBytes, result.Seconds));
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
            output.WriteLine($"held back from training: {NumberText.Counted(held.Examples, "sample")}");
            var judged = new TextTable("", "accuracy", "loss");
            judged.Add(Cells(result.Rule, held));
            if (result.Controls?.Backprop.Validation is { } backprop) judged.Add(Cells("backprop", backprop));
            if (result.Controls?.Frozen.Validation is { } frozen) judged.Add(Cells("frozen", frozen));
            judged.Write(output);
        }

        output.WriteLine();
        Terminal.WriteWords(output, $"memory is that of a step; beside it weights take {ByteCount.Format(result.ParameterBytes)}; peak of "
            + $"the process {ByteCount.Format(result.PeakRssBytes)}; {result.AllocatedBytesPerStep:#,0.##} bytes allocated a step");
        if (result.Past is { } past) Terminal.WriteWords(output, past.ToString());
        if (result.Controls is not null)
        {
            Terminal.WriteWords(output,
                "controls on the same budget: backprop is the ceiling, frozen (hidden layers left random) the floor");
        }
        if (result.Transfer is { } transfer)
        {
            Terminal.WriteWords(output, $"learned: {transfer.Train}, {NumberText.Counted(transfer.TrainableCount, "weight")}; the rest is "
                + "frozen");
        }
        if (result.Transfer is { Adaptor: { } adaptor } saved)
            output.WriteLine($"saved {adaptor}, {ByteCount.Format(saved.AdaptorBytes ?? 0)}");
        if (result.Model is { } model) output.WriteLine($"saved {model}");
    }

    static string[] Cells(string name, ValidationResult held)
        => [name, NumberText.Fraction(held.Accuracy), Loss(held.Accuracy, held.Loss)];

    static string[] Cells(string name, ControlResult control)
        => Cells(name, control.Update, control.TestAccuracy,
            Loss(control.TestAccuracy, control.TestLoss), control.LearningRate, control.StepMsMedian,
            control.WorkspaceBytes, control.OptimizerStateBytes, control.Seconds);

    static string[] Cells(string name, string update, double? accuracy, string loss, float rate, double ms, long workspace,
        long state, double seconds)
        => [name, update, NumberText.Fraction(accuracy), loss, $"{rate:G4}", NumberText.Milliseconds(ms),
            ByteCount.Format(workspace), ByteCount.Format(state), NumberText.Tenths(seconds)];

    // In the square of the target's unit where there are no classes.
    static string Loss(double? accuracy, double? loss)
        => loss is not { } known ? "diverged" : accuracy is null ? $"{known:G4}" : NumberText.Fraction(known);
}
