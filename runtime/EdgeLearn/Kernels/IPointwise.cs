using System.Runtime.CompilerServices;

namespace EdgeLearn;

/// <summary>A function of single values over registers, with its derivative from input and output; a value of its own, so that it may have a parameter.</summary>
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

/// <summary>y = x (1 + tanh u) / 2 with u = sqrt(2 / pi) (x + 0.044715 x^3): the approximation that many transformers use.</summary>
readonly struct GeluTanhFunction : IPointwise
{
    const float Scale = 0.79788456f, Cubic = 0.044715f;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public T Apply<T>(T x)
        where T : struct, ILanes<T> => T.Broadcast(0.5f) * x * (T.Broadcast(1) + TanhOf(x));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public T Gradient<T>(T x, T y, T gradient)
        where T : struct, ILanes<T>
    {
        var t = TanhOf(x);
        var slope = T.Broadcast(Scale) * T.MultiplyAdd(T.Broadcast(3 * Cubic), x * x, T.Broadcast(1));
        return gradient * T.Broadcast(0.5f) * T.MultiplyAdd(x * (T.Broadcast(1) - t * t), slope, T.Broadcast(1) + t);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static T TanhOf<T>(T x)
        where T : struct, ILanes<T> => Functions.Tanh(T.Broadcast(Scale) * x * T.MultiplyAdd(T.Broadcast(Cubic), x * x, T.Broadcast(1)));
}
