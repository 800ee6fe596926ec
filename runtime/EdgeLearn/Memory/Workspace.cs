namespace EdgeLearn;

/// <summary>
/// The one native block that a <see cref="MemoryPlan"/> describes: from now on the plan's handles have memory. Disposed of once; its spans
/// die with it.
/// </summary>
public sealed class Workspace : IDisposable
{
    readonly NativeBlock _block;

    /// <summary>Allocates and zeroes the block of a plan, then does what the plan was asked to do when it is allocated.</summary>
    /// <exception cref="InvalidOperationException">The plan has a workspace already.</exception>
    public Workspace(MemoryPlan plan)
    {
        _block = new NativeBlock(plan.WorkspaceBytes);
        plan.Allocated(_block);
    }

    /// <inheritdoc/>
    public void Dispose() => _block.Dispose();
}
