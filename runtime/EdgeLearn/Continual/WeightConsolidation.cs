using System.Runtime.CompilerServices;

namespace EdgeLearn;

/// <summary>
/// Elastic weight consolidation: after a task the weights w* and the importance F of each weight are kept; later steps minimise loss +
/// lambda / 2 sum_i F_i (w_i - w*_i)^2. The penalty is taken by its proximal step behind the update, w = w* + (w - w*) / (1 + rate lambda
/// F): the minimum is that of the sum, and no lambda is too large for a rate. F is the diagonal of the Fisher information: the mean of
/// squared gradients at labels drawn from the network's own outputs. With more than one task the importances add up, the older ones times
/// gamma, around the newest weights. State: two floats a weight.
/// </summary>
/// <remarks>Source: Kirkpatrick et al. 2017; the online form of Schwarz et al. 2018, "Progress and Compress". Differs: gradients are those
/// of the run's own rule, so that its memory is enough: with a forward-only rule a weight's importance is that for its unit's local loss,
/// with zo all weights of a tensor are about equally important.</remarks>
sealed class WeightConsolidation(ContinualSettings settings, ParameterSet parameters, MemoryPlan plan, ulong seed)
{
    readonly PlannedBuffer _anchors = plan.Request("ewc.anchors", MemoryCategory.Past, parameters.Length);
    readonly PlannedBuffer _importance = plan.Request("ewc.importance", MemoryCategory.Past, parameters.Length);

    /// <summary>Tasks that are remembered; nothing is pulled while it is 0.</summary>
    public int TaskCount { get; internal set; }

    /// <summary>The weights w* at the end of the last task, in the order of <see cref="ParameterSlice.Offset"/>.</summary>
    public Span<float> Anchors => _anchors.Span;

    /// <summary>The importance F of each weight, 0 or more, in the same order.</summary>
    public Span<float> Importance => _importance.Span;

    /// <summary>Pulls the weights towards their anchors, as far as a step of this rate does. Allocates nothing.</summary>
    public void Pull(in StepClock clock)
    {
        if (TaskCount == 0) return;
        for (int s = 0; s < parameters.Slices.Count; s++)
        {
            var slice = parameters.Slices[s];
            var pull = new PullStep(clock.Rate * slice.RateScale * settings.Consolidation);
            if (!slice.Trainable) continue;
            if (slice.Storage == WeightStorage.Float32)
            {
                Kernels.Update(pull, parameters[slice], Importance.Slice(slice.Offset, slice.Length),
                    Anchors.Slice(slice.Offset, slice.Length), default);
            }
            else
            {
                PullRounded(slice, pull, Noise.Key(Noise.Derive(seed, (ulong)clock.Step), slice.NameHash));
            }
        }
    }

    void PullRounded(ParameterSlice slice, in PullStep pull, ulong key)
    {
        Span<float> chunk = stackalloc float[ParameterSet.ChunkLength];
        for (int i = 0; i < slice.Length; i += chunk.Length)
        {
            var weights = chunk[..Math.Min(chunk.Length, slice.Length - i)];
            parameters.Decode(slice, i, weights);
            Kernels.Update(pull, weights, Importance.Slice(slice.Offset + i, weights.Length),
                Anchors.Slice(slice.Offset + i, weights.Length), default);
            parameters.EncodeStochastic(slice, i, weights, key);
        }
    }

    /// <summary>Forgets all tasks.</summary>
    internal void Forget()
    {
        TaskCount = 0;
        Importance.Clear();
    }

    /// <summary>Begins the importance of another task: what there is fades by gamma.</summary>
    internal void Fade()
    {
        foreach (ref float value in Importance) value *= settings.ConsolidationDecay;
    }

    /// <summary>Takes the network's weights as the new anchors.</summary>
    internal void Anchor()
    {
        foreach (var slice in parameters.Slices) parameters.Decode(slice, 0, Anchors.Slice(slice.Offset, slice.Length));
        TaskCount++;
    }

    /// <summary>A sink that adds weight * gradient^2 to the importance and changes no weight.</summary>
    internal UpdateRule SquaresTimes(float weight) => new SquareSum(this, weight);

    sealed class SquareSum(WeightConsolidation consolidation, float weight) : UpdateRule
    {
        protected override long StateLengthOf(ParameterSet parameters) => 0;

        public override void Accept(ParameterSlice slice, int offset, ReadOnlySpan<float> gradient)
            => Kernels.Update(new SquareStep(weight), consolidation.Importance.Slice(slice.Offset + offset, gradient.Length), gradient,
                default, default);
    }

    /// <summary>w = first + (w - first) / (1 + factor * gradient), with the importance in the gradient's place.</summary>
    readonly struct PullStep(float factor) : IElementUpdate
    {
        public static int StateCount => 1;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public T Apply<T>(T weight, T gradient, ref T first, ref T second)
            where T : struct, ILanes<T> => first + (weight - first) / (T.Broadcast(1) + T.Broadcast(factor) * gradient);
    }

    /// <summary>w + factor * gradient^2.</summary>
    readonly struct SquareStep(float factor) : IElementUpdate
    {
        public static int StateCount => 0;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public T Apply<T>(T weight, T gradient, ref T first, ref T second)
            where T : struct, ILanes<T> => weight + T.Broadcast(factor) * (gradient * gradient);
    }
}

/// <summary>
/// Answers drawn from the distribution that a network's outputs stand for: what the Fisher information is an expectation over.
/// </summary>
static class OutputSampling
{
    /// <summary>A class, with the odds of the softmax of the outputs; of one output with those of its sigmoid.</summary>
    /// <param name="outputs">[classes], or one for two classes; scratch afterwards</param>
    /// <param name="key">of the draw</param>
    public static int DrawLabel(Span<float> outputs, ulong key)
    {
        float point = Noise.UniformAt(key, 0), sum = 0;
        if (outputs.Length == 1)
        {
            Span<float> two = [0, outputs[0]];
            return DrawLabel(two, key);
        }

        Kernels.SoftmaxRows(1, outputs.Length, 1, isCausal: false, outputs);
        for (int c = 0; c < outputs.Length - 1; c++)
        {
            sum += outputs[c];
            if (point < sum) return c;
        }

        return outputs.Length - 1;
    }

    /// <summary>
    /// Real targets: the outputs with Gaussian noise of variance 1, for which half the square difference is the log-likelihood; where
    /// several labels may be right at once, 0 and 1 with the odds of the sigmoids.
    /// </summary>
    /// <param name="loss">of the network</param>
    /// <param name="outputs">[outputs], overwritten with the targets</param>
    /// <param name="key">of the draw</param>
    public static void DrawTargets(Loss loss, Span<float> outputs, ulong key)
    {
        if (loss is not BinaryCrossEntropyLoss)
        {
            Noise.Add(NoiseKind.Gaussian, key, 0, 1, outputs, outputs);
            return;
        }

        for (int i = 0; i < outputs.Length; i++) outputs[i] = DrawLabel(outputs.Slice(i, 1), Noise.Derive(key, (ulong)i));
    }
}
