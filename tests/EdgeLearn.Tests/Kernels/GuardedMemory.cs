using System.Runtime.InteropServices;

namespace EdgeLearn.Tests;

/// <summary>
/// Floats that end right before a page, or begin right behind one, that can be neither read nor written: a kernel that leaves its span dies
/// at once.
/// </summary>
sealed unsafe partial class GuardedMemory : IDisposable
{
    const int PageBytes = 4096, ReadWrite = 3, PrivateAnonymous = 0x22;

    readonly nint _start;
    readonly nint _innerBytes;

    public GuardedMemory(int maxLength)
    {
        _innerBytes = (maxLength * sizeof(float) + PageBytes - 1) / PageBytes * PageBytes;
        _start = Map(0, (nuint)(_innerBytes + 2 * PageBytes), ReadWrite, PrivateAnonymous, -1, 0);
        if (_start == -1 || Protect(_start, PageBytes, 0) != 0 || Protect(_start + PageBytes + _innerBytes, PageBytes, 0) != 0)
            throw new InvalidOperationException("no guarded memory");
    }

    /// <summary>Address of the first byte that must not be touched behind the last float.</summary>
    public nint GuardAddress => _start + PageBytes + _innerBytes;

    /// <summary>The last <paramref name="length"/> floats before the guard.</summary>
    public Span<float> Last(int length) => new((void*)(GuardAddress - length * sizeof(float)), length);

    /// <summary>The first <paramref name="length"/> floats behind the leading guard.</summary>
    public Span<float> First(int length) => new((void*)(_start + PageBytes), length);

    /// <summary>The last floats before the guard, filled with values in [-1, 1) that depend on the salt.</summary>
    public Span<float> Random(int length, int salt)
    {
        var span = Last(length);
        Values.Fill(span, salt);
        return span;
    }

    public void Dispose()
    {
        _ = Unmap(_start, (nuint)(_innerBytes + 2 * PageBytes));
        GC.SuppressFinalize(this);
    }

    [LibraryImport("libc", EntryPoint = "mmap")]
    private static partial nint Map(nint address, nuint length, int protection, int flags, int file, nint offset);

    [LibraryImport("libc", EntryPoint = "mprotect")]
    private static partial int Protect(nint address, nuint length, int protection);

    [LibraryImport("libc", EntryPoint = "munmap")]
    private static partial int Unmap(nint address, nuint length);
}
