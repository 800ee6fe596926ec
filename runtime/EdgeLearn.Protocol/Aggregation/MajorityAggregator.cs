namespace EdgeLearn.Protocol;

/// <summary>
/// One board, one vote: each weight moves towards the majority by the median of the boards' mean magnitudes of its tensor; a tie changes
/// nothing.
/// Source: Bernstein et al., signSGD with majority vote, arXiv:1810.05291. Differs: the step is the boards' own median magnitude.
/// </summary>
public sealed class MajorityAggregator : Aggregator
{
    /// <inheritdoc/>
    public override string Name => "majority";

    /// <inheritdoc/>
    public override ChangeKind Takes => ChangeKind.Votes;

    /// <summary>Beside the votes' sums it keeps a float for each tensor and board.</summary>
    public override bool IsSum => true;

    /// <inheritdoc/>
    public override Aggregate Begin(UpdateShape shape) => new Majority(shape);

    sealed class Majority(UpdateShape shape) : Aggregate
    {
        readonly int[] _votes = new int[shape.Length];
        readonly List<float>[] _magnitudes = [.. shape.Tensors.Select(_ => new List<float>())];

        public override void Add(ulong weight, UpdateChange change)
        {
            var vote = (VoteChange)change;
            for (int t = 0; t < _magnitudes.Length; t++) _magnitudes[t].Add(vote.Magnitudes[t]);
            for (int i = 0; i < _votes.Length; i++) _votes[i] += vote.IsUp(i) ? 1 : -1;
        }

        public override void Apply(UpdateTarget target)
        {
            var weights = target.Weights;
            int index = 0;
            for (int t = 0; t < _magnitudes.Length; t++)
            {
                float step = Median(_magnitudes[t]);
                int end = index + shape.Tensors[t].Length;
                for (; index < end; index++)
                {
                    // A step of zero leaves even a negative zero as it is.
                    if (step != 0 && _votes[index] != 0) weights[index] += _votes[index] > 0 ? step : -step;
                }
            }
        }

        /// <summary>The middle value; of an even number the mean of the two middle ones, rounded once.</summary>
        static float Median(List<float> values)
        {
            if (values.Count == 0) return 0;
            values.Sort();
            int middle = values.Count / 2;
            return values.Count % 2 != 0 ? values[middle] : (float)(((double)values[middle - 1] + values[middle]) / 2);
        }
    }
}
