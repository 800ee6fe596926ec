using System.Numerics.Tensors;

namespace EdgeLearn;

/// <summary>
/// y[c] = (x[c] - mean[c]) / sqrt(variance[c] + epsilon) * weight[c] + bias[c], for each channel of an image, feature of a sequence or
/// value of a vector. In training the statistics are those of the batch, all positions and steps together, and the running ones follow
/// them; in evaluation, with frozen statistics or weights, and where a batch has one value a channel, they are the running ones.
/// </summary>
/// <remarks>Source: Ioffe and Szegedy 2015, with the running variance unbiased as in PyTorch.</remarks>
sealed class BatchNormLayer : Layer
{
    readonly BatchNormSpec _spec;
    readonly ParameterSlice _weight;
    readonly ParameterSlice _bias;
    readonly ParameterSlice _mean;
    readonly ParameterSlice _variance;

    internal BatchNormLayer(string name, Shape shape, BatchNormSpec spec, ParameterSet parameters)
        : base(name, shape, shape)
    {
        _spec = spec;
        Channels = shape.Rank == 3 ? shape.Channels : shape.Width;
        _weight = parameters.Add(name + ".weight", [Channels], decay: false);
        _bias = parameters.Add(name + ".bias", [Channels], decay: false);
        _mean = parameters.Add(name + ".running_mean", [Channels], decay: false, isStatistic: true);
        _variance = parameters.Add(name + ".running_var", [Channels], decay: false, isStatistic: true);
        Slices = [_weight, _bias, _mean, _variance];
    }

    int Channels { get; }

    // Values of one channel in one sample.
    int Positions => InputLength / Channels;

    // Values of one channel are neighbours; else those of one position are.
    bool IsPlanar => InputShape.IsPlanar;

    public override long MultiplyAdds => InputLength;

    public override string Describe() => _spec.ToString();

    public override bool GradientReadsOutput => false;

    // Forward: a run of neighbours, for squares; then the statistics where nobody saves them; then, under a probe, weight and bias.
    internal override LayerNeeds Needs(int batch, PassKind pass = default) => base.Needs(batch, pass) with
    {
        Saved = 2 * Channels,
        Sums = pass.IsPart ? 2 * Channels : 0,
        ForwardScratch = RunLength + (pass.Saves ? 0 : 2 * Channels) + (pass.IsProbed ? 2 * Channels : 0),
        ParameterScratch = RunLength + 4 * Channels,
        InputScratch = RunLength + 4 * Channels,
    };

    int RunLength => IsPlanar ? Positions : Channels;

    int RunCount => InputLength / RunLength;

    public override void Initialise(ParameterSet parameters, ulong seed)
    {
        parameters[_weight].Fill(1);
        parameters[_bias].Clear();
        parameters[_mean].Clear();
        parameters[_variance].Fill(1);
    }

    bool UsesBatch(int batch, in ForwardMode mode)
        => mode.IsTraining && TakesStatistics && batch * Positions > 1;

    public override bool TakesStatistics => !_spec.IsFrozen && (_weight.Trainable || _bias.Trainable);

    public override bool TakesParts(int rows) => !TakesStatistics;

    internal override void Forward(int batch, ParameterSet parameters, in ForwardMode mode, ReadOnlySpan<float> x, Span<float> y,
        Span<float> saved, Span<float> scratch)
    {
        var run = scratch[..RunLength];
        var rest = scratch[RunLength..];
        if (saved.IsEmpty)
        {
            saved = rest[..(2 * Channels)];
            rest = rest[(2 * Channels)..];
        }

        if (!mode.KnowsStatistics || !TakesStatistics) TakeStatistics(batch, parameters, mode, x, saved, run);
        ReadOnlySpan<float> mean = saved[..Channels], scale = saved.Slice(Channels, Channels);
        var weight = parameters.Read(_weight, mode.Probe, 0, Channels, rest);
        var bias = parameters.Read(_bias, mode.Probe, 0, Channels, mode.Probe.IsNone ? default : rest[Channels..]);
        for (int r = 0; r < batch * RunCount; r++)
        {
            var output = y.Slice(r * RunLength, RunLength);
            Normalise(r, x.Slice(r * RunLength, RunLength), mean, scale, output);
            if (IsPlanar)
            {
                TensorPrimitives.Multiply(output, weight[r % RunCount], output);
                TensorPrimitives.Add(output, bias[r % RunCount], output);
            }
            else
            {
                TensorPrimitives.MultiplyAdd(output, weight, bias, output);
            }
        }
    }

    internal override void TakeStatistics(int batch, ParameterSet parameters, in ForwardMode mode, ReadOnlySpan<float> x,
        Span<float> saved, Span<float> scratch)
    {
        Span<float> mean = saved[..Channels], scale = saved.Slice(Channels, Channels);
        if (UsesBatch(batch, mode))
        {
            BatchStatistics(batch, x, mean, scale, scratch[..RunLength]);
            FollowBatch(batch * Positions, parameters, mean, scale);
        }
        else
        {
            parameters[_mean].CopyTo(mean);
            parameters[_variance].CopyTo(scale);
        }

        for (int c = 0; c < Channels; c++) scale[c] = 1 / MathF.Sqrt(scale[c] + _spec.Epsilon);
    }

    // normalised = (x - mean) * scale for one run.
    void Normalise(int run, ReadOnlySpan<float> x, ReadOnlySpan<float> mean, ReadOnlySpan<float> scale, Span<float> normalised)
    {
        if (IsPlanar)
        {
            TensorPrimitives.Subtract(x, mean[run % RunCount], normalised);
            TensorPrimitives.Multiply(normalised, scale[run % RunCount], normalised);
        }
        else
        {
            TensorPrimitives.Subtract(x, mean, normalised);
            TensorPrimitives.Multiply(normalised, scale, normalised);
        }
    }

    // Mean first, then the squares of the distances from it, or values far from 0 would cancel.
    void BatchStatistics(int batch, ReadOnlySpan<float> x, Span<float> mean, Span<float> variance, Span<float> run)
    {
        mean.Clear();
        variance.Clear();
        float inverse = 1f / (batch * Positions);
        for (int r = 0; r < batch * RunCount; r++) AddRun(r, x.Slice(r * RunLength, RunLength), mean);
        TensorPrimitives.Multiply(mean, inverse, mean);
        for (int r = 0; r < batch * RunCount; r++)
        {
            if (IsPlanar) TensorPrimitives.Subtract(x.Slice(r * RunLength, RunLength), mean[r % RunCount], run);
            else TensorPrimitives.Subtract(x.Slice(r * RunLength, RunLength), mean, run);
            TensorPrimitives.Multiply(run, run, run);
            AddRun(r, run, variance);
        }

        TensorPrimitives.Multiply(variance, inverse, variance);
    }

    // sums[channel] += values of the run.
    void AddRun(int run, ReadOnlySpan<float> values, Span<float> sums)
    {
        if (IsPlanar) sums[run % RunCount] += TensorPrimitives.Sum(values);
        else TensorPrimitives.Add(sums, values, sums);
    }

    void FollowBatch(int count, ParameterSet parameters, ReadOnlySpan<float> mean, ReadOnlySpan<float> variance)
    {
        Span<float> runningMean = parameters[_mean], runningVariance = parameters[_variance];
        float unbiased = (float)count / (count - 1);
        for (int c = 0; c < Channels; c++)
        {
            runningMean[c] += _spec.Momentum * (mean[c] - runningMean[c]);
            runningVariance[c] += _spec.Momentum * (unbiased * variance[c] - runningVariance[c]);
        }
    }

    // sums += [sum of dy, sum of dy * normalised] of each channel.
    void AddGradients(in ForwardTrace trace, ReadOnlySpan<float> dy, Span<float> sums, Span<float> run)
    {
        for (int r = 0; r < trace.Batch * RunCount; r++)
        {
            var gradient = dy.Slice(r * RunLength, RunLength);
            Normalise(r, trace.Input.Slice(r * RunLength, RunLength), trace.Saved[..Channels], trace.Saved[Channels..], run);
            AddRun(r, gradient, sums[..Channels]);
            TensorPrimitives.Multiply(run, gradient, run);
            AddRun(r, run, sums[Channels..]);
        }
    }

    // Of the gradients of the tensors over a whole batch.
    Span<float> OwnSums(Span<float> scratch) => scratch.Slice(RunLength + 2 * Channels, 2 * Channels);

    internal override void ParameterGradient(in ForwardTrace trace, ReadOnlySpan<float> dz, Span<float> scratch, GradientSink sink)
    {
        var sums = OwnSums(scratch);
        if (!trace.OverwritesGradient)
        {
            sums.Clear();
            AddGradients(trace, dz, sums, scratch[..RunLength]);
        }

        HandOver(sums, default, sink);
    }

    internal override void AddGradient(in ForwardTrace trace, ReadOnlySpan<float> dz, Span<float> scratch)
        => AddGradients(trace, dz, trace.Sums, scratch[..RunLength]);

    internal override void HandOver(ReadOnlySpan<float> sums, Span<float> scratch, GradientSink sink)
    {
        sink.Accept(_weight, 0, sums[Channels..]);
        sink.Accept(_bias, 0, sums[..Channels]);
    }

    public override bool OverwritesGradient => true;

    // A part of a batch has the sums over all of it from a pass before this one.
    internal override void InputGradient(in ForwardTrace trace, ReadOnlySpan<float> dz, Span<float> dx, Span<float> scratch)
    {
        var weight = trace.Parameters[_weight];
        ReadOnlySpan<float> mean = trace.Saved[..Channels], scale = trace.Saved[Channels..];
        int rows = trace.Mode.KnowsStatistics ? trace.Mode.StepRows : trace.Batch;
        bool usesBatch = UsesBatch(rows, trace.Mode);
        var run = scratch[..RunLength];
        var sums = scratch.Slice(RunLength, 2 * Channels);
        if (usesBatch && trace.Mode.KnowsStatistics)
        {
            trace.Sums.CopyTo(sums);
        }
        else if (usesBatch || trace.OverwritesGradient)
        {
            var own = OwnSums(scratch);
            own.Clear();
            AddGradients(trace, dz, own, run);
            own.CopyTo(sums);
        }

        if (usesBatch) TensorPrimitives.Multiply(sums, 1f / (rows * Positions), sums);

        // dx = weight * scale * (dy - mean of dy - normalised * mean of dy * normalised); the means are 0 where the statistics do not
        // depend on x.
        for (int r = 0; r < trace.Batch * RunCount; r++)
        {
            var target = dx.Slice(r * RunLength, RunLength);
            dz.Slice(r * RunLength, RunLength).CopyTo(target);
            if (usesBatch)
            {
                Normalise(r, trace.Input.Slice(r * RunLength, RunLength), mean, scale, run);
                if (IsPlanar)
                {
                    TensorPrimitives.Multiply(run, sums[Channels + r % RunCount], run);
                    TensorPrimitives.Add(run, sums[r % RunCount], run);
                }
                else
                {
                    TensorPrimitives.MultiplyAdd(run, sums[Channels..], sums[..Channels], run);
                }

                TensorPrimitives.Subtract(target, run, target);
            }

            if (IsPlanar)
            {
                TensorPrimitives.Multiply(target, weight[r % RunCount] * scale[r % RunCount], target);
            }
            else
            {
                TensorPrimitives.Multiply(target, weight, target);
                TensorPrimitives.Multiply(target, scale, target);
            }
        }
    }
}
