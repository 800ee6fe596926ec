using System.Globalization;

namespace EdgeLearn.Tests;

/// <summary>The most memory that a process was seen with, by what the kernel says of it.</summary>
sealed class PeakMemory
{
    /// <summary>Its own pages: heaps, blocks, stacks.</summary>
    public long AnonymousBytes { get; private set; }

    /// <summary>These and the pages of files, such as the program's, that it has touched.</summary>
    public long ResidentBytes { get; private set; }

    /// <summary>Looks once.</summary>
    /// <returns>whether the process is still there</returns>
    public bool Look(int process)
    {
        try
        {
            bool isThere = false;
            foreach (string line in File.ReadLines($"/proc/{process}/status"))
            {
                if (Kibibytes(line, "RssAnon:") is { } own) AnonymousBytes = Math.Max(AnonymousBytes, own * 1024);
                if (Kibibytes(line, "VmHWM:") is not { } most) continue;
                ResidentBytes = Math.Max(ResidentBytes, most * 1024);
                isThere = true;
            }

            return isThere;
        }
        catch (IOException)
        {
            return false;
        }
    }

    // "VmHWM:      18648 kB"
    static long? Kibibytes(string line, string name)
        => line.StartsWith(name, StringComparison.Ordinal)
            ? long.Parse(line.AsSpan(name.Length, line.Length - name.Length - " kB".Length), NumberStyles.AllowLeadingWhite,
                CultureInfo.InvariantCulture)
            : null;
}
