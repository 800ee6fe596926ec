namespace EdgeLearn.Protocol;

/// <summary>A sum of checked updates. The result does not depend on the order in which they were added.</summary>
public abstract class UpdateSum
{
    /// <summary>Adds one board's content, which <see cref="UpdateCodec.Check"/> has passed.</summary>
    /// <param name="device">The board; one update each.</param>
    /// <param name="weight">Its example count, capped: 1 to <see cref="FixedPointSum.WeightLimit"/>.</param>
    /// <param name="content">Not kept.</param>
    public abstract void Add(ulong device, ulong weight, ReadOnlySpan<byte> content);

    /// <summary>Turns the round's base into its result, in place.</summary>
    public abstract void Apply(UpdateTarget target);
}

/// <summary>The model that a round's result is applied to: holds the base, becomes the successor.</summary>
public abstract class UpdateTarget
{
    /// <summary>[shape length] all parameters, live</summary>
    public abstract Span<float> Weights { get; }

    /// <summary>
    /// Takes the steps of one board: for each step, w &lt;- w - rate * (sum over its directions of scalar * z(seed)), by the core's own
    /// <see cref="ZerothOrderRecord.Apply"/>. Rate and noise are the round's.
    /// </summary>
    /// <param name="records">[steps x directions]</param>
    /// <param name="directions">Records of one step.</param>
    public abstract void Replay(ReadOnlySpan<ZerothOrderRecord> records, int directions);
}
