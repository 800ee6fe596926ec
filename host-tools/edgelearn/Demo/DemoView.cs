using Spectre.Console;

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
        => Say($"round {round.Round,2}/{roundCount}  accuracy {round.Accuracy:F4}  {Bar(round.Accuracy)}  up {Kilobytes(round.BytesUp)}  "
            + $"down {Kilobytes(round.BytesDown)}  {round.Seconds:F1} s");

    static string Bar(double share)
    {
        const int Width = 24;
        int filled = (int)Math.Round(share * Width);
        return new string('#', filled) + new string('.', Width - filled);
    }

    static string Kilobytes(long bytes) => $"{bytes / 1000.0:N0} kB";

    public static void Show(DemoResult result)
    {
        var rounds = new Table().Title($"{result.Data}: {result.Devices} devices, {result.Rule}, {result.Network}, "
            + $"Dirichlet({result.Alpha})");
        AddColumns(rounds, "round", "accuracy", "up", "down", "reported", "seconds");
        foreach (var round in result.Rounds)
        {
            rounds.AddRow($"{round.Round:N0}", $"{round.Accuracy:F4}", Kilobytes(round.BytesUp), Kilobytes(round.BytesDown),
                $"{round.Reported}/{result.Devices}", $"{round.Seconds:F1}");
        }

        AnsiConsole.Write(rounds);
        if (result.Controls is { } controls) ShowControls(result, controls);
        var devices = new Table();
        AddColumns(devices, "device", "examples", "step ms", "peak RSS");
        foreach (var device in result.PerDevice)
            devices.AddRow(device.Name, $"{device.Examples:N0}", $"{device.StepMs:F2}", $"{device.PeakRssBytes / 1e6:F1} MB");

        AnsiConsole.Write(devices);
        Console.WriteLine($"{result.Seconds:F0} s in all. Next:");
        Console.WriteLine("  ./edgelearn demo --alpha 0.5                     more unequal shares");
        Console.WriteLine("  ./edgelearn train --data mnist --controls        one board, beside backprop and frozen");
        Console.WriteLine("  ./edgelearn serve                                a hub of your own; docs/fleet.md goes on from there");
    }

    static void ShowControls(DemoResult result, DemoControls controls)
    {
        var table = new Table().AddColumn("control");
        AddColumns(table, "accuracy", "fleet is better by");
        (string Name, double Accuracy)[] rows =
        [
            ("alone: the best single device on its own share", controls.Alone),
            ("frozen: the same rounds, hidden layers left random", controls.Frozen),
            ("central: the same rule on the pooled data", controls.Central),
            ("backprop: the same rounds with backprop", controls.Backprop),
        ];
        foreach (var (name, accuracy) in rows)
            table.AddRow(name, $"{accuracy:F4}", $"{100 * (result.FinalAccuracy - accuracy):+0.0;-0.0;0.0} points");
        AnsiConsole.Write(table);
    }

    static void AddColumns(Table table, params string[] names)
    {
        foreach (string name in names) table.AddColumn(new TableColumn(name).RightAligned());
    }
}
