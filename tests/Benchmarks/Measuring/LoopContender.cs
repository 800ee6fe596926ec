namespace EdgeLearn.Benchmarks;

/// <summary>A contender in this process. Steps shorter than the clock can tell apart are timed in slices of many.</summary>
/// <param name="name">who it is</param>
/// <param name="run">does so many steps</param>
/// <param name="beginRound">before a round, or null</param>
/// <param name="clock">tells the time; null = the system's</param>
sealed class LoopContender(string name, Action<int> run, Action? beginRound = null, TimeProvider? clock = null) : Contender(name)
{
    // Two readings of the clock cost about 50 ns: a quarter of a percent of a slice.
    const double SliceMicroseconds = 20;
    const int MostSlices = 8192;

    readonly TimeProvider _clock = clock ?? TimeProvider.System;
    readonly double[] _slices = new double[MostSlices];
    int _count;

    /// <inheritdoc/>
    public override void BeginRound() => beginRound?.Invoke();

    /// <inheritdoc/>
    public override double MedianMicroseconds(double blockMs)
    {
        if (_count == 0) _count = Calibrate();
        long begin = _clock.GetTimestamp();
        double first = Slice();
        // The first slice finds the caches as the other contender left them; a step that takes most of a block has to be taken as it is.
        int slices = 0;
        if (first > blockMs * 1000 / 3) _slices[slices++] = first;
        while (slices < MostSlices && (slices == 0 || _clock.GetElapsedTime(begin).TotalMilliseconds < blockMs))
            _slices[slices++] = Slice();
        return Spread.Of(_slices.AsSpan(0, slices)).Median / _count;
    }

    double Slice()
    {
        long begin = _clock.GetTimestamp();
        run(_count);
        return _clock.GetElapsedTime(begin).TotalMicroseconds;
    }

    int Calibrate()
    {
        run(1);
        _count = 1;
        while (Slice() < SliceMicroseconds) _count *= 2;
        return _count;
    }
}
