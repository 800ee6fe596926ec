namespace EdgeLearn;

/// <summary>
/// DDM: p = errors / n and s = sqrt(p (1 - p) / n) since the last drift; the least p + s is remembered, and a drift is
/// p + s > p_min + 3 s_min, a warning 2 s_min, from the 30th value on.
/// </summary>
/// <remarks>Source: Gama, Medas, Castillo and Rodrigues, "Learning with drift detection", SBIA 2004.</remarks>
sealed class DriftDetectionMethod : DriftDetector
{
    public const string Name = "ddm";

    const int Least = 30;

    long _count;
    double _errors;
    double _lowestRate;
    double _lowestDeviation = double.PositiveInfinity;

    public override string Word => Name;

    /// <summary>Whether the last value was one of a warning.</summary>
    public bool Warns { get; private set; }

    public override bool Add(double value)
    {
        _count++;
        _errors += value;
        Warns = false;
        if (_count < Least) return false;
        double rate = _errors / _count, deviation = Math.Sqrt(Math.Max(0, rate * (1 - rate)) / _count);
        if (rate + deviation < _lowestRate + _lowestDeviation) (_lowestRate, _lowestDeviation) = (rate, deviation);
        if (rate + deviation > _lowestRate + (3 * _lowestDeviation))
        {
            (_count, _errors, _lowestRate, _lowestDeviation) = (0, 0, 0, double.PositiveInfinity);
            return true;
        }

        Warns = rate + deviation > _lowestRate + (2 * _lowestDeviation);
        return false;
    }
}
