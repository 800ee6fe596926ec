namespace EdgeLearn.Device;

/// <summary>Waits between attempts: uniform in [0, min(cap, first * 2^n)], so that a fleet does not come back all at once.</summary>
/// <remarks>Source: Brooker, Exponential backoff and jitter, AWS architecture blog, 2015 ("full jitter").</remarks>
/// <param name="first">upper end of the first wait</param>
/// <param name="cap">upper end of every wait</param>
sealed class BackOff(TimeSpan first, TimeSpan cap)
{
    /// <summary>Failures since the last success.</summary>
    public int Failures { get; private set; }

    /// <summary>The next wait; each call counts one failure.</summary>
    public TimeSpan Next()
    {
        double limit = Math.Min(cap.TotalMilliseconds, first.TotalMilliseconds * Math.Pow(2, Math.Min(Failures, 40)));
        Failures++;
        return TimeSpan.FromMilliseconds(Random.Shared.NextDouble() * limit);
    }

    /// <summary>Begins anew after a success.</summary>
    public void Reset() => Failures = 0;
}
