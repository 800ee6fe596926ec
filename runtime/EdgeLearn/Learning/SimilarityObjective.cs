using System.Numerics.Tensors;

namespace EdgeLearn;

/// <summary>
/// Similarity matching beside a head's own loss: samples of a class shall have readings alike, those of two classes shall not. With u the
/// readings of a batch, centred and divided by their norm, and t the one-hot labels (of two classes with one output, the labels; or real
/// targets) treated likewise: (1 - share) * head + share * mean over pairs of (u_i . u_j - t_i . t_j)^2. No weights of its own.
/// </summary>
/// <remarks>Source: Nokland and Eidnes 2019, arXiv:1901.06656. Differs: what is compared is what the head reads, without a convolution of
/// its own before.</remarks>
sealed class SimilarityObjective : Objective
{
    static readonly ParameterSet s_none = new();

    readonly Objective _head;
    readonly float _share;
    readonly MatchObjective _match;
    readonly UnitPass? _reading;
    readonly PlannedBuffer _gradient;

    /// <summary>Asks the plan for the buffers.</summary>
    /// <param name="head">its loss and gradient</param>
    /// <param name="name">of the buffers</param>
    /// <param name="reading">
    /// the layers without weights between the unit's outputs and the readings; none when these are the outputs
    /// </param>
    /// <param name="lengths">floats of a sample: outputs, classes or targets</param>
    /// <param name="share">0 to 1</param>
    /// <param name="plan">collects the buffers</param>
    /// <param name="batch">most rows of a batch</param>
    /// <param name="time">the moment in which it is asked</param>
    public SimilarityObjective(Objective head, string name, Layer[] reading, (int Outputs, int Targets) lengths, float share,
        MemoryPlan plan, int batch, int time)
    {
        _head = head;
        _share = share;
        int readings = reading.Length > 0 ? reading[^1].OutputLength : lengths.Outputs;
        _match = new MatchObjective(name, readings, lengths.Targets, plan, batch, time);
        _gradient = plan.Request(name + ".similarity.outputs", MemoryCategory.Activations, (long)batch * lengths.Outputs, time, time);
        if (reading.Length == 0) return;
        var times = new UnitTimes(0, reading.Length, 0, time) { IsAtOnce = true };
        var layers = new LayerBuffers(reading, s_none, plan, batch, probed: false, i => times.MomentsOf(i, reading, null));
        _reading = new UnitPass(layers, plan, batch, times, _match, givesInputGradient: true);
    }

    public override double Gradient(in Batch batch, in StepClock clock, in ForwardMode mode, ReadOnlySpan<float> y, Span<float> dy,
        GradientSink sink)
    {
        double sum = _head.Gradient(batch, clock, mode, y, dy, sink);
        var gradient = _gradient.Span[..dy.Length];
        var above = batch.Above(y);
        _reading?.Forward(above, mode);
        double loss = _reading?.Learn(above, clock, mode, sink, gradient) ?? _match.Gradient(batch, clock, mode, y, gradient, sink);
        TensorPrimitives.Multiply(dy, 1 - _share, dy);
        TensorPrimitives.MultiplyAdd(gradient, _share, dy, dy);
        return ((1 - _share) * sum) + (_share * loss * batch.Count);
    }
}
