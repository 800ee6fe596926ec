using System.Globalization;
using Xunit;

namespace EdgeLearn.Tests;

public class GuardedMemoryTests
{
    [Fact]
    public void The_pages_around_the_floats_are_closed_and_the_floats_are_not()
    {
        using var memory = new GuardedMemory(300);
        memory.Last(300).Fill(1);
        unsafe
        {
            fixed (float* first = memory.First(1), last = memory.Last(1))
            {
                Assert.Equal("rw-p", ProtectionAt((nint)first));
                Assert.Equal("rw-p", ProtectionAt((nint)last));
                Assert.Equal("---p", ProtectionAt((nint)(last + 1)));
                Assert.Equal("---p", ProtectionAt((nint)first - 1));
                Assert.Equal(memory.GuardAddress, (nint)(last + 1));
            }
        }
    }

    static string ProtectionAt(nint address)
    {
        foreach (string line in File.ReadLines("/proc/self/maps"))
        {
            string[] parts = line.Split(' ', '-');
            if (nint.Parse(parts[0], NumberStyles.HexNumber, CultureInfo.InvariantCulture) <= address
                && address < nint.Parse(parts[1], NumberStyles.HexNumber, CultureInfo.InvariantCulture))
            {
                return line.Split(' ')[1];
            }
        }

        return "unmapped";
    }
}
