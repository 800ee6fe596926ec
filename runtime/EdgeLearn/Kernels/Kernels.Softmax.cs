using System.Numerics.Tensors;
using System.Runtime.InteropServices;

namespace EdgeLearn;

public static partial class Kernels
{
    /// <summary>Each row becomes softmax(scale * row), in place; a causal row i over its first i + 1 values alone, the others become 0.</summary>
    /// <param name="rows">rows</param>
    /// <param name="columns">values in a row</param>
    /// <param name="scale">factor before the exponential</param>
    /// <param name="isCausal">whether row i sees no column behind i</param>
    /// <param name="z">[rows x columns], overwritten</param>
    public static void SoftmaxRows(int rows, int columns, float scale, bool isCausal, Span<float> z)
    {
        Check.Length(z, (long)rows * columns);
        if (InstructionSet.Use512) SoftmaxRows<Lanes16>(rows, columns, scale, isCausal, z);
        else if (InstructionSet.Use256) SoftmaxRows<Pair<Lanes8>>(rows, columns, scale, isCausal, z);
        else if (InstructionSet.Use128) SoftmaxRows<Pair<Pair<Lanes4>>>(rows, columns, scale, isCausal, z);
        else SoftmaxRows<Pair<Pair<Pair<Pair<Lanes1>>>>>(rows, columns, scale, isCausal, z);
    }

    static void SoftmaxRows<T>(int rows, int columns, float scale, bool isCausal, Span<float> z)
        where T : struct, ILanes<T>
    {
        Span<float> last = stackalloc float[T.Count];
        for (int i = 0; i < rows; i++)
        {
            int seen = isCausal ? Math.Min(i + 1, columns) : columns, rest = seen % T.Count;
            var row = z.Slice(i * columns, seen);
            z.Slice(i * columns + seen, columns - seen).Clear();
            TensorPrimitives.Multiply(row, scale, row);
            last[rest..].Fill(float.NegativeInfinity);
            row[(seen - rest)..].CopyTo(last);
            float max = Maximum<T>(row, ref last[0]);
            Scale<T>(1 / ExpAndSum<T>(max, row, ref last[0]), row, ref last[0]);
            last[..rest].CopyTo(row[(seen - rest)..]);
        }
    }

    /// <summary>The way back through <see cref="SoftmaxRows(int, int, float, bool, Span{float})"/>: gradient = scale * p * (gradient - sum over the row of p * gradient).</summary>
    /// <param name="rows">rows</param>
    /// <param name="columns">values in a row</param>
    /// <param name="scale">factor before the exponential</param>
    /// <param name="p">[rows x columns] what the softmax gave</param>
    /// <param name="gradient">[rows x columns], by p in, by what came in out</param>
    public static void SoftmaxRowsGradient(int rows, int columns, float scale, ReadOnlySpan<float> p, Span<float> gradient)
    {
        Check.Length(p, (long)rows * columns);
        Check.Length(gradient, (long)rows * columns);
        for (int i = 0; i < rows; i++)
        {
            var weights = p.Slice(i * columns, columns);
            var row = gradient.Slice(i * columns, columns);
            TensorPrimitives.Subtract(row, TensorPrimitives.Dot(weights, row), row);
            TensorPrimitives.Multiply(row, weights, row);
            TensorPrimitives.Multiply(row, scale, row);
        }
    }
}
