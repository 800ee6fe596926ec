namespace EdgeLearn;

/// <summary>What a local head's outputs are held against: the network's own loss, or a hinge.</summary>
/// <param name="Network">the network's loss</param>
/// <param name="IsHinge">hinge instead of it, for class labels with an output each</param>
readonly record struct LocalHeadLoss(Loss Network, bool IsHinge)
{
    /// <summary>Sum of the losses, of each sample the mean over its labels; the scores become the gradient of their mean.</summary>
    /// <param name="batch">rows with labels or targets</param>
    /// <param name="scores">[batch x outputs]: scores in, gradient out</param>
    public double Gradient(in Batch batch, Span<float> scores)
        => IsHinge && batch.Labels.Length > 0 && scores.Length > batch.Labels.Length
            ? Hinge(batch, scores)
            : Network.Gradient(batch, scores);

    // Mean over the other classes of max(0, 1 + their score - the label's): Weston and Watkins 1999. Unlike the largest rival alone it
    // moves all classes at once.
    static double Hinge(in Batch batch, Span<float> scores)
    {
        int width = scores.Length / batch.Labels.Length;
        float share = 1f / Math.Max(1, width - 1), rate = share / batch.Labels.Length;
        double sum = 0;
        for (int b = 0; b < batch.Labels.Length; b++)
        {
            var row = scores.Slice(b * width, width);
            int label = batch.Labels[b], violated = 0;
            float own = row[label];
            for (int c = 0; c < width; c++)
            {
                float margin = c == label ? 0 : 1 + row[c] - own;
                row[c] = margin > 0 ? rate : 0;
                if (margin <= 0) continue;
                sum += margin * share;
                violated++;
            }

            row[label] = -violated * rate;
        }

        return sum / batch.LabelLength;
    }
}
