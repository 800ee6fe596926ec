namespace EdgeLearn.Protocol;

/// <summary>The weights after a board's training.</summary>
/// <param name="values">[shape length], finite; taken over</param>
public sealed class ValueChange(float[] values) : UpdateChange
{
    /// <summary>[shape length], finite</summary>
    public ReadOnlySpan<float> Values => values;
}

/// <summary>Which way a board would move each weight, and how far the weights of a tensor in the mean.</summary>
/// <param name="magnitudes">[tensor count], finite and not negative; taken over</param>
/// <param name="votes">[shape length] bits, lowest first, 1 = up; taken over</param>
public sealed class VoteChange(float[] magnitudes, byte[] votes) : UpdateChange
{
    /// <summary>[tensor count], finite and not negative</summary>
    public ReadOnlySpan<float> Magnitudes => magnitudes;

    /// <summary>The vote for a parameter.</summary>
    public bool IsUp(int index) => (votes[index / 8] >> (index % 8) & 1) != 0;
}

/// <summary>The steps of a board's zeroth-order training.</summary>
/// <param name="records">[steps x directions], finite; taken over</param>
/// <param name="directions">records of one step</param>
public sealed class RecordChange(ZerothOrderRecord[] records, int directions) : UpdateChange
{
    /// <summary>[steps x directions], finite</summary>
    public ReadOnlySpan<ZerothOrderRecord> Records => records;

    /// <summary>Records of one step.</summary>
    public int Directions { get; } = directions;
}
