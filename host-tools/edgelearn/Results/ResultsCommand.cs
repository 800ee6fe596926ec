using System.CommandLine;
using System.Globalization;
using System.Text;

namespace EdgeLearn.Cli;

/// <summary><c>edgelearn results</c>: trains every row of docs/results.md with its controls and writes the file.</summary>
static class ResultsCommand
{
    static readonly Option<string?> s_output = new("--output") { Description = "file to write; without it the document goes to standard output" };
    static readonly Option<int> s_seeds = new("--seeds") { Description = "seeds of every row", DefaultValueFactory = _ => 3 };
    static readonly Option<string?> s_only = new("--only") { Description = "rows whose name contains this: mnist, dense, fashion, digits, federated, adaptation" };
    static readonly Option<bool> s_quick = new("--quick") { Description = "one seed" };

    static readonly TrainingRow[] s_training =
    [
        new("mnist", "mnist", "28x28-1000@10x10-10", Epochs: 4, Batch: 64),
        new("mnist-dense", "mnist", "28x28-500-10", Epochs: 4, Batch: 64),
        new("fashion", "fashion-mnist", "28x28-1000@10x10-10", Epochs: 8, Batch: 32),
        new("digits", "digits", "8x8-200@4x4-10", Epochs: 20, Batch: 16),
        new("digits-deep", "digits", "8x8-128-128-10", Epochs: 20, Batch: 16),
    ];

    static readonly FederatedRow[] s_federated = [new("mnist", 0.5), new("mnist", 1), new("mnist", 5), new("digits", 1)];

    static readonly AdaptationRow s_adaptation = new("mnist", "28x28-1000@10x10-10", PretrainingEpochs: 4, Steps: 20_000);

    /// <summary>The command.</summary>
    public static Command Create()
    {
        var command = new Command("results", "Trains every row of docs/results.md beside its controls, over seeds.\n\nExamples:\n  edgelearn results --output docs/results.md\n  edgelearn results --quick --only digits") { s_output, s_seeds, s_only, s_quick };
        command.SetAction((options, stop) => Task.Run(() => Run(options, stop), stop));
        return command;
    }

    static int Run(ParseResult options, CancellationToken stop)
    {
        int count = options.GetValue(s_quick) ? 1 : options.GetValue(s_seeds);
        if (count is < 1 or > 100) throw new EdgeLearnException($"--seeds {count}: expected 1 to 100");
        string only = options.GetValue(s_only) ?? "";
        ulong[] seeds = [.. Enumerable.Range(1, count).Select(seed => (ulong)seed)];
        var document = new StringBuilder();
        document.Append(CultureInfo.InvariantCulture, $"# Results\n\nMade by `./edgelearn results{(count == 3 ? "" : $" --seeds {count}")}{(only.Length > 0 ? $" --only {only}" : "")}`: test accuracy in percent, mean ± standard deviation over {count} seed{(count > 1 ? "s" : "")}, each rule with its own default rate and the same number of epochs. ");
        document.Append("*frozen* leaves the hidden layers as they were drawn: what it reaches proves nothing about hidden learning. *gap recovered* = (tpSGD - frozen) / (backprop - frozen), where backprop is at least one point above frozen. Rows where we lose stay in.\n");
        Section(document, "Forward-only learning beside its controls", TrainingRow.Head, s_training.Where(row => Matches(row.Name, only)).Select(row => row.Run(seeds, Say, stop)));
        document.Append("\nDense layers are the weak case of tpSGD: all units see the same input, and a layer that matches random labels keeps only what is linear in them. Units that see different windows do not have that limit. A data set with fewer samples than the published one is a part of it: not comparable with published figures.\n");
        Section(document, "Federated rounds", FederatedRow.Head, s_federated.Where(row => Matches("federated " + row.Data, only)).Select(row => row.Run(seeds, Say, stop)));
        Section(document, "Zeroth-order fine-tuning in the memory of inference", AdaptationRow.Head, Matches("adaptation", only) ? [s_adaptation.Run(seeds, Say, stop)] : []);
        document.Append("\nBackprop regains this in one epoch; two-sided zeroth-order steps need many more: the rule is for networks that have learned before, on hardware or models that allow no gradient, and no method for training from scratch.\n");
        if (options.GetValue(s_output) is { } path) DurableFile.Replace(path, Encoding.UTF8.GetBytes(document.ToString()));
        else Console.Write(document);
        return 0;
    }

    static bool Matches(string name, string only) => name.Contains(only, StringComparison.OrdinalIgnoreCase);

    static void Section(StringBuilder document, string title, string head, IEnumerable<string> rows)
    {
        string[] all = [.. rows];
        if (all.Length > 0) document.Append(CultureInfo.InvariantCulture, $"\n## {title}\n\n{head}{string.Concat(all)}");
    }

    static void Say(string line) => Console.Error.WriteLine(line);
}
