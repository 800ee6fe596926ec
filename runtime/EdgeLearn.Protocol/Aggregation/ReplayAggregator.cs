namespace EdgeLearn.Protocol;

/// <summary>
/// All boards' steps, one board after the other in the order of their ids, from the base: each scalar times the board's share of the
/// examples. Since every step only adds to the weights, this is the weighted mean of the boards' models, up to rounding; the hub's result
/// is authoritative.
/// Source: Malladi et al., Fine-tuning language models with just forward passes (MeZO), arXiv:2305.17333; Qin et al., FedKSeed,
/// arXiv:2312.06353.
/// </summary>
public sealed class ReplayAggregator : Aggregator
{
    /// <inheritdoc/>
    public override string Name => "replay";

    /// <inheritdoc/>
    public override ChangeKind Takes => ChangeKind.Records;

    /// <summary>A board's share is known when all examples are counted.</summary>
    public override bool IsSum => false;

    /// <inheritdoc/>
    public override Aggregate Begin(UpdateShape shape) => new Replay();

    sealed class Replay : Aggregate
    {
        readonly List<(ulong Weight, RecordChange Change)> _boards = [];
        ulong _weight;

        public override void Add(ulong weight, UpdateChange change)
        {
            _boards.Add((weight, (RecordChange)change));
            _weight += weight;
        }

        public override void Apply(UpdateTarget target)
        {
            foreach (var (weight, change) in _boards)
            {
                var scaled = change.Records.ToArray();
                foreach (ref var record in scaled.AsSpan())
                    record = record with { Scalar = (float)((double)record.Scalar * weight / _weight) };
                target.Replay(scaled, change.Directions);
            }
        }
    }
}
