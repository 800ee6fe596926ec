using System.Numerics.Tensors;

namespace EdgeLearn;

public static partial class Kernels
{
    /// <summary>y = activation(y), in place.</summary>
    public static void Activate(Activation activation, Span<float> y)
    {
        switch (activation)
        {
            case Activation.Tanh: TensorPrimitives.Tanh(y, y); break;
            case Activation.Relu: TensorPrimitives.Max(y, 0f, y); break;
            case Activation.Identity: break;
            default: throw new ArgumentOutOfRangeException(nameof(activation), activation, "unknown activation");
        }
    }

    /// <summary>dy = dy * activation'(z), in place, with the derivative taken from the output y = activation(z).</summary>
    /// <param name="activation">whose derivative</param>
    /// <param name="y">outputs</param>
    /// <param name="dy">gradient by the output in, gradient by z out; the same length</param>
    public static void ActivationGradient(Activation activation, ReadOnlySpan<float> y, Span<float> dy)
    {
        Check.Length(y, dy.Length);
        switch (activation)
        {
            case Activation.Tanh:
                for (int i = 0; i < dy.Length; i++) dy[i] *= 1 - y[i] * y[i];
                break;
            case Activation.Relu:
                for (int i = 0; i < dy.Length; i++) dy[i] = y[i] > 0 ? dy[i] : 0;
                break;
            case Activation.Identity: break;
            default: throw new ArgumentOutOfRangeException(nameof(activation), activation, "unknown activation");
        }
    }
}
