using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;

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

/// <summary>
/// The level of an x86-64 CPU by the names of its ABI. The dynamic loader knows it (glibc 2.33 and later list it in
/// <c>ld.so --help</c>); elsewhere the kernel's flags tell, of which some kernels leave out a few. <c>build/toolchain.sh</c> asks in
/// the same way, so that the launcher and <c>info</c> give one answer.
/// </summary>
public static partial class CpuLevel
{
    /// <summary>glibc's loader, by the name that every program of its ABI holds.</summary>
    public const string Loader = "/lib64/ld-linux-x86-64.so.2";

    /// <summary>The kernel's file about the CPU.</summary>
    public const string CpuInfo = "/proc/cpuinfo";

    static readonly string[] s_version3 = ["avx2", "fma", "bmi1", "bmi2", "f16c", "movbe", "abm"];
    static readonly string[] s_version4 = [.. s_version3, "avx512f", "avx512bw", "avx512cd", "avx512dq", "avx512vl"];

    /// <summary>
    /// The level: <c>x86-64-v2</c> (also of a CPU below it, on which nothing of ours starts), <c>x86-64-v3</c> or <c>x86-64-v4</c>;
    /// null where nobody says.
    /// </summary>
    /// <param name="loader">path of the loader, which may not exist</param>
    /// <param name="cpuInfo">path of the kernel's file, which may not exist</param>
    public static string? Read(string loader = Loader, string cpuInfo = CpuInfo)
    {
        string help = HelpOf(loader);
        if (help.Contains("x86-64-v4 (supported", StringComparison.Ordinal)) return "x86-64-v4";
        if (help.Contains("x86-64-v3 (supported", StringComparison.Ordinal)) return "x86-64-v3";
        if (help.Contains("x86-64-v2", StringComparison.Ordinal)) return "x86-64-v2";
        if (Machine.ValueIn(cpuInfo, "flags") is not { } line) return null;
        var flags = line.Split(' ').ToHashSet();
        return flags.IsSupersetOf(s_version4) ? "x86-64-v4" : flags.IsSupersetOf(s_version3) ? "x86-64-v3" : "x86-64-v2";
    }

    // popen, since the framework's Process would add 1 % to the agent.
    static string HelpOf(string loader)
    {
        nint pipe = Open($"exec '{loader}' --help 2>/dev/null", "r");
        if (pipe == 0) return "";
        byte[] text = new byte[1 << 16];
        nuint length = Read(text, 1, (nuint)text.Length, pipe);
        _ = Close(pipe);
        return Encoding.ASCII.GetString(text, 0, (int)length);
    }

    [LibraryImport("libc", EntryPoint = "popen", StringMarshalling = StringMarshalling.Utf8)]
    private static partial nint Open(string command, string mode);

    [LibraryImport("libc", EntryPoint = "fread")]
    private static partial nuint Read([Out] byte[] text, nuint size, nuint count, nint pipe);

    [LibraryImport("libc", EntryPoint = "pclose")]
    private static partial int Close(nint pipe);
}
