using System.CommandLine;
using System.Text;
using System.Text.Json;
using EdgeLearn.Commands;

namespace EdgeLearn.Benchmarks;

/// <summary><c>bench</c>: the measurements, and the document that is made from them.</summary>
sealed class BenchCommand
{
    readonly Option<bool> _quick = OptionText.Flag("--quick", "fewer and shorter rounds: within two minutes");
    readonly Option<string?> _only = OptionText.Text("--only", "NAME,...", "rows whose first word or section this is: W1, square, kernels, training, inference, ...");
    readonly Option<bool> _json = CommandOutput.JsonOption();
    readonly Option<string?> _output = OptionText.Text("--output", "FILE", "write the report here as JSON; with --report or --roofline: the document or the picture (.svg)");
    readonly Option<bool> _install = OptionText.Flag("--install-peers", "install PyTorch, OpenBLAS, oneDNN and gcc with apt-get, then end");

    /// <summary>The command.</summary>
    public static Command Create()
    {
        var command = new ExampleCommand(
            "bench",
            "Hold speed and memory against PyTorch, OpenBLAS, oneDNN, ONNX Runtime and C, in turns on one core. Peers that are not installed are left out.",
            "",
            "--quick --only W1,W3",
            "--output tests/Benchmarks/results/here.json",
            "--install-peers");
        var options = new BenchCommand();
        command.Options.Add(options._quick);
        command.Options.Add(options._only);
        command.Options.Add(options._json);
        command.Options.Add(options._output);
        command.Options.Add(options._install);
        command.SetAction((parsed, stop) => Task.FromResult(options.Run(parsed, stop)));
        return command;
    }

    int Run(ParseResult parsed, CancellationToken stop)
    {
        var output = CommandOutput.Of(parsed, _json);
        if (parsed.GetValue(_install)) return PeerInstallation.Run(output);
        var jobs = Select(parsed.GetValue(_only));
        var report = new BenchRun(output, parsed.GetValue(_quick), stop).Run(jobs);
        byte[] json = JsonSerializer.SerializeToUtf8Bytes(report, ReportJson.Default.BenchReport);
        if (parsed.GetValue(_output) is { } path) DurableFile.Replace(path, json);
        if (output.Json) output.Output.WriteLine(Encoding.UTF8.GetString(json));
        else ReportTable.Write(report, output.Output);
        return 0;
    }

    static List<BenchJob> Select(string? only)
    {
        if (only is null) return [.. Jobs.All];
        string[] words = only.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        string? unknown = Array.Find(words, word => !Jobs.All.Any(job => IsNamed(job, word)));
        if (unknown is not null || words.Length == 0) throw new EdgeLearnException($"--only {only}: there is no '{unknown}': expected some of {string.Join(", ", Jobs.All.SelectMany(job => (string[])[job.Section, job.Name]).Distinct())}");
        return [.. Jobs.All.Where(job => words.Any(word => IsNamed(job, word)))];
    }

    static bool IsNamed(BenchJob job, string word) => string.Equals(job.Name, word, StringComparison.OrdinalIgnoreCase) || string.Equals(job.Section, word, StringComparison.OrdinalIgnoreCase);
}
