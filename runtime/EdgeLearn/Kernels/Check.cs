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

    /// <summary>Throws unless the span holds so many rows at this distance; the last may end with it.</summary>
    public static void Rows(ReadOnlySpan<float> span, int rows, int length, int stride,
        [CallerArgumentExpression(nameof(span))] string name = "")
    {
        if (rows > 0 && span.Length < (long)(rows - 1) * stride + length) ThrowRows(span.Length, (long)(rows - 1) * stride + length, name);
    }

    [DoesNotReturn]
    static void ThrowRows(int actual, long needed, string name)
    => throw new ArgumentException($"{name} has {actual} values, needs {needed}", name);

    [DoesNotReturn]
    static void ThrowLength(int actual, long expected, string name)
    => throw new ArgumentException($"{name} has {actual} values, expected {expected}", name);
}
