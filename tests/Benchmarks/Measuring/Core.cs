using System.Runtime.InteropServices;

namespace EdgeLearn.Benchmarks;

/// <summary>
/// Keeps the calling thread, and the processes it starts, on one core; says what native libraries find in their environment.
/// </summary>
static unsafe partial class Core
{
    const int MostCores = 1024;

    static readonly ulong[] s_allowed = new ulong[MostCores / 64];

    /// <summary>
    /// Pins to the last core that this process may use: interrupts tend to be served by the first. Returns its number, or -1 where the
    /// system refuses.
    /// </summary>
    public static int Pin()
    {
        ulong* set = stackalloc ulong[MostCores / 64];
        if (GetAffinity(0, MostCores / 8, set) != 0) return -1;
        new Span<ulong>(set, MostCores / 64).CopyTo(s_allowed);
        for (int core = MostCores - 1; core >= 0; core--)
        {
            if ((set[core / 64] >> (core % 64) & 1) == 0) continue;
            new Span<ulong>(set, MostCores / 64).Clear();
            set[core / 64] = 1ul << (core % 64);
            return SetAffinity(0, MostCores / 8, set) == 0 ? core : -1;
        }

        return -1;
    }

    /// <summary>
    /// Lets the calling thread, and those it starts from now on, run on all cores that it could use before <see cref="Pin"/>. Returns how
    /// many these are.
    /// </summary>
    public static int Unpin()
    {
        fixed (ulong* set = s_allowed)
            return SetAffinity(0, MostCores / 8, set) == 0 ? s_allowed.Sum(System.Numerics.BitOperations.PopCount) : 1;
    }

    /// <summary>Sets a variable where C code looks for it; the framework keeps a copy of its own.</summary>
    public static void SetNativeVariable(string name, string value)
    {
        Environment.SetEnvironmentVariable(name, value);
        _ = SetVariable(name, value, 1);
    }

    [LibraryImport("libc", EntryPoint = "sched_getaffinity")]
    private static partial int GetAffinityOf(int process, nuint bytes, ulong* set);

    // The kernel fills the words it has; the C library clears the rest.
    static int GetAffinity(int process, nuint bytes, ulong* set) => GetAffinityOf(process, bytes, set) < 0 ? -1 : 0;

    [LibraryImport("libc", EntryPoint = "sched_setaffinity")]
    private static partial int SetAffinity(int process, nuint bytes, ulong* set);

    [LibraryImport("libc", EntryPoint = "setenv", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int SetVariable(string name, string value, int overwrite);
}
