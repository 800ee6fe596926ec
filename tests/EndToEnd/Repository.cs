using System.Diagnostics;

namespace EdgeLearn.Tests;

/// <summary>The checkout that the tests belong to, and its two commands.</summary>
static class Repository
{
    /// <summary>The folder that holds EdgeLearn.sln; the tests run somewhere below it.</summary>
    public static string Root { get; } = FindRoot();

    public static string PathOf(params string[] parts) => Path.Combine([Root, .. parts]);

    /// <summary>Runs a program to its end and returns its exit code and what it printed.</summary>
    /// <param name="program">A full path, or a name on PATH.</param>
    /// <param name="environment">Variables to set; null removes one.</param>
    /// <param name="arguments">One element an argument.</param>
    public static Run Run(string program, IReadOnlyDictionary<string, string?>? environment = null, params string[] arguments)
    {
        var start = new ProcessStartInfo(program, arguments)
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = Path.GetTempPath(),
        };
        foreach (var (name, value) in environment ?? new Dictionary<string, string?>()) start.Environment[name] = value;
        var watch = Stopwatch.StartNew();
        using var process = Process.Start(start)!;
        var output = process.StandardOutput.ReadToEndAsync();
        var error = process.StandardError.ReadToEndAsync();
        if (!process.WaitForExit(RunningProgram.Patience))
        {
            process.Kill(entireProcessTree: true);
            throw new TimeoutException($"{program} {string.Join(' ', arguments)} did not end within {RunningProgram.Patience}");
        }
        return new Run(process.ExitCode, output.Result, error.Result, watch.Elapsed);
    }

    static string FindRoot()
    {
        string folder = AppContext.BaseDirectory;
        while (!File.Exists(Path.Combine(folder, "EdgeLearn.sln")))
        {
            folder = Path.GetDirectoryName(folder)
                ?? throw new DirectoryNotFoundException("no EdgeLearn.sln above " + AppContext.BaseDirectory);
        }
        return folder;
    }
}

/// <summary>What a process left behind.</summary>
readonly record struct Run(int ExitCode, string Output, string Error, TimeSpan Elapsed);
