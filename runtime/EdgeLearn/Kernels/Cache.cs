using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics.X86;

namespace EdgeLearn;

/// <summary>Hints to the caches, where the CPU takes any from a .NET program: x86.</summary>
static unsafe class Cache
{
    const int LineLength = 16;

    /// <summary>Asks for some columns of some rows; rows beyond the end of a matrix do no harm.</summary>
    /// <param name="first">first value</param>
    /// <param name="stride">distance between rows</param>
    /// <param name="rows">rows</param>
    /// <param name="columns">neighbouring values of each</param>
    public static void Expect(ref float first, nint stride, int rows, int columns)
    {
        if (!Sse.IsSupported) return;
        float* row = (float*)Unsafe.AsPointer(ref first); // never read through: a hint for an address that is no longer valid is dropped
        for (; rows > 0; rows--, row += stride)
        {
            for (int j = 0; j < columns; j += LineLength) Sse.Prefetch0(row + j);
        }
    }
}
