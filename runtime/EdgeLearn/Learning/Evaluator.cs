namespace EdgeLearn;

/// <summary>
/// Runs a forward pass over a data set and counts. Plans its buffers for a moment of their own, so that inside a training run they share
/// the bytes of a step.
/// </summary>
public sealed class Evaluator(IForwardPass pass, Loss loss)
{
    int _batch;
    PlannedBuffer _inputs;
    PlannedBuffer _answers;
    PlannedBuffer _outputs;

    /// <summary>Accuracy and mean loss of a model on a set that fits it, in a workspace of its own that is freed afterwards.</summary>
    /// <param name="model">not owned</param>
    /// <param name="data">not owned; at least one sample</param>
    /// <param name="batch">most rows at a time</param>
    public static Evaluation Score(Model model, Dataset data, int batch)
    {
        var evaluator = new Evaluator(new NetworkForwardPass(model.Network), model.Network.Loss);
        var plan = new MemoryPlan();
        evaluator.Plan(plan, Math.Min(batch, data.Count));
        using var workspace = new Workspace(plan);
        return evaluator.Run(data, model.Preparation);
    }

    /// <summary>Asks the plan for the buffers of an evaluation with <paramref name="batch"/> rows at a time.</summary>
    /// <param name="plan">collects the buffers</param>
    /// <param name="batch">rows at a time</param>
    public void Plan(MemoryPlan plan, int batch)
    {
        _batch = batch;
        // A pass has fewer than 2^10 moments; its input and outputs live through all of them.
        const int First = PlanTime.Evaluation, Last = PlanTime.Evaluation + 1024;
        pass.Plan(plan, batch, probed: false, PlanTime.Evaluation);
        _inputs = plan.Request("evaluation.inputs", MemoryCategory.Batch, (long)batch * pass.InputLength, First, Last);
        _answers = plan.Request("evaluation.answers", MemoryCategory.Batch, (long)batch * AnswerLength, First, Last);
        _outputs = plan.Request("evaluation.outputs", MemoryCategory.Activations, pass.ScoreLength(batch), First, Last);
    }

    int AnswerLength => loss.IsClassification ? pass.LabelLength : pass.OutputLength;

    /// <summary>Accuracy and mean loss over all samples of a set.</summary>
    public Evaluation Run(Dataset data, Preparation preparation)
    {
        double lossSum = 0;
        int correct = 0;
        for (int first = 0; first < data.Count; first += _batch)
        {
            int rows = Math.Min(_batch, data.Count - first);
            var inputs = _inputs.Span[..(rows * pass.InputLength)];
            var answers = _answers.Span[..(rows * AnswerLength)];
            var outputs = _outputs.Span[..(int)pass.ScoreLength(rows)];
            data.ReadRows(first, rows, preparation, inputs, answers);
            var batch = new Batch(rows, inputs, answers, loss.IsClassification ? pass.LabelLength : 0);
            var (batchLoss, batchCorrect) = pass.Score(batch, loss, outputs);
            correct += batchCorrect;
            lossSum += batchLoss;
        }

        return new Evaluation((double)correct / ((long)data.Count * pass.LabelLength), lossSum / data.Count, data.Count);
    }

    /// <summary>Whether the outputs of a sample ever exist at once; a network that makes the loss itself need not make them.</summary>
    internal bool HasOutputs => pass.ScoreLength(1) > 0;

    /// <summary>The outputs for one sample, in a buffer of the evaluation.</summary>
    internal Span<float> OutputsOf(Dataset data, Preparation preparation, int index)
    {
        var input = _inputs.Span[..pass.InputLength];
        var outputs = _outputs.Span[..pass.OutputLength];
        data.ReadFinite(index, input);
        preparation.Apply(input, input.Length);
        pass.Outputs(new Batch(1, input, default(ReadOnlySpan<float>)), outputs);
        return outputs;
    }

    /// <summary>What the first layers of a network make of rows that follow each other, in a buffer of the evaluation.</summary>
    internal ReadOnlySpan<float> FeaturesOf(Dataset data, Preparation preparation, int first, int rows, int layers)
    {
        var inputs = _inputs.Span[..(rows * pass.InputLength)];
        for (int i = 0; i < rows; i++) data.ReadFinite(first + i, inputs.Slice(i * pass.InputLength, pass.InputLength));
        preparation.Apply(inputs, pass.InputLength);
        return ((NetworkForwardPass)pass).Features(new Batch(rows, inputs, default(ReadOnlySpan<float>)), layers);
    }
}

/// <summary>How a network does on samples it did not learn from.</summary>
/// <param name="Accuracy">share of rows whose largest output is the label's; 0 for a regression</param>
/// <param name="Loss">mean loss</param>
/// <param name="Count">rows</param>
public readonly record struct Evaluation(double Accuracy, double Loss, int Count);
