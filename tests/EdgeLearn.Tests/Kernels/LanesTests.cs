using System.Runtime.InteropServices;
using Xunit;

namespace EdgeLearn.Tests;

public class LanesTests
{
    static readonly float[] s_edge =
    [
        0f, -0f, 1f, -1f, 0.1f, -3.5f, float.Epsilon, -float.Epsilon, float.MaxValue, -float.MaxValue, float.PositiveInfinity,
            float.NegativeInfinity, float.NaN, 1e-30f, 2f, 1f / 3,
    ];

    [Fact]
    public void Registers_have_the_width_of_their_name()
        => Assert.Equal([1, 4, 8, 16], [Lanes1.Count, Lanes4.Count, Lanes8.Count, Lanes16.Count]);

    [Fact]
    public void Every_operation_on_1_lane_is_the_scalar_one() => CheckAll<Lanes1>();

    [Fact]
    public void Every_operation_on_4_lanes_is_the_scalar_one() => CheckAll<Lanes4>();

    [Fact]
    public void Every_operation_on_8_lanes_is_the_scalar_one() => CheckAll<Lanes8>();

    [Fact]
    public void Every_operation_on_16_lanes_is_the_scalar_one() => CheckAll<Lanes16>();

    [Fact]
    public void Every_operation_on_pairs_is_the_scalar_one() => CheckAll<Pair<Pair<Lanes4>>>();

    [Fact]
    public void Sums_add_every_lane()
    {
        Assert.Equal(1f, Sum<Lanes1>());
        Assert.Equal(10f, Sum<Lanes4>());
        Assert.Equal(36f, Sum<Lanes8>());
        Assert.Equal(136f, Sum<Lanes16>());
    }

    static float Sum<T>()
        where T : struct, ILanes<T>
    {
        float[] values = new float[T.Count];
        for (int i = 0; i < values.Length; i++) values[i] = i + 1;
        return T.Sum(T.Load(ref values[0], 0));
    }

    static void CheckAll<T>()
        where T : struct, ILanes<T>
    {
        Check<T>("+", (a, b) => a + b, (a, b) => a + b);
        Check<T>("-", (a, b) => a - b, (a, b) => a - b);
        Check<T>("*", (a, b) => a * b, (a, b) => a * b);
        Check<T>("/", (a, b) => a / b, (a, b) => a / b);
        Check<T>("sqrt", (a, _) => T.Sqrt(a), (a, _) => MathF.Sqrt(a));
        Check<T>("sign", (a, _) => T.Sign(a), (a, _) => float.IsNaN(a) ? 0 : MathF.Sign(a));
        Check<T>("min", T.Min, (a, b) => a < b ? a : b);
        Check<T>("max", T.Max, (a, b) => a > b ? a : b);
        Check<T>("abs", (a, _) => T.Abs(a), (a, _) => MathF.Abs(a));
        Check<T>("scale", (a, b) => T.Scale(a, T.Sign(b) * T.Broadcast(131)),
            (a, b) => (float)(a * Math.Pow(2, float.IsNaN(b) ? 0 : 131 * MathF.Sign(b))));
        Check<T>("copy sign", T.CopySign, MathF.CopySign);
        Check<T>("if positive", (a, b) => T.IfPositive(a, b, T.Broadcast(7)), (a, b) => a > 0 ? b : 7);
        Check<T>("power of two", (a, _) => T.PowerOfTwo(T.Max(T.Min(a, T.Broadcast(127)), T.Broadcast(-126)) + T.Broadcast(12582912f)),
            (a, _) => MathF.ScaleB(1, float.IsNaN(a) ? 127 : (int)MathF.Round(MathF.Min(127, MathF.Max(-126, a)))));
        Check<T>("broadcast", (_, _) => T.Broadcast(0.3f), (_, _) => 0.3f);
    }

    // Every pair of edge values in every lane.
    static void Check<T>(string name, Func<T, T, T> operation, Func<float, float, float> scalar)
        where T : struct, ILanes<T>
    {
        float[] a = new float[s_edge.Length];
        float[] result = new float[s_edge.Length];
        for (int shift = 0; shift < s_edge.Length; shift++)
        {
            for (int i = 0; i < a.Length; i++) a[i] = s_edge[(i + shift) % s_edge.Length];
            for (int i = 0; i < a.Length; i += T.Count)
            {
                T.Store(operation(T.Load(ref a[0], (nuint)i), T.Load(ref s_edge[0], (nuint)i)), ref result[0], (nuint)i);
            }

            for (int i = 0; i < a.Length; i++)
            {
                float expected = scalar(a[i], s_edge[i]);
                bool same = float.IsNaN(expected)
                    ? float.IsNaN(result[i])
                    : BitConverter.SingleToInt32Bits(expected) == BitConverter.SingleToInt32Bits(result[i]);
                Assert.True(same, $"{name} of {a[i]:R} and {s_edge[i]:R}: {result[i]:R}, expected {expected:R}");
            }
        }
    }

    [Fact]
    public void Loads_and_stores_touch_only_their_floats()
    {
        Touch<Lanes1>();
        Touch<Lanes4>();
        Touch<Lanes8>();
        Touch<Lanes16>();
    }

    static void Touch<T>()
        where T : struct, ILanes<T>
    {
        using var memory = new GuardedMemory(T.Count);
        var last = memory.Last(T.Count);
        last.Fill(3);
        T.Store(T.Load(ref MemoryMarshal.GetReference(last), 0) + T.Broadcast(1), ref MemoryMarshal.GetReference(last), 0);
        Assert.All(last.ToArray(), value => Assert.Equal(4f, value));
        var first = memory.First(T.Count);
        first.Fill(3);
        T.Store(T.Load(ref MemoryMarshal.GetReference(first), 0) + T.Broadcast(1), ref MemoryMarshal.GetReference(first), 0);
        Assert.All(first.ToArray(), value => Assert.Equal(4f, value));
    }
}
