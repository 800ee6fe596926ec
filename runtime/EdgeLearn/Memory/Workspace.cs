namespace EdgeLearn;

/// <summary>The one native block that a <see cref="MemoryPlan"/> describes. Disposed of once; its spans die with it.</summary>
public sealed class Workspace : IDisposable
{
    readonly MemoryPlan _plan;
    readonly NativeBlock _block;

    /// <summary>Allocates and zeroes the block of a plan.</summary>
    public Workspace(MemoryPlan plan)
    {
        _plan = plan;
        _block = new NativeBlock(plan.WorkspaceBytes);
    }

    /// <summary>The floats of a buffer.</summary>
    public Span<float> this[BufferId id] => _block.Span<float>(_plan.OffsetOf(id), (int)(_plan.BytesOf(id) / sizeof(float)));

    /// <summary>The same bytes as 32-bit integers.</summary>
    public Span<int> Integers(BufferId id) => _block.Span<int>(_plan.OffsetOf(id), (int)(_plan.BytesOf(id) / sizeof(int)));

    /// <inheritdoc/>
    public void Dispose() => _block.Dispose();
}
