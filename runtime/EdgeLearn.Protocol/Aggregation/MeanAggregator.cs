namespace EdgeLearn.Protocol;

/// <summary>
/// w &lt;- sum over the boards of n_b w_b / sum of n_b, n = examples, rounded once: <see cref="FixedPointSum"/>.
/// Source: McMahan et al., Communication-efficient learning of deep networks from decentralized data (FedAvg), arXiv:1602.05629.
/// </summary>
public sealed class MeanAggregator : Aggregator
{
    /// <inheritdoc/>
    public override string Name => "mean";

    /// <inheritdoc/>
    public override ChangeKind Takes => ChangeKind.Values;

    /// <inheritdoc/>
    public override bool IsSum => true;

    /// <inheritdoc/>
    public override Aggregate Begin(UpdateShape shape) => new Mean(shape);

    sealed class Mean(UpdateShape shape) : Aggregate
    {
        readonly FixedPointSum _sum = new(shape.Length);

        public override void Add(ulong weight, UpdateChange change) => _sum.Add(((ValueChange)change).Values, weight);

        public override void Apply(UpdateTarget target) => _sum.Mean(target.Weights);
    }
}
