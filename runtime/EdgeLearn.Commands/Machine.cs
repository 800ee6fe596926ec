using System.Globalization;
using System.Runtime.InteropServices;

namespace EdgeLearn.Commands;

/// <summary>This process and this machine, mostly by what the kernel says.</summary>
public static class Machine
{
    /// <summary>How this program was compiled: <c>NativeAOT</c> or <c>JIT</c>.</summary>
    // A native program is not started by a host that tells it where assemblies lie.
    public static string Compiled => AppContext.GetData("TRUSTED_PLATFORM_ASSEMBLIES") is null ? "NativeAOT" : "JIT";

    /// <summary>Most memory that this process has had in RAM (VmHWM), in bytes; 0 where the kernel does not say.</summary>
    public static long PeakRssBytes => KilobytesIn("/proc/self/status", "VmHWM:");

    /// <summary>RAM of the machine, in bytes; 0 where the kernel does not say.</summary>
    public static long MemoryBytes => KilobytesIn("/proc/meminfo", "MemTotal:");

    /// <summary>RAM that could be used now, in bytes; 0 where the kernel does not say.</summary>
    public static long AvailableBytes => KilobytesIn("/proc/meminfo", "MemAvailable:");

    /// <summary>The best instruction set of the CPU, by the field's names; <c>unknown</c> where nobody says.</summary>
    public static string CpuInstructionSet
    {
        get
        {
            if (RuntimeInformation.ProcessArchitecture != Architecture.Arm64) return CpuLevel.Read() ?? "unknown";
            if (ValueIn(CpuLevel.CpuInfo, "Features") is not { } features) return "unknown";
            return features.Split(' ').Contains("asimddp") ? "arm64+dotprod" : "arm64";
        }
    }

    /// <summary>The CPU's or the board's name; null where the kernel does not say.</summary>
    public static string? Model
    {
        get
        {
            const string Board = "/proc/device-tree/model";
            if (File.Exists(Board)) return File.ReadAllText(Board).TrimEnd('\0', '\n');
            return ValueIn(CpuLevel.CpuInfo, "model name");
        }
    }

    static long KilobytesIn(string path, string name)
    {
        if (Line(path, name) is not { } line) return 0;
        var number = line.AsSpan(name.Length).Trim();
        int end = number.IndexOf(' ');
        var digits = end < 0 ? number : number[..end];
        return long.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out long kilobytes) ? kilobytes * 1024 : 0;
    }

    /// <summary>What stands behind the colon in a file of the kernel's; null where the file or the line is missing.</summary>
    internal static string? ValueIn(string path, string name)
    {
        string? line = Line(path, name);
        return line?[(line.IndexOf(':', StringComparison.Ordinal) + 1)..].Trim();
    }

    static string? Line(string path, string start)
    {
        if (!File.Exists(path)) return null;
        using var reader = new StreamReader(path);
        while (reader.ReadLine() is { } line)
        {
            if (line.StartsWith(start, StringComparison.Ordinal)) return line;
        }

        return null;
    }
}
