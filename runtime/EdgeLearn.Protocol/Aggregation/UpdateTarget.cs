namespace EdgeLearn.Protocol;

/// <summary>The model that a round's result is applied to: holds the base, becomes the successor.</summary>
public abstract class UpdateTarget
{
    /// <summary>Its tensors.</summary>
    public abstract UpdateShape Shape { get; }

    /// <summary>[shape length] all parameters, live</summary>
    public abstract Span<float> Weights { get; }

    /// <summary>
    /// Takes the steps of one board: for each step, w &lt;- w - rate * (sum over its directions of scalar * z(seed)), by the core's own
    /// <see cref="ZerothOrderRecord.Apply"/>. Rate and noise are the round's.
    /// </summary>
    /// <param name="records">[steps x directions]</param>
    /// <param name="directions">records of one step</param>
    public abstract void Replay(ReadOnlySpan<ZerothOrderRecord> records, int directions);
}
