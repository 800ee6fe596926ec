namespace EdgeLearn;

/// <summary>How real targets of a test came out, in their own unit.</summary>
public sealed class TargetFigures
{
    // A target that moves by less, as a share of itself, does not vary.
    const double Rounding = 1e-13;

    readonly double[] _first;
    readonly double[] _sums;
    readonly double[] _squares;
    readonly double[] _errors;
    readonly double[] _absolute;
    long _count;

    internal TargetFigures(int targetLength)
    {
        _first = new double[targetLength];
        _sums = new double[targetLength];
        _squares = new double[targetLength];
        _errors = new double[targetLength];
        _absolute = new double[targetLength];
    }

    /// <summary>Mean absolute error of each target, in its unit.</summary>
    public IReadOnlyList<double> MeanAbsoluteErrors => [.. _absolute.Select(sum => sum / _count)];

    /// <summary>The mean of <see cref="MeanAbsoluteErrors"/>.</summary>
    public double MeanAbsoluteError => MeanAbsoluteErrors.Average();

    /// <summary>
    /// The share of the variance that is explained, 1 - sum (t - y)^2 / sum (t - mean t)^2, mean over the targets that vary; what always
    /// says the mean of the test has 0. Null where no target varies.
    /// </summary>
    public double? R2
    {
        get
        {
            double sum = 0;
            int varying = 0;
            for (int i = 0; i < _errors.Length; i++)
            {
                double variance = _squares[i] - (_sums[i] * _sums[i] / _count);
                double rounding = Rounding * Math.Abs(_first[i]);
                if (!(variance > _count * rounding * rounding)) continue;
                sum += 1 - (_errors[i] / variance);
                varying++;
            }

            return varying == 0 ? null : sum / varying;
        }
    }

    internal void Count(ReadOnlySpan<double> targets, ReadOnlySpan<double> outputs)
    {
        if (_count == 0) targets.CopyTo(_first);
        for (int i = 0; i < targets.Length; i++)
        {
            // Sums of the distance from the first, or those of targets far from 0 would cancel.
            double d = targets[i] - _first[i], error = outputs[i] - targets[i];
            _sums[i] += d;
            _squares[i] += d * d;
            _errors[i] += error * error;
            _absolute[i] += Math.Abs(error);
        }

        _count++;
    }
}
