using System.Diagnostics;
using System.Globalization;
using System.Text.Json;

namespace EdgeLearn.Benchmarks;

/// <summary>
/// PyTorch in a process of its own that lives through the whole run: peers/torch_workloads.py says what the lines between us mean.
/// </summary>
sealed class TorchPeer : IDisposable
{
    readonly Process _process;

    TorchPeer(Process process, string python, string script)
    {
        _process = process;
        Python = python;
        Script = script;
    }

    /// <summary>The interpreter that has torch.</summary>
    public string Python { get; }

    /// <summary>The script.</summary>
    public string Script { get; }

    /// <summary>Versions and the BLAS library that it found.</summary>
    public string Versions { get; private set; } = "";

    /// <summary>Starts it with the first interpreter that can import torch; null where none can.</summary>
    public static TorchPeer? Find(string script)
    {
        foreach (string python in (string[])["python3", "/usr/bin/python3"])
        {
            if (!CanImport(python)) continue;
            var peer = new TorchPeer(
                Process.Start(
                new ProcessStartInfo(python, [script])
                {
                    RedirectStandardInput = true,
                    RedirectStandardOutput = true,
                    RedirectStandardError = true
                })!, python, script);
            peer._process.ErrorDataReceived += (_, _) => { };
            peer._process.BeginErrorReadLine();
            peer.Versions = peer.Ask("versions");
            return peer;
        }

        return null;
    }

    /// <summary>Whether its products run on a tuned BLAS; without one it is no fair peer.</summary>
    public bool HasTunedBlas
        => Versions.Contains("openblas", StringComparison.OrdinalIgnoreCase)
            || Versions.Contains("mkl", StringComparison.OrdinalIgnoreCase);

    /// <summary>Name and version for a report.</summary>
    public string Name
    {
        get
        {
            using var json = JsonDocument.Parse(Versions);
            var root = json.RootElement;
            return $"PyTorch {root.GetProperty("torch")} ("
            + $"{string.Join(", ", root.GetProperty("blas").EnumerateArray().Select(e => e.GetString()))}, "
            + $"elementwise code {root.GetProperty("vectors")}, {root.GetProperty("threads")} thread)";
        }
    }

    /// <summary>Sends a line and returns the answer.</summary>
    /// <exception cref="EdgeLearnException">The answer is an error, or the process is gone.</exception>
    public string Ask(string line)
    {
        _process.StandardInput.WriteLine(line);
        _process.StandardInput.Flush();
        string? answer = _process.StandardOutput.ReadLine();
        if (answer is null || answer.StartsWith("error:", StringComparison.Ordinal))
            throw new EdgeLearnException($"PyTorch could not do '{line}': {answer ?? "its process ended"}");
        return answer;
    }

    /// <summary>The same with an answer that begins with a number.</summary>
    public double AskNumber(string line) => double.Parse(Ask(line).Split(' ')[0], CultureInfo.InvariantCulture);

    static bool CanImport(string python)
    {
        try
        {
            // Found without importing it: an import takes a second.
            using var process =
                Process.Start(
                new ProcessStartInfo(python,
                ["-c", "import importlib.util, sys; sys.exit(importlib.util.find_spec('torch') is None)"])
                {
                    RedirectStandardOutput = true,
                    RedirectStandardError = true
                })!;
            process.WaitForExit();
            return process.ExitCode == 0;
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return false;
        }
    }

    public void Dispose()
    {
        try
        {
            _process.StandardInput.Close();
            if (!_process.WaitForExit(2000)) _process.Kill();
        }
        catch (IOException)
        {
            _process.Kill();
        }

        _process.Dispose();
    }
}

/// <summary>One form of one workload in PyTorch.</summary>
sealed class TorchContender(TorchPeer torch, string name, string workload, string form) : Contender(name)
{
    public override void BeginRound() => torch.Ask($"reset {workload}");

    public override double MedianMicroseconds(double blockMs)
        => torch.AskNumber(string.Create(CultureInfo.InvariantCulture, $"run {workload} {form} {blockMs:F1}"));
}
