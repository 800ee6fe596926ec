using System.Numerics.Tensors;

namespace EdgeLearn;

/// <summary>
/// A target for every output of a unit: t = scale * P[label], or the projection of real targets. P [classes x units] is noise of (seed,
/// layer, class * units + unit) and never stored. The outputs of maps and steps count as their mean over positions, for the weights that
/// they share see them all.
/// </summary>
sealed class TargetObjective(Network network, LocalUnit unit, TargetProjectionSettings options, ulong seed) : Objective
{
    readonly ulong _key = TargetProjection.TargetKey(network, unit, seed);
    readonly Activation? _activation = network.Layers[unit.End - 1].OutputActivation;
    readonly int _units = network.Layers[unit.End - 1].OutputLength;
    readonly float _share = 1f / PositionsOf(network.Layers[unit.End - 1].OutputShape);

    static int PositionsOf(Shape shape) => shape.Rank switch { 3 => shape.PlaneLength, 2 => shape.Height, _ => 1 };

    // The common case in one pass over the outputs: l2 loss, sign targets of class labels, and nothing but an activation between z and y.
    public override bool GoesThroughActivation(in Batch batch)
        => _activation is not null && batch.Labels.Length > 0 && options is { Targets: NoiseKind.Sign, LocalLoss: LocalLoss.L2 };

    public override double Gradient(in Batch batch, in StepClock clock, in ForwardMode mode, ReadOnlySpan<float> y, Span<float> dy,
        GradientSink sink)
    {
        double loss = 0;
        if (GoesThroughActivation(batch))
        {
            for (int b = 0; b < batch.Count; b++)
            {
                loss += Kernels.LocalResidual(_activation!.Value, _key, (long)batch.Labels[b] * _units, options.TargetScale,
                    _share / batch.StepCount, y.Slice(b * _units, _units), dy.Slice(b * _units, _units));
            }
            return loss * _share;
        }

        for (int b = 0; b < batch.Count; b++) loss += Residual(batch, b, y.Slice(b * _units, _units), dy.Slice(b * _units, _units));
        TensorPrimitives.Multiply(dy, _share / batch.StepCount, dy);
        return loss * _share;
    }

    double Residual(in Batch batch, int row, ReadOnlySpan<float> output, Span<float> gradient)
    {
        if (options.LocalLoss == LocalLoss.Linear) gradient.Clear();
        else output.CopyTo(gradient);
        SubtractTarget(batch, row, gradient);
        switch (options.LocalLoss)
        {
            case LocalLoss.L2:
                return 0.5 * TensorPrimitives.SumOfSquares((ReadOnlySpan<float>)gradient);
            case LocalLoss.L1:
                double sum = TensorPrimitives.SumOfMagnitudes((ReadOnlySpan<float>)gradient);
                for (int i = 0; i < gradient.Length; i++) gradient[i] = gradient[i] > 0 ? 1 : gradient[i] < 0 ? -1 : 0;
                return sum;
            default:
                return TensorPrimitives.Dot(gradient, output);
        }
    }

    // values -= t, with t = scale * P[label] or, for a regression, scale * the projection of the real targets.
    void SubtractTarget(in Batch batch, int row, Span<float> values)
    {
        if (batch.Labels.Length > 0)
        {
            Noise.Add(options.Targets, _key, (long)batch.Labels[row] * values.Length, -options.TargetScale, values, values);
            return;
        }

        int width = network.OutputLength;
        for (int c = 0; c < width; c++)
        {
            Noise.Add(options.Targets, _key, (long)c * values.Length, -options.TargetScale * batch.Targets[row * width + c], values,
                values);
        }
    }
}
