using System.CommandLine;
using System.Text;
using System.Text.Json;
using EdgeLearn.Commands;
using EdgeLearn.Datasets;

namespace EdgeLearn.Benchmarks;

/// <summary><c>bench</c>: the measurements, and the document that is made from them.</summary>
sealed class BenchCommand
{
    readonly Option<bool> _quick = OptionText.Flag("--quick", "fewer and shorter rounds: within two minutes");
    readonly Option<string?> _only =
        OptionText.Text("--only", "NAME,...", "rows whose first word or section this is: W1, square, kernels, training, inference, ...");
    readonly Option<string?> _output =
        OptionText.Text("--output", "FILE",
        "write the report here as JSON; with --report or --roofline: the document or the picture (.svg)");
    readonly Option<bool> _roofline =
        OptionText.Flag("--roofline", "the kernels alone: attained GFLOP/s and GB/s against the measured limits");
    readonly Option<string?> _report =
        OptionText.Text("--report", "FILE.json",
        "measure nothing: make the document (or, with --roofline, the roofline) of an earlier report");
    readonly Option<bool> _install = OptionText.Flag("--install-peers", "install PyTorch, OpenBLAS, oneDNN and gcc with apt-get, then end");

    /// <summary>The command.</summary>
    public static Command Create()
    {
        var command = new ExampleCommand(
            "bench",
            "Hold speed and memory against PyTorch, OpenBLAS, oneDNN, ONNX Runtime and C, in turns on one core. Peers that are not "
            + "installed are left out.",
            "",
            "--quick --only W1,W3",
            "--output tests/Benchmarks/results/here.json",
            "--report tests/Benchmarks/results/here.json --output docs/performance.md",
            "--roofline --output roofline.svg",
            "--install-peers");
        var options = new BenchCommand();
        command.Options.Add(options._quick);
        command.Options.Add(options._only);
        command.Options.Add(CommandOutput.JsonOption());
        command.Options.Add(options._output);
        command.Options.Add(options._roofline);
        command.Options.Add(options._report);
        command.Options.Add(options._install);
        command.SetAction((parsed, stop) => Task.FromResult(options.Run(parsed, stop)));
        return command;
    }

    int Run(ParseResult parsed, CancellationToken stop)
    {
        var output = CommandOutput.Of(parsed);
        if (parsed.GetValue(_install)) return PeerInstallation.Run(output);
        bool roofline = parsed.GetValue(_roofline);
        string? path = parsed.GetValue(_output);
        if (parsed.GetValue(_report) is { } source)
        {
            var earlier = Read(source);
            if (roofline) WriteRoofline(earlier, path, output.Output);
            else WriteDocument(earlier, source, path, output.Output);
            return 0;
        }

        var jobs = Select(parsed.GetValue(_only) ?? (roofline ? "kernels,updates" : null));
        var report = new BenchRun(output, parsed.GetValue(_quick), stop).Run(jobs);
        if (output.Json) output.Output.WriteLine(JsonSerializer.Serialize(report, ReportJson.OneLine.BenchReport));
        else if (!roofline) ReportTable.Write(report, output.Output);
        if (roofline) WriteRoofline(report, path, output.Json ? TextWriter.Null : output.Output);
        else if (path is not null)
            DurableFile.Replace(path, [.. JsonSerializer.SerializeToUtf8Bytes(report, ReportJson.Lines.BenchReport), (byte)'\n']);
        return 0;
    }

    static BenchReport Read(string path)
    {
        try
        {
            return JsonSerializer.Deserialize(File.ReadAllBytes(path), ReportJson.OneLine.BenchReport)
                ?? throw new JsonException("it is null");
        }
        catch (JsonException e)
        {
            throw new EdgeLearnException($"{path} is no report of this program: {e.Message}");
        }
    }

    static void WriteRoofline(BenchReport report, string? path, TextWriter output)
    {
        if (path is not null) DurableFile.Replace(path, Encoding.UTF8.GetBytes(RooflinePicture.Draw(report)));
        Roofline.Write(report, output);
    }

    // The picture lies beside the document: performance.md and performance.svg.
    static void WriteDocument(BenchReport report, string source, string? path, TextWriter output)
    {
        bool draws = path is not null && report.Limits is not null;
        string picture = Path.ChangeExtension(path ?? "", ".svg");
        string text = new ReportDocument(report, source, draws ? Path.GetFileName(picture) : null, Reasons()).Write();
        if (path is null)
        {
            output.Write(text);
            return;
        }

        DurableFile.Replace(path, Encoding.UTF8.GetBytes(text));
        if (draws) DurableFile.Replace(picture, Encoding.UTF8.GetBytes(RooflinePicture.Draw(report)));
    }

    static Dictionary<string, string> Reasons()
    {
        string path = Path.Combine(RepositoryRoot.Find() ?? "", "tests", "Benchmarks", "reasons.json");
        return File.Exists(path) ? JsonSerializer.Deserialize(File.ReadAllBytes(path), ReportJson.OneLine.DictionaryStringString)! : [];
    }

    static List<BenchJob> Select(string? only)
    {
        if (only is null) return [.. Jobs.All];
        string[] words = only.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        string? unknown = Array.Find(words, word => !Jobs.All.Any(job => IsNamed(job, word)));
        if (unknown is not null || words.Length == 0)
        {
            throw new EdgeLearnException($"--only {only}: there is no '{unknown}': expected some "
                + $"of {string.Join(", ", Jobs.All.SelectMany(job => (string[])[job.Section, job.Name]).Distinct())}");
        }
        return [.. Jobs.All.Where(job => words.Any(word => IsNamed(job, word)))];
    }

    static bool IsNamed(BenchJob job, string word)
        => string.Equals(job.Name, word, StringComparison.OrdinalIgnoreCase)
            || string.Equals(job.Section, word, StringComparison.OrdinalIgnoreCase);
}
