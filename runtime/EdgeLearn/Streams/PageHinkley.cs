namespace EdgeLearn;

/// <summary>
/// m_t = m_(t-1) + x_t - mean_t - delta; alarm when m_t - min m > lambda, from the 30th value on; then it begins anew.
/// </summary>
/// <remarks>Source: Page, "Continuous inspection schemes", Biometrika 1954; Hinkley 1971; Gama and others, "A survey on concept drift
/// adaptation", ACM Computing Surveys 2014.</remarks>
sealed class PageHinkley(double delta = 0.005, double lambda = 50, int least = 30) : DriftDetector
{
    public const string Name = "page-hinkley";

    long _count;
    double _mean;
    double _sum;
    double _lowest;

    public override string Word => Name;

    public override bool Add(double value)
    {
        _count++;
        _mean += (value - _mean) / _count;
        _sum += value - _mean - delta;
        _lowest = _count == 1 ? _sum : Math.Min(_lowest, _sum);
        if (_count < least || _sum - _lowest <= lambda) return false;
        (_count, _mean, _sum) = (0, 0, 0);
        return true;
    }
}
