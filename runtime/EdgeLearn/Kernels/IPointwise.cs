using System.Runtime.CompilerServices;

namespace EdgeLearn;

/// <summary>
/// A function of single values over registers, with its derivative from input and output; a value of its own, so that it may have a
/// parameter.
/// </summary>
interface IPointwise
{
    /// <summary>y = f(x).</summary>
    T Apply<T>(T x)
        where T : struct, ILanes<T>;

    /// <summary>gradient * f'(x), from x or from y = f(x). Which of the two is read says the layer.</summary>
    T Gradient<T>(T x, T y, T gradient)
        where T : struct, ILanes<T>;
}

/// <summary>An activation whose derivative follows from the output.</summary>
readonly struct Pointwise<TActivation> : IPointwise
    where TActivation : struct, IActivation
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public T Apply<T>(T x)
        where T : struct, ILanes<T> => TActivation.Apply(x);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public T Gradient<T>(T x, T y, T gradient)
        where T : struct, ILanes<T> => TActivation.Gradient(y, gradient);
}

/// <summary>y = min(max(x, -1), 1); derivative 1 strictly between the limits, else 0.</summary>
readonly struct HardTanhFunction : IPointwise
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public T Apply<T>(T x)
        where T : struct, ILanes<T> => T.Max(T.Broadcast(-1), T.Min(T.Broadcast(1), x));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public T Gradient<T>(T x, T y, T gradient)
        where T : struct, ILanes<T> => T.IfPositive(T.Broadcast(1) - T.Abs(y), gradient, T.Broadcast(0));
}

/// <summary>y = x where x is positive, else slope * x, with a slope above 0.</summary>
readonly struct LeakyReluFunction(float slope) : IPointwise
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public T Apply<T>(T x)
        where T : struct, ILanes<T> => T.IfPositive(x, x, T.Broadcast(slope) * x);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public T Gradient<T>(T x, T y, T gradient)
        where T : struct, ILanes<T> => T.IfPositive(y, gradient, T.Broadcast(slope) * gradient);
}

/// <summary>y = 1 / (1 + e^-x); derivative y (1 - y).</summary>
readonly struct SigmoidFunction : IPointwise
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public T Apply<T>(T x)
        where T : struct, ILanes<T> => Functions.Sigmoid(x);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public T Gradient<T>(T x, T y, T gradient)
        where T : struct, ILanes<T> => gradient * (y * (T.Broadcast(1) - y));
}

/// <summary>y = x s with s = sigmoid(x); derivative s (1 + x (1 - s)).</summary>
readonly struct SiluFunction : IPointwise
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public T Apply<T>(T x)
        where T : struct, ILanes<T> => x * Functions.Sigmoid(x);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public T Gradient<T>(T x, T y, T gradient)
        where T : struct, ILanes<T>
    {
        var s = Functions.Sigmoid(x);
        return gradient * (s * T.MultiplyAdd(x, T.Broadcast(1) - s, T.Broadcast(1)));
    }
}

/// <summary>y = x Phi(x), Phi the normal distribution; derivative Phi(x) + x phi(x).</summary>
readonly struct GeluFunction : IPointwise
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public T Apply<T>(T x)
        where T : struct, ILanes<T> => x * Functions.NormalDistribution(x, out _);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public T Gradient<T>(T x, T y, T gradient)
        where T : struct, ILanes<T>
    {
        var distribution = Functions.NormalDistribution(x, out var density);
        return gradient * T.MultiplyAdd(x, density, distribution);
    }
}

/// <summary>
/// y = x (1 + tanh u) / 2 = x s with u = sqrt(2 / pi) (x + 0.044715 x^3) and s = sigmoid(2 u): the approximation that many transformers
/// use. Derivative s + 2 x s (1 - s) u'.
/// </summary>
readonly struct GeluTanhFunction : IPointwise
{
    const float Scale = 0.79788456f, Cubic = 0.044715f;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public T Apply<T>(T x)
        where T : struct, ILanes<T> => x * ShareOf(x);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public T Gradient<T>(T x, T y, T gradient)
        where T : struct, ILanes<T>
    {
        var s = ShareOf(x);
        return gradient * SlopeOf(x, x * s, s);
    }

    /// <summary>y = f(x) and f'(x), which share the exponential.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T ApplyWithSlope<T>(T x, out T slope)
        where T : struct, ILanes<T>
    {
        T s = ShareOf(x), y = x * s;
        slope = SlopeOf(x, y, s);
        return y;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static T SlopeOf<T>(T x, T y, T s)
        where T : struct, ILanes<T>
        => T.MultiplyAdd(y * (T.Broadcast(1) - s), T.MultiplyAdd(T.Broadcast(6 * Cubic * Scale), x * x, T.Broadcast(2 * Scale)), s);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static T ShareOf<T>(T x)
        where T : struct, ILanes<T> => Functions.Sigmoid(x * T.MultiplyAdd(T.Broadcast(2 * Cubic * Scale), x * x, T.Broadcast(2 * Scale)));
}
