using System.Runtime.CompilerServices;

namespace EdgeLearn;

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
