using System.CommandLine;
using System.Diagnostics;
using System.Text.Json;
using EdgeLearn.Benchmarks;
using EdgeLearn.Commands;
using Xunit;

namespace EdgeLearn.Tests;

public class BenchProgramTests
{
    static async Task<(int Code, string Output, string Error)> RunHere(params string[] arguments)
    {
        using StringWriter output = new(), error = new();
        int code = await CommandProgram.RunAsync([BenchCommand.Create()], "edgelearn", arguments, output, error,
            TestContext.Current.CancellationToken);
        return (code, output.ToString(), error.ToString());
    }

    [Fact]
    public async Task An_unknown_row_is_one_line_that_names_the_known_ones()
    {
        var (code, _, error) = await RunHere("bench", "--only", "W1,nothing");
        Assert.Equal(1, code);
        Assert.StartsWith("error: --only W1,nothing: there is no 'nothing': expected some of kernels, ", error);
        Assert.Equal(1, error.Count(c => c == '\n'));
    }

    [Fact]
    public async Task A_file_that_is_no_report_is_one_line()
    {
        string path = Path.Combine(Path.GetTempPath(), $"{Guid.NewGuid():N}.json");
        await File.WriteAllTextAsync(path, "{\"machine\": 1}", TestContext.Current.CancellationToken);
        try
        {
            var (code, _, error) = await RunHere("bench", "--report", path);
            Assert.Equal(1, code);
            Assert.StartsWith($"error: {path} is no report of this program: ", error);
            Assert.Equal(1, error.Count(c => c == '\n'));
        }
        finally
        {
            File.Delete(path);
        }
    }

    [Fact]
    public async Task A_document_and_its_picture_are_made_from_a_report()
    {
        string folder = Directory.CreateTempSubdirectory("edgelearn-bench-tests-").FullName;
        try
        {
            string report = Path.Combine(folder, "report.json"), document = Path.Combine(folder, "performance.md");
            await File.WriteAllTextAsync(report, JsonSerializer.Serialize(FixedReport.Read(), ReportJson.Lines.BenchReport),
                TestContext.Current.CancellationToken);
            Assert.Equal((0, "", ""), await RunHere("bench", "--report", report, "--output", document));
            Assert.StartsWith("# Performance\n", await File.ReadAllTextAsync(document, TestContext.Current.CancellationToken));
            Assert.StartsWith("<svg ",
                await File.ReadAllTextAsync(Path.Combine(folder, "performance.svg"), TestContext.Current.CancellationToken));
            var (code, output, _) = await RunHere("bench", "--report", report);
            Assert.Equal(0, code);
            Assert.StartsWith("# Performance\n", output);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [Fact]
    [Trait("speed", "slow")]
    public async Task A_quick_run_of_one_workload_ends_in_a_report()
    {
        // A process of its own: it pins the thread it runs on.
        string program = typeof(BenchCommand).Assembly.Location;
        var start = new ProcessStartInfo("dotnet",
            [program, "bench", "--quick", "--only", "W3s", "--json"])
        { RedirectStandardOutput = true, RedirectStandardError = true };
        using var process = Process.Start(start)!;
        var error = process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        string output = await process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        Assert.True(process.ExitCode == 0, await error);
        var report = JsonSerializer.Deserialize(output, ReportJson.OneLine.BenchReport)!;
        Assert.True(report.Quick);
        Assert.Equal(InstructionSet.Name, report.InstructionSet);
        // Peers that are not installed are notes; those that are have the same losses as ours and rows with ratios.
        Assert.Equal(4, report.Versions.Count(IsRival) + report.Notes.Count(note => note.StartsWith("no ", StringComparison.Ordinal)));
        foreach (var row in report.Rows)
        {
            Assert.True(row.Ratio > 0, $"{row.Peer}: {row.Note}");
            Assert.Equal(0, row.AllocatedBytes);
        }
    }

    static bool IsRival(string version) => !version.StartsWith("ONNX Runtime", StringComparison.Ordinal);
}
