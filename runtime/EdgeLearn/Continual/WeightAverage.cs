using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace EdgeLearn;

/// <summary>
/// A mean of a run's weights, which often does better than the last ones and is what gets evaluated and saved. avg_t = avg_(t-1) + a_t (w_t
/// - avg_(t-1)), with a_t = 1 / t for the equal average and max(1 - decay, 1 / t) for the exponential one: a plain mean until 1 / (1 -
/// decay) steps are done, so that the starting weights leave no trace. Running statistics are averaged like weights. State: one float a
/// weight, and a copy of weights that are not float32.
/// </summary>
/// <remarks>Source: Polyak and Juditsky 1992; Izmailov et al. 2018 (SWA; differs: batch norm's statistics are averaged, not measured
/// anew).</remarks>
sealed class WeightAverage(ContinualSettings settings, ParameterSet parameters, MemoryPlan plan, long totalSteps)
{
    readonly long _firstStep = settings.Average == AverageKind.Equal ? (long)(totalSteps * (double)settings.AverageStart) : 0;
    readonly PlannedBuffer _average = plan.Request("average", MemoryCategory.Past, parameters.Length);
    readonly PlannedBuffer _content = plan.Request("average.content", MemoryCategory.Past,
        parameters.Storage == WeightStorage.Float32 ? 0 : (parameters.Bytes + 3) / 4);

    bool IsFloat => parameters.Storage == WeightStorage.Float32;

    /// <summary>Steps in the average; while it is 0 there is none.</summary>
    public long Count { get; internal set; }

    /// <summary>The average, in the order of <see cref="ParameterSlice.Offset"/>.</summary>
    public Span<float> Values => _average.Span;

    /// <summary>Takes the weights after a step into the average. Allocates nothing.</summary>
    /// <param name="step">steps done before it</param>
    public void AfterStep(long step)
    {
        if (step < _firstStep) return;
        Count++;
        double share = 1.0 / Count;
        if (settings.Average == AverageKind.Exponential) share = Math.Max(share, 1 - (double)settings.AverageDecay);
        var move = new MoveStep((float)share);
        if (IsFloat) Kernels.Update(move, Values, parameters.Values, default, default);
        else AverageDecoded(move);
    }

    void AverageDecoded(in MoveStep move)
    {
        Span<float> chunk = stackalloc float[ParameterSet.ChunkLength];
        for (int s = 0; s < parameters.Slices.Count; s++)
        {
            var slice = parameters.Slices[s];
            for (int i = 0; i < slice.Length; i += chunk.Length)
            {
                var weights = chunk[..Math.Min(chunk.Length, slice.Length - i)];
                parameters.Decode(slice, i, weights);
                Kernels.Update(move, Values.Slice(slice.Offset + i, weights.Length), weights, default, default);
            }
        }
    }

    /// <summary>
    /// Puts the average in the place of the weights, until <see cref="Restore"/>. Weights of fewer bits are rounded to the nearest.
    /// </summary>
    public void Apply()
    {
        if (IsFloat)
        {
            Swap();
            return;
        }

        parameters.Content.CopyTo(MemoryMarshal.AsBytes(_content.Span));
        foreach (var slice in parameters.Slices) parameters.Encode(slice, 0, Values.Slice(slice.Offset, slice.Length));
    }

    /// <summary>Brings the weights back, to the bit.</summary>
    public void Restore()
    {
        if (IsFloat) Swap();
        else MemoryMarshal.AsBytes(_content.Span)[..parameters.Content.Length].CopyTo(parameters.Content);
    }

    void Swap()
    {
        Span<float> chunk = stackalloc float[ParameterSet.ChunkLength];
        Span<float> weights = parameters.Values, average = Values;
        for (int i = 0; i < weights.Length; i += chunk.Length)
        {
            var copy = chunk[..Math.Min(chunk.Length, weights.Length - i)];
            weights.Slice(i, copy.Length).CopyTo(copy);
            average.Slice(i, copy.Length).CopyTo(weights[i..]);
            copy.CopyTo(average[i..]);
        }
    }

    /// <summary>w + share * (gradient - w), with another vector in the gradient's place.</summary>
    readonly struct MoveStep(float share) : IElementUpdate
    {
        public static int StateCount => 0;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public T Apply<T>(T weight, T gradient, ref T first, ref T second)
            where T : struct, ILanes<T> => weight + T.Broadcast(share) * (gradient - weight);
    }
}
