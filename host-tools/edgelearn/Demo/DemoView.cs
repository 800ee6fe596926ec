using EdgeLearn.Commands;

namespace EdgeLearn.Cli;

/// <summary>What a person sees of the demonstration: lines on standard error while it runs, tables on standard output at its end.</summary>
sealed class DemoView(bool quiet)
{
    /// <summary>A line about what happens now.</summary>
    public void Say(string line)
    {
        if (!quiet) Console.Error.WriteLine(line);
    }

    public void Say(DemoRound round, int roundCount)
        => Say($"round {round.Round,2}/{roundCount}  accuracy {NumberText.Fraction(round.Accuracy)}  {Bar(round.Accuracy)}  "
            + $"{ByteCount.Format(round.BytesUp)} up, {ByteCount.Format(round.BytesDown)} down, {NumberText.Duration(round.Seconds)}");

    static string Bar(double share)
    {
        const int Width = 16;
        int filled = (int)Math.Round(share * Width);
        return new string('#', filled) + new string('.', Width - filled);
    }

    public static void Show(DemoResult result)
    {
        Console.WriteLine($"{result.Data}: {NumberText.Counted(result.Devices, "device")}, {result.Rule}, {result.Network}, "
            + $"Dirichlet({result.Alpha})");
        Console.WriteLine();
        var rounds = new TextTable("round", "accuracy", "boards", "seconds", "up", "down");
        foreach (var round in result.Rounds)
        {
            rounds.Add($"{round.Round:N0}", NumberText.Fraction(round.Accuracy), $"{round.Reported}/{result.Devices}",
                NumberText.Tenths(round.Seconds), ByteCount.Format(round.BytesUp), ByteCount.Format(round.BytesDown));
        }

        rounds.Write(Console.Out);
        Console.WriteLine();
        if (result.Controls is { } controls) ShowControls(result, controls);
        var devices = new TextTable("device", "examples", "step ms", "RSS");
        foreach (var device in result.PerDevice)
        {
            devices.Add(device.Name, $"{device.Examples:N0}", NumberText.Milliseconds(device.StepMs),
                ByteCount.Format(device.PeakRssBytes));
        }

        devices.Write(Console.Out);
        Console.WriteLine();
        Console.WriteLine($"{NumberText.Duration(Math.Round(result.Seconds))} in all. Next:");
        Console.WriteLine("  ./edgelearn demo --alpha 0.5                     more unequal shares");
        Console.WriteLine("  ./edgelearn train --data mnist --controls        one board, beside backprop and frozen");
        Console.WriteLine("  ./edgelearn serve                                a hub of your own; docs/fleet.md goes on from there");
    }

    static void ShowControls(DemoResult result, DemoControls controls)
    {
        var table = new TextTable("control", "accuracy", "fleet is better by") { Texts = ["control"] };
        (string Name, double Accuracy)[] rows =
        [
            ("alone: the best single device on its own share", controls.Alone),
            ("frozen: the same rounds, hidden layers left random", controls.Frozen),
            ("central: the same rule on the pooled data", controls.Central),
            ("backprop: the same rounds with backprop", controls.Backprop),
        ];
        foreach (var (name, accuracy) in rows)
            table.Add(name, NumberText.Fraction(accuracy), $"{100 * (result.FinalAccuracy - accuracy):+0.0;-0.0;0.0} points");
        table.Write(Console.Out);
        Console.WriteLine();
    }
}
