using System.Runtime.CompilerServices;

namespace EdgeLearn;

/// <summary>
/// An activation over registers, with the derivative taken from its output: what fits into the passes over a layer's outputs.
/// </summary>
interface IActivation
{
    /// <summary>y = activation(z).</summary>
    static abstract T Apply<T>(T z)
        where T : struct, ILanes<T>;

    /// <summary>gradient * activation'(z), from y = activation(z).</summary>
    static abstract T Gradient<T>(T y, T gradient)
        where T : struct, ILanes<T>;
}

/// <summary>y = z.</summary>
readonly struct IdentityActivation : IActivation
{
    public static T Apply<T>(T z)
        where T : struct, ILanes<T> => z;

    public static T Gradient<T>(T y, T gradient)
        where T : struct, ILanes<T> => gradient;
}

/// <summary>y = tanh z; derivative 1 - y^2.</summary>
readonly struct TanhActivation : IActivation
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Apply<T>(T z)
        where T : struct, ILanes<T> => Functions.Tanh(z);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Gradient<T>(T y, T gradient)
        where T : struct, ILanes<T> => gradient * (T.Broadcast(1) - y * y);
}

/// <summary>y = max(z, 0); derivative 1 where y is positive, else 0.</summary>
readonly struct ReluActivation : IActivation
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Apply<T>(T z)
        where T : struct, ILanes<T> => T.Max(T.Broadcast(0), z);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Gradient<T>(T y, T gradient)
        where T : struct, ILanes<T> => T.IfPositive(y, gradient, T.Broadcast(0));
}
