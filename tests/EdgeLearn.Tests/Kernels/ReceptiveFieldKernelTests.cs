using Xunit;

namespace EdgeLearn.Tests;

public class ReceptiveFieldKernelTests
{
    delegate void Forward(int batch, int firstUnit, ReceptiveFields fields, ReadOnlySpan<float> w, ReadOnlySpan<float> bias,
        ReadOnlySpan<float> xt, Span<float> y, int yStride);

    delegate void Gradient(int unit, ReceptiveFields fields, ReadOnlySpan<float> dz, ReadOnlySpan<float> xt, Span<float> g);

    static readonly (string Name, Forward Run, Gradient Gradient)[] s_forms =
    [
        ("chosen by the machine", Kernels.ReceptiveFieldForward, Kernels.ReceptiveFieldGradient),
        ("1 lane", Lanes<Lanes1>, Kernels.FieldGradient<Pair<Pair<Pair<Pair<Lanes1>>>>>),
        ("4 lanes", Lanes<Lanes4>, Kernels.FieldGradient<Pair<Pair<Lanes4>>>),
        ("8 lanes", Lanes<Lanes8>, Kernels.FieldGradient<Pair<Lanes8>>),
        ("16 lanes", Lanes<Lanes16>, Kernels.FieldGradient<Lanes16>),
    ];

    static void Lanes<T>(int batch, int firstUnit, ReceptiveFields fields, ReadOnlySpan<float> w, ReadOnlySpan<float> bias,
        ReadOnlySpan<float> xt, Span<float> y, int yStride)
        where T : struct, ILanes<T>
    {
        int done = Kernels.FieldForward<T>(0, batch, firstUnit, fields, w, bias, xt, y, yStride);
        Kernels.FieldForward<Lanes1>(done, batch, firstUnit, fields, w, bias, xt, y, yStride);
    }

    /// <summary>Windows of 2 x 3 in a 4 x 5 image, or 4 free choices of its 20 inputs; unit 4 touches the last input in both.</summary>
    sealed record Layout(bool IsWindow)
    {
        static readonly int[] s_corners = [0, 7, 6, 2, 12];
        static readonly int[] s_choices = [0, 3, 9, 19, 1, 2, 3, 4, 16, 17, 18, 19, 5, 11, 12, 13, 0, 8, 9, 19];

        public int Fan => IsWindow ? 6 : 4;

        public ReceptiveFields Fields => IsWindow ? new ReceptiveFields(s_corners, 2, 3, 5) : new ReceptiveFields(s_choices, 4, 1, 0);

        public int Input(int unit, int k) => IsWindow ? s_corners[unit] + k / 3 * 5 + k % 3 : s_choices[unit * 4 + k];
    }

    const int Inputs = 20, Units = 5;

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Forward_equals_the_double_sum_at_every_batch_and_width(bool windows)
    {
        var layout = new Layout(windows);
        using GuardedMemory wMemory = new(30), biasMemory = new(5), xMemory = new(Inputs * 257), yMemory = new(257 * 7);
        for (int batch = 0; batch <= 257; batch++)
        {
            int firstUnit = batch % 3, units = Units - firstUnit, stride = units + batch % 2;
            var w = wMemory.Random(units * layout.Fan, 1);
            var bias = biasMemory.Random(units, 2);
            var xt = xMemory.Random(Inputs * batch, batch);
            foreach (var (name, run, _) in s_forms)
            {
                var y = yMemory.Last(batch == 0 ? 0 : (batch - 1) * stride + units);
                y.Fill(float.NaN);
                run(batch, firstUnit, layout.Fields, w, bias, xt, y, stride);
                for (int i = 0; i < y.Length; i++)
                {
                    int b = i / stride, u = i % stride;
                    if (u == units)
                    {
                        Assert.True(float.IsNaN(y[i]), $"{name}: wrote between the rows of y");
                        continue;
                    }

                    double sum = bias[u], magnitudes = Math.Abs(sum);
                    for (int k = 0; k < layout.Fan; k++)
                    {
                        double term = (double)w[u * layout.Fan + k] * xt[layout.Input(firstUnit + u, k) * batch + b];
                        sum += term;
                        magnitudes += Math.Abs(term);
                    }

                    Values.AssertSum(sum, magnitudes, layout.Fan + 1, y[i], () => $"{name}, batch {batch}, unit {firstUnit + u}");
                }
            }
        }
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Gradient_equals_the_double_sum_at_every_batch_and_width(bool windows)
    {
        var layout = new Layout(windows);
        using GuardedMemory dzMemory = new(257), xMemory = new(Inputs * 257), gMemory = new(6);
        for (int batch = 0; batch <= 257; batch++)
        {
            var dz = dzMemory.Random(batch, batch + 1);
            var xt = xMemory.Random(Inputs * batch, batch);
            foreach (var (name, _, run) in s_forms)
            {
                for (int unit = 0; unit < Units; unit++)
                {
                    var g = gMemory.Last(layout.Fan);
                    g.Fill(float.NaN);
                    run(unit, layout.Fields, dz, xt, g);
                    for (int k = 0; k < layout.Fan; k++)
                    {
                        double sum = 0, magnitudes = 0;
                        for (int b = 0; b < batch; b++)
                        {
                            double term = (double)dz[b] * xt[layout.Input(unit, k) * batch + b];
                            sum += term;
                            magnitudes += Math.Abs(term);
                        }

                        Values.AssertSum(sum, magnitudes, batch, g[k], () => $"{name}, batch {batch}, unit {unit}");
                    }
                }
            }
        }
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Input_gradient_adds_to_the_seen_inputs_alone(bool windows)
    {
        var layout = new Layout(windows);
        using GuardedMemory dzMemory = new(257), wMemory = new(6), dxMemory = new(Inputs * 257);
        for (int batch = 0; batch <= 257; batch++)
        {
            var dz = dzMemory.Random(batch, batch + 1);
            var w = wMemory.Random(layout.Fan, 3);
            int unit = batch % Units;
            var dxt = dxMemory.Random(Inputs * batch, batch);
            float[] before = dxt.ToArray();
            Kernels.ReceptiveFieldInputGradient(unit, layout.Fields, w, dz, dxt);
            for (int i = 0; i < dxt.Length; i++)
            {
                int input = i / batch, k = 0;
                while (k < layout.Fan && layout.Input(unit, k) != input) k++;
                if (k == layout.Fan)
                {
                    Assert.Equal(before[i], dxt[i]);
                }
                else
                {
                    double term = (double)w[k] * dz[i % batch];
                    Values.AssertSum(before[i] + term, Math.Abs(before[i]) + Math.Abs(term), 2, dxt[i],
                        () => $"batch {batch}, input {input}");
                }
            }
        }
    }

    [Fact]
    public void Transpose_moves_every_value()
    {
        using GuardedMemory sourceMemory = new(257 * 40), targetMemory = new(257 * 40);
        foreach (int columns in new[] { 0, 1, 3, 16, 17, 40 })
        {
            for (int rows = 0; rows <= 257; rows++)
            {
                var source = sourceMemory.Last(rows * columns);
                for (int i = 0; i < source.Length; i++) source[i] = i;
                var target = targetMemory.Last(rows * columns);
                target.Fill(float.NaN);
                Kernels.Transpose(rows, columns, source, target);
                for (int i = 0; i < target.Length; i++)
                {
                    if (target[i] != i % rows * columns + i / rows) Assert.Fail($"{rows} x {columns}: value {i} is {target[i]}");
                }
            }
        }
    }
}
