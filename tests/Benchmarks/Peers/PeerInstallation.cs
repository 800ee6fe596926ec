using System.Diagnostics;
using EdgeLearn.Commands;

namespace EdgeLearn.Benchmarks;

/// <summary>Installs the peers on Debian, as root or with a sudo that asks nothing; elsewhere it says what to type.</summary>
static class PeerInstallation
{
    /// <summary>The line a person would type.</summary>
    public const string Line = "apt-get install -y python3-torch libopenblas0-pthread libdnnl2 gcc libc6-dev";

    /// <summary>Installs; returns the exit code of the command.</summary>
    public static int Run(CommandOutput output)
    {
        if (!File.Exists("/usr/bin/apt-get"))
        {
            throw new EdgeLearnException($"there is no apt-get here: install what your system "
                + $"calls {Line[(Line.IndexOf("-y", StringComparison.Ordinal) + 3)..]}");
        }
        string[] words = Line.Split(' ');
        if (Environment.UserName != "root")
        {
            if (Start(["sudo", "-n", "true"], output) != 0) throw new EdgeLearnException($"it takes root: sudo {Line}");
            words = ["sudo", "-n", .. words];
        }

        output.Error.WriteLine(string.Join(' ', words));
        int code = Start(words, output);
        if (code == 0) return 0;
        string[] update = [.. words[..Array.IndexOf(words, "install")], "update"];
        return Start(update, output) == 0 && Start(words, output) == 0
            ? 0
            : throw new EdgeLearnException($"apt-get ended with code {code}: try it yourself: {Line}");
    }

    static int Start(string[] words, CommandOutput output)
    {
        try
        {
            using var process = Process.Start(new ProcessStartInfo(words[0], words[1..]) { RedirectStandardOutput = true })!;
            // Standard output is for results.
            while (process.StandardOutput.ReadLine() is { } line) output.Error.WriteLine(line);
            process.WaitForExit();
            return process.ExitCode;
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return -1;
        }
    }
}
