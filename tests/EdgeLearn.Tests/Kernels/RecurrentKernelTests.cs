using Xunit;

namespace EdgeLearn.Tests;

/// <summary>The steps of recurrent layers against their formulas in double precision, on memory that ends where the spans end.</summary>
public class RecurrentKernelTests
{
    const int MostUnits = 70, MostBatch = 3, Most = 4 * MostUnits * MostBatch;

    static readonly int[] s_units = [.. Enumerable.Range(0, 36).Append(64).Append(MostUnits)];

    static double Sigmoid(double x) => 1 / (1 + Math.Exp(-x));

    static void AssertNear(double expected, float actual, string what)
        => Assert.True(Math.Abs(actual - expected) <= 2e-6 * Math.Max(1, Math.Abs(expected)), $"{what}: {actual:R}, expected {expected:R}");

    [Fact]
    public void A_gated_unit_and_its_gradient_equal_the_double_formulas()
    {
        using GuardedMemory gateMemory = new(Most), beforeMemory = new(Most), stateMemory = new(Most), dStateMemory = new(Most),
            dGateMemory = new(Most);
        foreach (int units in s_units)
        {
            foreach (int batch in (int[])[1, MostBatch])
            {
                int beforeStride = units % 2 == 0 ? units + 3 : 0, stateStride = units + 5, states = (batch - 1) * stateStride + units;
                Span<float> gates = gateMemory.Random(4 * batch * units, units + 1),
                    before = beforeMemory.Random((batch - 1) * beforeStride + units, units + 2), state = stateMemory.Last(states);
                Span<float> dState = dStateMemory.Random(batch * units, units + 3), dGates = dGateMemory.Last(4 * batch * units);
                float[] sums = gates.ToArray(), gradient = dState.ToArray();
                state.Fill(float.NaN);
                Kernels.GruStep(batch, units, gates, before, beforeStride, state, stateStride);
                Kernels.GruStepGradient(batch, units, gates, before, beforeStride, dState, dGates);
                for (int i = 0; i < batch * units; i++)
                {
                    int b = i / units, j = i % units, row = 4 * b * units + j;
                    double q = sums[row + 3 * units], r = Sigmoid(sums[row + units]), z = Sigmoid(sums[row + 2 * units]),
                        n = Math.Tanh(sums[row] + r * q), h = before[b * beforeStride + j], ds = gradient[i];
                    AssertNear(n + z * (h - n), state[b * stateStride + j], $"{units} units, state {i}");
                    double dn = ds * (1 - z) * (1 - n * n);
                    AssertNear(dn, dGates[row], $"{units} units, dn {i}");
                    AssertNear(dn * q * r * (1 - r), dGates[row + units], $"{units} units, dr {i}");
                    AssertNear(ds * (h - n) * z * (1 - z), dGates[row + 2 * units], $"{units} units, dz {i}");
                    AssertNear(dn * r, dGates[row + 3 * units], $"{units} units, dq {i}");
                    AssertNear(ds * z, dState[i], $"{units} units, state before {i}");
                }

                // nothing between the rows is touched
                for (int i = 0; i < states; i++) Assert.Equal(i % stateStride >= units, float.IsNaN(state[i]));
            }
        }
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_long_short_term_memory_and_its_gradient_equal_the_double_formulas(bool inPlace)
    {
        using GuardedMemory gateMemory = new(Most), beforeMemory = new(Most), cellMemory = new(Most), stateMemory = new(Most),
            dStateMemory = new(Most), dCellMemory = new(Most), dGateMemory = new(Most);
        foreach (int units in s_units)
        {
            foreach (int batch in (int[])[1, MostBatch])
            {
                int stateStride = units + 5;
                Span<float> gates = gateMemory.Random(4 * batch * units, units + 1), before = beforeMemory.Random(batch * units, units + 2),
                    cell = inPlace ? before : cellMemory.Last(batch * units);
                Span<float> state = stateMemory.Last((batch - 1) * stateStride + units),
                    dState = dStateMemory.Random(batch * units, units + 3), dCell = dCellMemory.Random(batch * units, units + 4),
                    dGates = dGateMemory.Last(4 * batch * units);
                float[] sums = gates.ToArray(), cells = before.ToArray(), later = dCell.ToArray();
                Kernels.LstmStep(batch, units, gates, before, cell, state, stateStride);
                Kernels.LstmStepGradient(batch, units, gates, cells, cell, dState, dCell, dGates);
                for (int k = 0; k < batch * units; k++)
                {
                    int b = k / units, j = k % units, row = 4 * b * units + j;
                    double i = Sigmoid(sums[row]), f = Sigmoid(sums[row + units]), g = Math.Tanh(sums[row + 2 * units]),
                        o = Sigmoid(sums[row + 3 * units]), c = f * cells[k] + i * g, t = Math.Tanh(c);
                    AssertNear(c, cell[k], $"{units} units, cell {k}");
                    AssertNear(o * t, state[b * stateStride + j], $"{units} units, state {k}");
                    double ds = dState[k], dc = later[k] + ds * o * (1 - t * t);
                    AssertNear(dc * g * i * (1 - i), dGates[row], $"{units} units, di {k}");
                    AssertNear(dc * cells[k] * f * (1 - f), dGates[row + units], $"{units} units, df {k}");
                    AssertNear(dc * i * (1 - g * g), dGates[row + 2 * units], $"{units} units, dg {k}");
                    AssertNear(ds * t * o * (1 - o), dGates[row + 3 * units], $"{units} units, do {k}");
                    AssertNear(dc * f, dCell[k], $"{units} units, cell before {k}");
                }
            }
        }
    }

    [Fact]
    public void Rows_that_leave_their_span_are_refused()
    {
        Assert.Throws<ArgumentException>(() => Kernels.GruStep(2, 3, new float[24], new float[5], 3, new float[6], 3));
        Assert.Throws<ArgumentException>(() => Kernels.LstmStep(2, 3, new float[24], new float[6], new float[6], new float[6], 4));
    }
}
