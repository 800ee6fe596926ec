namespace EdgeLearn;

/// <summary>
/// What an update does to one register of weights. Written once as a value type; the pass over a gradient panel and the epilogue of a
/// gradient product are compiled from the same text for every register width. All operations are rounded one by one, so the result does not
/// depend on the width.
/// </summary>
interface IElementUpdate
{
    /// <summary>Floats of state a weight: 0, 1 or 2.</summary>
    static abstract int StateCount { get; }

    /// <summary>The new weights; the states are read and replaced, those beyond <see cref="StateCount"/> are ignored.</summary>
    T Apply<T>(T weight, T gradient, ref T first, ref T second)
        where T : struct, ILanes<T>;
}
