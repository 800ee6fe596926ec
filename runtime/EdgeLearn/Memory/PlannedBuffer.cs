using System.Runtime.InteropServices;

namespace EdgeLearn;

/// <summary>
/// One buffer of a <see cref="MemoryPlan"/>: a handle that gives its memory once a <see cref="Workspace"/> of the plan exists. The default
/// is a buffer that nobody asked for, which is empty.
/// </summary>
public readonly struct PlannedBuffer
{
    readonly MemoryPlan? _plan;
    readonly int _index;

    internal PlannedBuffer(MemoryPlan plan, int index)
    {
        _plan = plan;
        _index = index;
    }

    /// <summary>Its floats; of another owner within a step, outside its first and last use.</summary>
    /// <exception cref="InvalidOperationException">The plan has no workspace yet.</exception>
    public Span<float> Span => _plan is null ? default : _plan.SpanOf(_index);

    /// <summary>The same bytes as 32-bit integers.</summary>
    public Span<int> Integers => MemoryMarshal.Cast<float, int>(Span);

    /// <summary>Its length in bytes.</summary>
    public long Bytes => _plan?.BytesOf(_index) ?? 0;

    /// <summary>First byte in the block of the workspace, a multiple of <see cref="MemoryPlan.AlignmentBytes"/>.</summary>
    public long OffsetBytes => _plan?.OffsetOf(_index) ?? 0;
}
