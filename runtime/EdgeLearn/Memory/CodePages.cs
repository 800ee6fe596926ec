using System.Globalization;
using System.Runtime.InteropServices;

namespace EdgeLearn;

/// <summary>
/// The pages of program and libraries that a process has touched: they count as its memory until the system needs them for something else.
/// Starting touches most of a program once (the kernel maps 16 pages around each that is used), training a part of it again and again.
/// </summary>
static partial class CodePages
{
    const int DontNeed = 4; // MADV_DONTNEED: pages of a file are dropped, and mapped again when they are used

    /// <summary>Drops all of them, before memory is taken for other things. What goes on running is back within a millisecond.</summary>
    public static void Drop()
    {
        if (!OperatingSystem.IsLinux()) return;
        try
        {
            nuint start = 0, end = 0;
            bool isUnwritten = false;
            foreach (string line in File.ReadLines("/proc/self/smaps"))
            {
                if (IsMapping(line, out nuint from, out nuint to))
                {
                    (start, end) = IsReadOnlyFile(line) ? (from, to) : (0, 0);
                    isUnwritten = false;
                }
                else if (IsNone(line, "Anonymous:"))
                {
                    isUnwritten = true;
                }
                else if (isUnwritten && end > start && IsNone(line, "Swap:"))
                {
                    _ = Advise((nint)start, end - start, DontNeed);
                }
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or EntryPointNotFoundException)
        {
            // It only costs memory.
        }
    }

    // "55cb6e6d3000-55cb6edc4000 r-xp 00014000 fe:01 1234 /path" or "Rss:                  80 kB".
    static bool IsMapping(string line, out nuint start, out nuint end)
    {
        start = end = 0;
        int dash = line.IndexOf('-', StringComparison.Ordinal), blank = line.IndexOf(' ', StringComparison.Ordinal);
        return dash > 0 && blank > dash && IsAddress(line.AsSpan(0, dash), out start)
            && IsAddress(line.AsSpan(dash + 1, blank - dash - 1), out end);
    }

    static bool IsAddress(ReadOnlySpan<char> text, out nuint address)
        => nuint.TryParse(text, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out address);

    static bool IsReadOnlyFile(string line)
        => line.Contains('/', StringComparison.Ordinal)
            && (line.Contains(" r-xp ", StringComparison.Ordinal) || line.Contains(" r--p ", StringComparison.Ordinal));

    // Pages that were written, as the loader writes some before it takes the right away, would be lost: none may be in memory, and none
    // swapped out.
    static bool IsNone(string line, string what)
        => line.StartsWith(what, StringComparison.Ordinal) && line.EndsWith(" 0 kB", StringComparison.Ordinal);

    [LibraryImport("libc", EntryPoint = "madvise")]
    private static partial int Advise(nint address, nuint bytes, int advice);
}
