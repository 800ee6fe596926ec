namespace EdgeLearn.Protocol;

/// <summary>
/// How reports become the next model, at the hub, in a replay and in a simulation: check and decode each, aggregate, apply. The same
/// reports give the same bytes, in any order and on every machine.
/// </summary>
/// <param name="round">its number</param>
/// <param name="codec">what its boards send</param>
/// <param name="aggregator">what becomes of it; empty = the codec's own</param>
/// <param name="directions">q of zeroth-order training; at least 1</param>
/// <exception cref="EdgeLearnException">This version does not know the codec or the aggregator, or they do not go together.</exception>
public sealed class RoundAggregation(ulong round, Codec codec, string aggregator, int directions)
{
    readonly UpdateCodec _codec = UpdateCodec.Of(codec);
    readonly Aggregator _aggregator = Aggregator.Of(aggregator, UpdateCodec.Of(codec));

    /// <summary>Turns the base into the round's result.</summary>
    /// <param name="target">the base; half changed when this throws</param>
    /// <param name="reports">one a board, read one by one where the aggregator is a sum</param>
    /// <exception cref="EdgeLearnException">A report fails its check, a board reports twice, or the result is not finite.</exception>
    public void Apply(UpdateTarget target, IEnumerable<UpdateReport> reports)
    {
        var boards = new HashSet<ulong>();
        var changes = reports.Select(report => (report.Device, report.Weight, Change: Decode(target.Shape, report)));
        if (!_aggregator.IsSum) changes = changes.OrderBy(one => one.Device);
        var aggregate = _aggregator.Begin(target.Shape);
        foreach (var (device, weight, change) in changes)
        {
            if (!boards.Add(device)) throw new EdgeLearnException($"the board {device:x16} has two updates in round {round}");
            aggregate.Add(weight, change);
        }

        aggregate.Apply(target);
        foreach (float weight in target.Weights)
        {
            if (!float.IsFinite(weight))
                throw new EdgeLearnException($"the sum of round {round} is not finite: the learning rate is too large");
        }
    }

    UpdateChange Decode(UpdateShape shape, in UpdateReport report)
    {
        var context = new UpdateContext(shape, round, report.Device, directions);
        using var content = report.Open();
        if (_codec.Check(context, content, out string reason) != Refusal.None)
            throw new EdgeLearnException($"the update of the board {report.Device:x16} in round {round} does not pass its check: {reason}");
        content.Position = 0;
        return _codec.Decode(context, content);
    }
}

/// <summary>One board's part in a round's result.</summary>
/// <param name="Device">the board's id as a number; one report each</param>
/// <param name="Weight">its example count, capped: 1 to <see cref="FixedPointSum.WeightLimit"/></param>
/// <param name="Open">opens the update as its codec wrote it</param>
public readonly record struct UpdateReport(ulong Device, ulong Weight, Func<Stream> Open);

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
