namespace EdgeLearn;

/// <summary>
/// Dense layers whose inputs PyTorch flattens in another order: behind a convolution over steps it sees features x steps, where we have
/// steps x features, and on a raw colour image channels x positions, where files have the channel innermost. Their columns are exchanged on
/// the way in and out, so that a net computes the same on both sides.
/// </summary>
static class PlanarColumns
{
    /// <summary>Channels and positions of each layer's inputs whose columns are to be exchanged; null for the others.</summary>
    /// <exception cref="EdgeLearnException">A layer without columns stands behind inputs in another order.</exception>
    public static (int Channels, int Positions)?[] Of(NetworkSpec spec)
    {
        var result = new (int, int)?[spec.Layers.Count];
        bool fromConvolution = false;
        (int, int)? flattened = null;
        for (int i = 0; i < result.Length; i++)
        {
            var layer = spec.Layers[i];
            var input = spec.InputOf(i);
            if (layer is DenseSpec)
            {
                result[i] = flattened ?? Exchanged(input, fromConvolution);
            }
            else if (flattened is not null && layer is BatchNormSpec or RowNormSpec or ReceptiveFieldSpec or ReshapeSpec)
            {
                throw new EdgeLearnException($"layer {i + 1} ({layer}) stands behind a flattened {spec.InputOf(i - 1)}, whose values "
                    + $"PyTorch has in another order: put it before the flatten, or a dense layer between");
            }
            if (layer is FlattenSpec) flattened = Exchanged(input, fromConvolution);
            else if (layer is DenseSpec) flattened = null;
            fromConvolution = layer switch
            {
                Conv1dSpec => true,
                ResidualSpec block => fromConvolution || block.Body.Any(inner => inner is Conv1dSpec),
                RecurrentSpec or AttentionSpec or MlpSpec or StepwiseDenseSpec or EmbeddingSpec or PositionSpec or SinusoidSpec
                    or ReshapeSpec or DenseSpec => false,
                _ => fromConvolution,
            };
        }

        return result;
    }

    static (int, int)? Exchanged(Shape input, bool fromConvolution)
    {
        if (input is { Rank: 2, Height: > 1, Width: > 1 } && fromConvolution) return (input.Width, input.Height);
        return input is { Rank: 3, IsPlanar: false } ? (input.Channels, input.PlaneLength) : null;
    }

    /// <summary>Exchanges the columns of a matrix in place.</summary>
    /// <param name="weights">[rows x (channels * positions)]</param>
    /// <param name="channels">of the inputs</param>
    /// <param name="positions">steps or pixels of the inputs</param>
    /// <param name="toPlanes">from channel innermost to one plane a channel, else back</param>
    public static void Exchange(Span<float> weights, int channels, int positions, bool toPlanes)
    {
        int columns = channels * positions;
        float[] row = new float[columns];
        for (int start = 0; start < weights.Length; start += columns)
        {
            var values = weights.Slice(start, columns);
            values.CopyTo(row);
            for (int c = 0; c < channels; c++)
            {
                for (int p = 0; p < positions; p++)
                {
                    if (toPlanes) values[c * positions + p] = row[p * channels + c];
                    else values[p * channels + c] = row[c * positions + p];
                }
            }
        }
    }
}
