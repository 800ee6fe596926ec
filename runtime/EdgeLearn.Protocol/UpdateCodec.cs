namespace EdgeLearn.Protocol;

/// <summary>What a codec may need to write an update: one board's local training, seen from outside.</summary>
public readonly ref struct LocalChange
{
    /// <summary>Number of the round.</summary>
    public required ulong Round { get; init; }

    /// <summary>The board's id as a number.</summary>
    public required ulong Device { get; init; }

    /// <summary>[shape length] the model that training started from</summary>
    public ReadOnlySpan<float> Base { get; init; }

    /// <summary>[shape length] the model after training</summary>
    public ReadOnlySpan<float> Trained { get; init; }

    /// <summary>[steps x directions] of pure zeroth-order training, in order</summary>
    public ReadOnlySpan<ZerothOrderRecord> Records { get; init; }
}

/// <summary>How an update is written: bytes from a local change on the board; checked bytes into a sum on the hub.</summary>
public abstract class UpdateCodec
{
    /// <summary>The codec's name on the wire.</summary>
    public abstract Codec Kind { get; }

    /// <summary>The codec of a name.</summary>
    /// <exception cref="EdgeLearnException">A name that this version does not know.</exception>
    public static UpdateCodec Of(Codec kind) => kind switch
    {
        Codec.Float32 => new Float32Codec(),
        Codec.SignVote => new SignVoteCodec(),
        Codec.ZerothOrder => new ZerothOrderCodec(),
        _ => throw new EdgeLearnException($"the update codec {(int)kind} is not known to this version: update the program"),
    };

    /// <summary>Largest content that this codec writes for a shape, in bytes; a hub takes no more.</summary>
    public abstract long LargestContentBytes(UpdateShape shape);

    /// <summary>Writes the content of an update.</summary>
    /// <exception cref="ArgumentException">The lengths do not fit the shape.</exception>
    public abstract byte[] Encode(UpdateShape shape, in LocalChange change);

    /// <summary>Checks content from outside before it may be summed.</summary>
    /// <param name="shape">Shape of the round's base model.</param>
    /// <param name="round">Number of the round.</param>
    /// <param name="device">The board that sent it.</param>
    /// <param name="content">Its bytes.</param>
    /// <param name="reason">One line when it is refused.</param>
    /// <returns>None, WrongShape, NonFinite or Malformed.</returns>
    public abstract Refusal Check(UpdateShape shape, ulong round, ulong device, ReadOnlySpan<byte> content, out string reason);

    /// <summary>An empty sum for this shape.</summary>
    public abstract UpdateSum NewSum(UpdateShape shape);
}

/// <summary>A sum of checked updates. The result does not depend on the order in which they were added.</summary>
public abstract class UpdateSum
{
    /// <summary>Adds one board's content, which <see cref="UpdateCodec.Check"/> has passed.</summary>
    /// <param name="device">The board.</param>
    /// <param name="exampleCount">Its weight, capped; at least 1.</param>
    /// <param name="content">Not kept by sums of dense codecs.</param>
    public abstract void Add(ulong device, ulong exampleCount, ReadOnlySpan<byte> content);

    /// <summary>Turns the round's base into its result, in place.</summary>
    public abstract void Apply(UpdateTarget target);
}

/// <summary>The model that a round's result is applied to: holds the base, becomes the successor.</summary>
public abstract class UpdateTarget
{
    /// <summary>[shape length] the travelling parameters, live</summary>
    public abstract Span<float> Weights { get; }

    /// <summary>For every record in order: w &lt;- w + scalar * z(seed), with the noise that the learning core defines.</summary>
    public abstract void Replay(ReadOnlySpan<ZerothOrderRecord> records);
}
