namespace EdgeLearn;

/// <summary>
/// Somebody who can compute a network's outputs and losses: the layers of the core, ONNX Runtime, ... A losses-only rule needs nothing
/// more. Call <see cref="Plan"/>, then the verbs; the verbs allocate nothing.
/// </summary>
public interface IForwardPass
{
    /// <summary>The weights that a probe perturbs and an update changes.</summary>
    ParameterSet Parameters { get; }

    /// <summary>Values of one sample.</summary>
    int InputLength { get; }

    /// <summary>Values of one output.</summary>
    int OutputLength { get; }

    /// <summary>Labels of a sample in a classification.</summary>
    int LabelLength => 1;

    /// <summary>Asks the plan for the buffers of the verbs.</summary>
    /// <param name="plan">collects the buffers</param>
    /// <param name="batch">the most rows a batch will have</param>
    /// <param name="probed">whether <see cref="Losses"/> will be given probes</param>
    /// <param name="time">when the buffers are in use, see <see cref="PlanTime"/></param>
    void Plan(MemoryPlan plan, int batch, bool probed, int time);

    /// <summary>The outputs of a batch, with plain weights.</summary>
    /// <param name="batch">rows</param>
    /// <param name="outputs">[rows x output length], written</param>
    void Outputs(in Batch batch, Span<float> outputs);

    /// <summary>The mean loss of one batch under every probe.</summary>
    /// <param name="probes">perturbations; <see cref="Probe.None"/> means plain weights</param>
    /// <param name="batch">rows with labels or targets</param>
    /// <param name="loss">what the outputs are held against</param>
    /// <param name="results">[probes], written</param>
    void Losses(ReadOnlySpan<Probe> probes, in Batch batch, Loss loss, Span<double> results);

    /// <summary>Floats of outputs that <see cref="Score"/> needs room for.</summary>
    /// <param name="batch">rows</param>
    long ScoreLength(int batch) => (long)batch * OutputLength;

    /// <summary>Sum of the losses of a batch with plain weights, and how many of its labels have the largest output.</summary>
    /// <param name="batch">rows with labels or targets</param>
    /// <param name="loss">what the outputs are held against</param>
    /// <param name="outputs">[<see cref="ScoreLength"/>], scratch</param>
    (double LossSum, int Correct) Score(in Batch batch, Loss loss, Span<float> outputs)
    {
        Outputs(batch, outputs);
        int correct = loss.CountCorrect(batch, outputs);
        return (loss.Sum(batch, outputs), correct);
    }
}

/// <summary>The calendar of a memory plan: training steps and evaluations never overlap, so they may share bytes.</summary>
public static class PlanTime
{
    /// <summary>First moment of a training step.</summary>
    public const int Step = 0;

    /// <summary>First moment of an evaluation; later than any moment of a step.</summary>
    public const int Evaluation = 1 << 20;
}
