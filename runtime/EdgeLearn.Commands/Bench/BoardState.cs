using System.Globalization;

namespace EdgeLearn.Commands;

/// <summary>
/// What a board says about itself before and after a measurement: a hot one slows down. Null where the kernel does not say.
/// </summary>
/// <param name="Celsius">the hottest thermal zone</param>
/// <param name="Mhz">present clock of the fastest core</param>
public sealed record BoardState(double? Celsius, double? Mhz)
{
    /// <summary>Reads it now.</summary>
    public static BoardState Read() => new(
        Most("/sys/class/thermal", "thermal_zone*", "temp", 1e-3),
        Most("/sys/devices/system/cpu", "cpu*", "cpufreq/scaling_cur_freq", 1e-3));

    static double? Most(string folder, string pattern, string file, double scale)
    {
        double? most = null;
        if (!Directory.Exists(folder)) return null;
        foreach (string part in Directory.EnumerateDirectories(folder, pattern))
        {
            string path = Path.Combine(part, file);
            try
            {
                if (File.Exists(path)
                    && double.TryParse(File.ReadAllText(path), NumberStyles.AllowLeadingSign | NumberStyles.AllowTrailingWhite,
                    CultureInfo.InvariantCulture, out double value))
                {
                    most = Math.Max(most ?? double.MinValue, value * scale);
                }
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                // A zone that cannot be read now says nothing.
            }
        }

        return most;
    }
}
