using System.Runtime.CompilerServices;

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

/// <summary>w = keep * w - rate * g. A kernel of small products asks for it by name, since it can leave out the decay.</summary>
readonly struct DecayedDescentStep(float keep, float rate) : IElementUpdate
{
    /// <summary>Whether nothing decays, so that <see cref="DescentStep"/> gives the same bits.</summary>
    public bool IsPlain => keep == 1;

    /// <summary>Factor on the gradient.</summary>
    public float Rate => rate;

    public static int StateCount => 0;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public T Apply<T>(T weight, T gradient, ref T first, ref T second)
        where T : struct, ILanes<T> => weight * T.Broadcast(keep) - T.Broadcast(rate) * gradient;
}

/// <summary>w - rate * g: the bits of <see cref="DecayedDescentStep"/> without decay, with a multiplication less.</summary>
readonly struct DescentStep(float rate) : IElementUpdate
{
    public static int StateCount => 0;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public T Apply<T>(T weight, T gradient, ref T first, ref T second)
        where T : struct, ILanes<T> => weight - T.Broadcast(rate) * gradient;
}
