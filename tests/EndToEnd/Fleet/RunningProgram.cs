using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Text;
using Xunit;

namespace EdgeLearn.Tests;

/// <summary>A process and what it has printed so far; killed when disposed of.</summary>
sealed partial class RunningProgram : IDisposable
{
    /// <summary>How long a test waits for what must happen: no measure of speed, only an end for a test that hangs.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromMinutes(10);

    readonly Process _process;
    readonly StringBuilder _output = new();
    readonly StringBuilder _error = new();
    readonly Stopwatch _watch = Stopwatch.StartNew();

    RunningProgram(Process process)
    {
        _process = process;
        process.OutputDataReceived += (_, line) => Keep(_output, line.Data);
        process.ErrorDataReceived += (_, line) => Keep(_error, line.Data);
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
    }

    /// <summary>Starts a program in a folder.</summary>
    /// <param name="program">what to start, and arguments that come first</param>
    /// <param name="folder">where it runs</param>
    /// <param name="arguments">one element an argument</param>
    public static RunningProgram Start(string[] program, string folder, params string[] arguments)
    {
        // Whoever starts the tests in the background of a shell without job control has Ctrl-C ignored, by them and by what they start.
        var start = new ProcessStartInfo("env", ["--default-signal=INT,QUIT", .. program, .. arguments])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            RedirectStandardInput = true,
            WorkingDirectory = folder,
        };
        start.Environment["EDGELEARN_ROOT"] = Repository.Root;
        start.Environment.Remove("EDGELEARN_FOLDER");
        return new RunningProgram(Process.Start(start)!);
    }

    /// <summary>Runs a program to its end.</summary>
    public static Run Run(string[] program, string folder, params string[] arguments)
    {
        using var running = Start(program, folder, arguments);
        return running.WaitForExit();
    }

    /// <summary>What it has written to standard output.</summary>
    public string Output => Text(_output);

    /// <summary>What it has written to standard error.</summary>
    public string Error => Text(_error);

    /// <summary>Waits until a line of standard output holds a text, and returns the line.</summary>
    public string WaitForOutput(string text) => WaitFor(_output, text);

    /// <summary>Waits until a line of standard error holds a text, and returns the line.</summary>
    public string WaitForError(string text) => WaitFor(_error, text);

    /// <summary>Waits for its end.</summary>
    public Run WaitForExit()
    {
        if (!_process.WaitForExit(Patience)) throw new TimeoutException($"it did not end within {Patience.TotalSeconds} s; {Everything()}");
        _process.WaitForExit(); // and for the rest of its output
        return new Run(_process.ExitCode, Output, Error, _watch.Elapsed);
    }

    /// <summary>Waits for its end and watches its memory.</summary>
    public (Run Run, PeakMemory Memory) Watch()
    {
        var peak = new PeakMemory();
        for (var watch = Stopwatch.StartNew(); watch.Elapsed < Patience && peak.Look(_process.Id); Thread.Sleep(1))
        {
        }

        return (WaitForExit(), peak);
    }

    /// <summary>kill -9: it gets no chance to clean up.</summary>
    public void Kill()
    {
        _process.Kill();
        _process.WaitForExit();
    }

    /// <summary>SIGINT, as Ctrl-C sends it.</summary>
    public void Interrupt() => Send(2);

    /// <summary>SIGTERM.</summary>
    public void Terminate() => Send(15);

    /// <summary>SIGSTOP: it stands still, its connections stay open.</summary>
    public void Suspend() => Send(19);

    /// <summary>SIGCONT.</summary>
    public void Resume() => Send(18);

    public void Dispose()
    {
        if (!_process.HasExited) Kill();
        _process.Dispose();
    }

    void Send(int signal) => Assert.True(SendSignal(_process.Id, signal) == 0, $"signal {signal} could not be sent: {Everything()}");

    string WaitFor(StringBuilder lines, string text)
    {
        var watch = Stopwatch.StartNew();
        while (true)
        {
            bool over = _process.HasExited;
            if (over) _process.WaitForExit();
            if (Text(lines).Split('\n').FirstOrDefault(line => line.Contains(text, StringComparison.Ordinal)) is { } found) return found;
            if (over || watch.Elapsed > Patience)
                throw new TimeoutException($"no line with '{text}'{(over ? $", it ended with {_process.ExitCode}" : "")}; {Everything()}");
            Thread.Sleep(20);
        }
    }

    string Everything() => $"standard output:\n{Output}\nstandard error:\n{Error}";

    static void Keep(StringBuilder to, string? line)
    {
        if (line is null) return;
        lock (to) to.Append(line).Append('\n');
    }

    static string Text(StringBuilder from)
    {
        lock (from) return from.ToString();
    }

    [LibraryImport("libc", EntryPoint = "kill", SetLastError = true)]
    private static partial int SendSignal(int process, int signal);
}
