using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;

namespace EdgeLearn;

/// <summary>Checks at the entry of kernels; the messages are built only when a check fails.</summary>
static class Check
{
    /// <summary>Throws unless the span has exactly the length that the shapes beside it promise.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Length(ReadOnlySpan<float> span, long expected, [CallerArgumentExpression(nameof(span))] string name = "")
    {
        if (span.Length != expected) ThrowLength(span.Length, expected, name);
    }

    [DoesNotReturn]
    static void ThrowLength(int actual, long expected, string name) => throw new ArgumentException($"{name} has {actual} values, expected {expected}", name);
}
