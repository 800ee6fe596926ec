using System.Runtime.InteropServices;

namespace EdgeLearn;

/// <summary>One aligned block of native memory, zeroed; owned, and freed by <see cref="Dispose"/> or the finaliser.</summary>
public sealed unsafe class NativeBlock : IDisposable
{
    void* _pointer;

    /// <summary>Allocates the block.</summary>
    /// <exception cref="EdgeLearnException">The system has not that much memory.</exception>
    public NativeBlock(long bytes)
    {
        LengthBytes = bytes;
        if (bytes == 0) return;
        try
        {
            _pointer = NativeMemory.AlignedAlloc((nuint)bytes, MemoryPlan.AlignmentBytes);
        }
        catch (OutOfMemoryException e)
        {
            throw new EdgeLearnException($"cannot allocate {bytes:N0} bytes: the system has no such block of memory left", e);
        }

        NativeMemory.Clear(_pointer, (nuint)bytes);
    }

    /// <summary>Size in bytes.</summary>
    public long LengthBytes { get; }

    /// <summary>Frees a block that was not disposed of.</summary>
    ~NativeBlock() => Free();

    /// <summary>A view of part of the block; valid until the block is disposed of.</summary>
    public Span<T> Span<T>(long offsetBytes, int length)
        where T : unmanaged
    {
        if (offsetBytes < 0 || offsetBytes + (long)length * sizeof(T) > LengthBytes) throw new ArgumentOutOfRangeException(nameof(offsetBytes), $"{length} values at byte {offsetBytes} of {LengthBytes}");
        if (length == 0) return default;
        ObjectDisposedException.ThrowIf(_pointer is null, this);
        return new Span<T>((byte*)_pointer + offsetBytes, length);
    }

    /// <summary>Address of the block, for native libraries that borrow it.</summary>
    public nint Address => (nint)_pointer;

    /// <inheritdoc/>
    public void Dispose()
    {
        Free();
        GC.SuppressFinalize(this);
    }

    void Free()
    {
        NativeMemory.AlignedFree(_pointer);
        _pointer = null;
    }
}
