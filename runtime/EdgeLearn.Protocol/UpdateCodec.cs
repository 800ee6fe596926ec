namespace EdgeLearn.Protocol;

/// <summary>
/// How an update is written: a board's change into bytes on the board; checked bytes into a change on the hub. A new one is a file and a
/// line in <see cref="All"/>.
/// </summary>
public abstract class UpdateCodec
{
    /// <summary>Values that are written or read at a time; a multiple of 8.</summary>
    private protected const int PieceLength = 8192;

    /// <summary>All of them.</summary>
    public static IReadOnlyList<UpdateCodec> All { get; } = [new Float32Codec(), new SignVoteCodec(), new ZerothOrderCodec()];

    /// <summary>The codec's number on the wire.</summary>
    public abstract Codec Kind { get; }

    /// <summary>The codec's name for people.</summary>
    public abstract string Name { get; }

    /// <summary>What <see cref="Decode"/> gives.</summary>
    public abstract ChangeKind Gives { get; }

    /// <summary>The codec of a number.</summary>
    /// <exception cref="EdgeLearnException">A number that this version does not know.</exception>
    public static UpdateCodec Of(Codec kind) => All.FirstOrDefault(codec => codec.Kind == kind)
        ?? throw new EdgeLearnException($"the update codec {(int)kind} is not known to this version: update the program");

    /// <summary>Refuses training whose result the codec cannot carry.</summary>
    /// <exception cref="EdgeLearnException">It cannot; the message says what it needs.</exception>
    public virtual void CheckSettings(TrainingSettings settings)
    {
    }

    /// <summary>Largest content that this codec writes for a shape, in bytes; a hub takes no more.</summary>
    public abstract long LargestContentBytes(UpdateShape shape);

    /// <summary>Writes the content of an update, in pieces.</summary>
    /// <exception cref="ArgumentException">The lengths do not fit the shape.</exception>
    public abstract void Encode(in UpdateContext context, in BoardChange change, Stream content);

    /// <summary>Checks content from outside before it may be decoded.</summary>
    /// <param name="context">What was asked of whom.</param>
    /// <param name="content">The bytes that came, from the first on; read in pieces.</param>
    /// <param name="reason">One line when it is refused.</param>
    /// <returns>None, WrongShape, NonFinite or Malformed.</returns>
    public abstract Refusal Check(in UpdateContext context, Stream content, out string reason);

    /// <summary>Reads content that <see cref="Check"/> has passed.</summary>
    public abstract UpdateChange Decode(in UpdateContext context, Stream content);
}

/// <summary>Which board's update in which round, and what its numbers mean.</summary>
/// <param name="Shape">Shape of the round's base model.</param>
/// <param name="Round">Number of the round.</param>
/// <param name="Device">The board's id as a number.</param>
/// <param name="Directions">q of zeroth-order training; at least 1.</param>
public readonly record struct UpdateContext(UpdateShape Shape, ulong Round, ulong Device, int Directions);

/// <summary>One board's local training, seen from outside: what a codec may need to write an update.</summary>
public readonly ref struct BoardChange
{
    /// <summary>Reads the model that training started from: from which parameter on, and where to.</summary>
    public Action<int, Span<float>> Base { get; init; }

    /// <summary>[shape length] the model after training</summary>
    public ReadOnlySpan<float> Trained { get; init; }

    /// <summary>[steps x directions] of pure zeroth-order training, in order; a step that was skipped has scalars of 0</summary>
    public ReadOnlySpan<ZerothOrderRecord> Records { get; init; }
}
