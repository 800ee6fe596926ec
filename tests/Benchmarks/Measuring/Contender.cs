namespace EdgeLearn.Benchmarks;

/// <summary>One side of a comparison: it can do its work for about so many milliseconds and say how long one step took.</summary>
abstract class Contender(string name)
{
    /// <summary>Who it is, as a report says it.</summary>
    public string Name => name;

    /// <summary>Gets ready for a round: for training, back to the starting weights.</summary>
    public virtual void BeginRound()
    {
    }

    /// <summary>Works for about <paramref name="blockMs"/> and returns the median microseconds of a step.</summary>
    public abstract double MedianMicroseconds(double blockMs);
}
