using System.Globalization;
using System.Runtime.InteropServices;

namespace EdgeLearn.Device;

/// <summary>What a board can say about itself.</summary>
static class BoardReadings
{
    const string Status = "/proc/self/status";
    const string ThermalZone = "/sys/class/thermal/thermal_zone0/temp";

    /// <summary>Version of this program.</summary>
    public static string AgentVersion { get; } = typeof(BoardReadings).Assembly.GetName().Version?.ToString(3) ?? "0.0.0";

    /// <summary>For example linux-arm64.</summary>
    public static string Platform => RuntimeInformation.RuntimeIdentifier;

    /// <summary>Peak resident memory of this process; null where the system does not say.</summary>
    public static ulong? PeakResidentBytes()
    {
        foreach (string line in ReadLines(Status))
        {
            if (!line.StartsWith("VmHWM:", StringComparison.Ordinal)) continue;
            string kibibytes = line["VmHWM:".Length..].Replace("kB", "", StringComparison.Ordinal);
            return ulong.TryParse(kibibytes, NumberStyles.AllowLeadingWhite | NumberStyles.AllowTrailingWhite, CultureInfo.InvariantCulture,
                out ulong value) ? value * 1024 : null;
        }

        return null;
    }

    /// <summary>Temperature of the first thermal zone; null where there is none.</summary>
    public static double? TemperatureCelsius()
    {
        foreach (string line in ReadLines(ThermalZone))
        {
            return double.TryParse(line, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out double milli)
                ? milli / 1000
                : null;
        }
        return null;
    }

    static string[] ReadLines(string path)
    {
        try
        {
            return File.Exists(path) ? File.ReadAllLines(path) : [];
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }
}

/// <summary>
/// Gives back what a round has used. It leaves garbage worth several models and freed native blocks, and then the board waits for minutes:
/// collector and allocator would keep all of it for the next time, and with every round a little more.
/// Measured (x64, MNIST, 784-1000@10x10-10, 40 rounds): peak without it 45 MB after 10 rounds and growing.
/// </summary>
static partial class BoardMemory
{
    // Of glibc's malloc.h, the same on every architecture.
    const int MmapThreshold = -3;
    const int ArenaMax = -8;
    const int LargeBlockBytes = 128 << 10;

    /// <summary>
    /// Once, before work begins: every large block is mapped alone, so that freeing it returns it, and threads share one arena.
    /// </summary>
    public static void Prepare() => WithGlibc(static () =>
    {
        _ = SetOption(MmapThreshold, LargeBlockBytes);
        _ = SetOption(ArenaMax, 1);
    });

    /// <summary>Before a training, and after a round or a trial of a model.</summary>
    public static void Return()
    {
        GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);
        WithGlibc(static () => _ = Trim(0));
        CodePages.Drop();
    }

    static void WithGlibc(Action call)
    {
        if (!OperatingSystem.IsLinux()) return;
        try
        {
            call();
        }
        catch (EntryPointNotFoundException)
        {
            // Another C library; its allocator looks after itself.
        }
    }

    [LibraryImport("libc", EntryPoint = "mallopt")]
    private static partial int SetOption(int option, int value);

    [LibraryImport("libc", EntryPoint = "malloc_trim")]
    private static partial int Trim(nuint keep);
}
