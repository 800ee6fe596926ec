using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace EdgeLearn;

/// <summary>
/// One page-aligned block of native memory, zeroed; owned, and given back to the system by <see cref="Dispose"/> or the finaliser. It is
/// mapped by itself, not taken from the C heap: that keeps what was freed, one arena a thread, and a process that trains round after round
/// on other threads would grow by a workspace each time.
/// </summary>
sealed unsafe partial class NativeBlock : IDisposable
{
    void* _pointer;

    /// <summary>Maps the block. Pages cost memory when they are first touched.</summary>
    /// <exception cref="EdgeLearnException">The system has not that much memory.</exception>
    public NativeBlock(long bytes)
    {
        LengthBytes = bytes;
        if (bytes == 0) return;
        const int ReadWrite = 0x3, PrivateAnonymous = 0x22;
        void* address = Map(null, (nuint)bytes, ReadWrite, PrivateAnonymous, -1, 0);
        if ((nint)address == -1)
            throw new EdgeLearnException($"cannot allocate {bytes:N0} bytes: the system has no such block of memory left");
        _pointer = address;
    }

    /// <summary>Size in bytes.</summary>
    public long LengthBytes { get; }

    /// <summary>Frees a block that was not disposed of.</summary>
    ~NativeBlock() => Free();

    /// <summary>A view of part of the block; valid until the block is disposed of.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public Span<T> Span<T>(long offsetBytes, int length)
        where T : unmanaged
    {
        if (offsetBytes < 0 || offsetBytes + (long)length * sizeof(T) > LengthBytes) ThrowOutside(offsetBytes, length);
        return Part<T>(offsetBytes, length);
    }

    /// <summary>The same for a place that is known to lie inside: small steps ask for it often.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal Span<T> Part<T>(long offsetBytes, int length)
        where T : unmanaged
    {
        if (_pointer is null && length > 0) ThrowDisposed();
        return new Span<T>((byte*)_pointer + offsetBytes, length);
    }

    [DoesNotReturn]
    void ThrowOutside(long offsetBytes, int length)
    => throw new ArgumentOutOfRangeException(nameof(offsetBytes), $"{length} values at byte {offsetBytes} of {LengthBytes}");

    [DoesNotReturn]
    void ThrowDisposed() => throw new ObjectDisposedException(nameof(NativeBlock));

    /// <summary>Address of the block, for native libraries that borrow it.</summary>
    public nint Address => (nint)_pointer;

    public void Dispose()
    {
        Free();
        GC.SuppressFinalize(this);
    }

    void Free()
    {
        if (_pointer is not null) _ = Unmap(_pointer, (nuint)LengthBytes);
        _pointer = null;
    }

    [LibraryImport("libc", EntryPoint = "mmap")]
    private static partial void* Map(void* address, nuint bytes, int protection, int flags, int file, nint offset);

    [LibraryImport("libc", EntryPoint = "munmap")]
    private static partial int Unmap(void* address, nuint bytes);
}
