namespace EdgeLearn;

/// <summary>
/// The one native block that a <see cref="MemoryPlan"/> describes: from now on the plan's handles have memory. Disposed of once; its spans
/// die with it.
/// </summary>
public sealed class Workspace : IDisposable
{
    readonly NativeBlock _block;
    readonly (long OffsetBytes, int Length)[] _places;

    /// <summary>Allocates and zeroes the block of a plan, then does what the plan was asked to do when it is allocated.</summary>
    /// <exception cref="InvalidOperationException">The plan has a workspace already.</exception>
    public Workspace(MemoryPlan plan)
    {
        _block = new NativeBlock(plan.WorkspaceBytes);
        _places = new (long, int)[plan.BufferCount];
        for (int i = 0; i < _places.Length; i++) _places[i] = (plan.OffsetOf(i), (int)(plan.BytesOf(i) / sizeof(float)));
        plan.Allocated(this);
    }

    internal Span<float> SpanOf(int index) => _block.Part<float>(_places[index].OffsetBytes, _places[index].Length);

    /// <inheritdoc/>
    public void Dispose() => _block.Dispose();
}
