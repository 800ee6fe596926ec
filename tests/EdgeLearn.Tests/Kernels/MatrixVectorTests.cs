using Xunit;

namespace EdgeLearn.Tests;

public class MatrixVectorTests
{
    delegate void Run(int rows, int length, ReadOnlySpan<float> w, ReadOnlySpan<float> bias, ReadOnlySpan<float> x, Span<float> y);

    static readonly (string Name, Run Run)[] s_widths =
    [
        ("chosen by the machine", Kernels.MatrixVector),
        ("16 times 1 lane", Kernels.MatrixVector<Pair<Pair<Pair<Pair<Lanes1>>>>>),
        ("4 times 4 lanes", Kernels.MatrixVector<Pair<Pair<Lanes4>>>),
        ("2 times 8 lanes", Kernels.MatrixVector<Pair<Lanes8>>),
        ("16 lanes", Kernels.MatrixVector<Lanes16>),
    ];

    [Fact]
    public void Every_length_and_width_equals_the_double_sum_and_has_the_same_bits()
    {
        using GuardedMemory wMemory = new(9 * 257), xMemory = new(257), yMemory = new(9), biasMemory = new(9);
        bool fused = Values.IsFused;
        foreach (int rows in new[] { 1, 3, 4, 9 })
        {
            for (int length = 0; length <= 257; length++)
            {
                var w = wMemory.Random(rows * length, length);
                var x = xMemory.Random(length, length + 1000);
                var bias = biasMemory.Random(rows, length + 2000);
                float[] first = [];
                foreach (var (name, run) in s_widths)
                {
                    var y = yMemory.Last(rows);
                    y.Fill(float.NaN);
                    run(rows, length, w, bias, x, y);
                    if (first.Length > 0 && fused) Values.AssertSameBits(first, y, $"{name}, length {length}");
                    else Verify(rows, length, w, bias, x, y, name);
                    if (first.Length == 0) first = y.ToArray();
                }
            }
        }
    }

    static void Verify(int rows, int length, ReadOnlySpan<float> w, ReadOnlySpan<float> bias, ReadOnlySpan<float> x, ReadOnlySpan<float> y,
        string name)
    {
        for (int r = 0; r < rows; r++)
        {
            double sum = bias[r], magnitudes = Math.Abs(sum);
            for (int k = 0; k < length; k++)
            {
                sum += (double)w[r * length + k] * x[k];
                magnitudes += Math.Abs((double)w[r * length + k] * x[k]);
            }

            int row = r;
            Values.AssertSum(sum, magnitudes, length + 1, y[r], () => $"{name}, length {length}, row {row}");
        }
    }

    [Fact]
    public void A_pair_from_one_read_has_the_bits_of_two_perturbed_copies()
    {
        const float Scale = 0.01f;
        ulong key = Noise.Key(3, Noise.TensorHash("w"));
        foreach (var (rows, length, first) in new[] { (1, 1, 0L), (3, 17, 5), (2, 31, 100), (5, 784, 784), (2, 2500, 13) })
        {
            using GuardedMemory wMemory = new(rows * length), plusMemory = new(length), minusMemory = new(length);
            var w = wMemory.Random(rows * length, 1);
            ReadOnlySpan<float> xPlus = plusMemory.Random(length, 2), xMinus = minusMemory.Random(length, 3);
            float[] bias = Values.Random(rows, 4), copy = new float[rows * length], expectedPlus = new float[rows],
                expectedMinus = new float[rows];
            Noise.Add(NoiseKind.Sign, key, first, Scale, w, copy);
            Kernels.MatrixVector(rows, length, copy, bias, xPlus, expectedPlus);
            Noise.Add(NoiseKind.Sign, key, first, -Scale, w, copy);
            Kernels.MatrixVector(rows, length, copy, bias, xMinus, expectedMinus);
            CheckPair<Lanes16>(rows, length, key, first, Scale, w, bias, xPlus, xMinus, expectedPlus, expectedMinus);
            CheckPair<Pair<Lanes8>>(rows, length, key, first, Scale, w, bias, xPlus, xMinus, expectedPlus, expectedMinus);
            CheckPair<Pair<Pair<Lanes4>>>(rows, length, key, first, Scale, w, bias, xPlus, xMinus, expectedPlus, expectedMinus);
            CheckPair<Pair<Pair<Pair<Pair<Lanes1>>>>>(rows, length, key, first, Scale, w, bias, xPlus, xMinus, expectedPlus, expectedMinus);
        }
    }

    static void CheckPair<T>(int rows, int length, ulong key, long first, float scale, ReadOnlySpan<float> w, float[] bias,
        ReadOnlySpan<float> xPlus, ReadOnlySpan<float> xMinus, float[] expectedPlus, float[] expectedMinus)
        where T : struct, ILanes<T>
    {
        float[] plus = [.. bias], minus = [.. bias];
        Kernels.MatrixVectorPair<T>(rows, length, key, first, scale, w, xPlus, xMinus, plus, minus);
        Values.AssertSameBits(expectedPlus, plus, $"{typeof(T).Name}, plus, {rows} x {length}");
        Values.AssertSameBits(expectedMinus, minus, $"{typeof(T).Name}, minus, {rows} x {length}");
    }
}
