using System.Diagnostics;
using EdgeLearn.Device;

namespace EdgeLearn.Cli;

/// <summary>One agent as a process of this machine; killed when disposed of.</summary>
sealed class DeviceProcess : IDisposable
{
    readonly Process _process;
    volatile string _lastLine = "";

    /// <summary>Starts an agent that takes its share of a data set.</summary>
    public DeviceProcess(string name, string folder, string token, string data, DataShare share)
    {
        Name = name;
        var start = new ProcessStartInfo(ProgramPath())
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            RedirectStandardInput = true
        };
        string[] arguments =
        [
            "run", "--folder", folder, "--token", token, "--name", name, "--data", data,
            "--part", $"{share.Part}/{share.PartCount}", "--alpha", $"{share.Alpha}", "--seed", $"{share.Seed}",
            "--held-out", $"{share.HeldOutFraction}",
        ];
        foreach (string argument in arguments) start.ArgumentList.Add(argument);
        _process = Process.Start(start) ?? throw new EdgeLearnException($"{start.FileName} cannot be started");
        _process.OutputDataReceived += (_, line) => Keep(line.Data);
        _process.ErrorDataReceived += (_, line) => Keep(line.Data);
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
    }

    public string Name { get; }

    /// <summary>Throws when the agent has ended, with the last line that it wrote.</summary>
    public void CheckAlive()
    {
        if (_process.HasExited) throw new EdgeLearnException($"{Name} ended with exit code {_process.ExitCode}: {_lastLine}");
    }

    /// <summary>The agent's program: what the launcher built, or what lies beside this one.</summary>
    public static string ProgramPath()
    {
        string? named = Environment.GetEnvironmentVariable("EDGELEARN_DEVICE");
        string[] places = [named ?? "", Path.Combine(AppContext.BaseDirectory, "edgelearn-device"),
            Path.Combine(AppContext.BaseDirectory, "..", "device", "edgelearn-device")];
        return Array.Find(places, File.Exists)
            ?? throw new EdgeLearnException("the agent edgelearn-device is not beside this program: set EDGELEARN_DEVICE to its path, or "
            + "start ./edgelearn in the repository");
    }

    void Keep(string? line)
    {
        if (!string.IsNullOrWhiteSpace(line)) _lastLine = line;
    }

    public void Dispose()
    {
        try
        {
            if (!_process.HasExited) _process.Kill();
            _process.WaitForExit(5000);
        }
        catch (InvalidOperationException)
        {
            // It has ended by itself in between.
        }

        _process.Dispose();
    }
}
