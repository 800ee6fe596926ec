using System.Globalization;
using System.Runtime.InteropServices;

namespace EdgeLearn.Device;

/// <summary>What a board can say about itself.</summary>
public static class BoardReadings
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
