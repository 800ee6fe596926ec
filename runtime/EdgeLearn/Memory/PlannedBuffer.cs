using System.Runtime.InteropServices;

namespace EdgeLearn;

/// <summary>
/// One buffer of a <see cref="MemoryPlan"/>: a handle that gives its memory once a <see cref="Workspace"/> of the plan exists. The default
/// is a buffer that nobody asked for, which is empty.
/// </summary>
public readonly struct PlannedBuffer
{
    readonly PlannedSlot? _slot;

    internal PlannedBuffer(PlannedSlot slot) => _slot = slot;

    /// <summary>Its floats; of another owner within a step, outside its first and last use.</summary>
    /// <exception cref="InvalidOperationException">The plan has no workspace yet.</exception>
    public Span<float> Span => _slot is null ? default : _slot.Span;

    /// <summary>The same bytes as 32-bit integers.</summary>
    public Span<int> Integers => MemoryMarshal.Cast<float, int>(Span);

    /// <summary>What it was asked for as.</summary>
    public string Name => _slot?.Name ?? "";

    /// <summary>What it is for.</summary>
    public MemoryCategory Category => _slot?.Category ?? default;

    /// <summary>The first moment in which it holds something.</summary>
    public int FirstUse => _slot?.FirstUse ?? 0;

    /// <summary>The last; <see cref="MemoryPlan.Forever"/> for a buffer that lives as long as the run.</summary>
    public int LastUse => _slot?.LastUse ?? 0;

    /// <summary>Its length in bytes.</summary>
    public long Bytes => _slot?.Bytes ?? 0;

    /// <summary>First byte in the block of the workspace, a multiple of <see cref="MemoryPlan.AlignmentBytes"/>.</summary>
    public long OffsetBytes => _slot?.OffsetBytes ?? 0;
}

/// <summary>The place of one buffer, looked up once: a step asks for it many times.</summary>
sealed class PlannedSlot(MemoryPlan plan, int index)
{
    NativeBlock? _block;
    long _offset;
    int _length;

    public long Bytes => plan.BytesOf(index);

    public string Name => plan.NameOf(index);

    public MemoryCategory Category => plan.CategoryOf(index);

    public int FirstUse => plan.UsesOf(index).First;

    public int LastUse => plan.UsesOf(index).Last;

    public long OffsetBytes => plan.OffsetOf(index);

    public Span<float> Span
        => _block is null ? throw new InvalidOperationException($"{plan.NameOf(index)}: the plan is not allocated yet")
            : _block.Part<float>(_offset, _length);

    public void Place(NativeBlock block) => (_block, _offset, _length) = (block, OffsetBytes, (int)(Bytes / sizeof(float)));
}
