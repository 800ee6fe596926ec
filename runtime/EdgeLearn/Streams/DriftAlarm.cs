namespace EdgeLearn;

/// <summary>
/// One alarm for one drift: a detector goes on finding changes while its window still has values from before, and a drift that takes its
/// time changes the values more than once. What is found within <see cref="Quiet"/> values of the last find belongs to it.
/// </summary>
/// <param name="detector">of changes; its own from here on</param>
sealed class DriftAlarm(DriftDetector detector)
{
    /// <summary>Values without a find that end a drift.</summary>
    public const int Quiet = 500;

    long _sinceLast = Quiet;

    /// <summary>Alarms so far.</summary>
    public long Count { get; private set; }

    /// <summary>Takes a value in.</summary>
    /// <returns>Whether a new drift begins.</returns>
    public bool Add(double value)
    {
        bool found = detector.Add(value), isNew = found && _sinceLast >= Quiet;
        _sinceLast = found ? 0 : _sinceLast + 1;
        if (isNew) Count++;
        return isNew;
    }
}
