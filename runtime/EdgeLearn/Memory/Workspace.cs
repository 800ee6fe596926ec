namespace EdgeLearn;

/// <summary>The one native block that a <see cref="MemoryPlan"/> describes. Disposed of once; its spans die with it.</summary>
public sealed class Workspace : IDisposable
{
    readonly NativeBlock _block;
    readonly (long OffsetBytes, int Length)[] _places;

    /// <summary>Allocates and zeroes the block of a plan.</summary>
    public Workspace(MemoryPlan plan)
    {
        _block = new NativeBlock(plan.WorkspaceBytes);
        _places = new (long, int)[plan.BufferCount];
        for (int i = 0; i < _places.Length; i++)
            _places[i] = (plan.OffsetOf(new BufferId(i)), (int)(plan.BytesOf(new BufferId(i)) / sizeof(float)));
    }

    /// <summary>The floats of a buffer.</summary>
    public Span<float> this[BufferId id] => _block.Part<float>(_places[id.Index].OffsetBytes, _places[id.Index].Length);

    /// <summary>The same bytes as 32-bit integers.</summary>
    public Span<int> Integers(BufferId id) => _block.Part<int>(_places[id.Index].OffsetBytes, _places[id.Index].Length);

    /// <inheritdoc/>
    public void Dispose() => _block.Dispose();
}
