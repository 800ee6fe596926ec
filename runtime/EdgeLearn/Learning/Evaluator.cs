namespace EdgeLearn;

/// <summary>
/// Runs a forward pass over a data set and counts. Plans its buffers for a moment of their own, so that inside a training run they share
/// the bytes of a step.
/// </summary>
public sealed class Evaluator(IForwardPass pass, Loss loss)
{
    int _batch;
    int _rows;
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
    public void Plan(MemoryPlan plan, int batch) => Plan(plan, batch, batch);

    /// <summary>Asks for buffers of fewer rows, which give the same bits as the batch.</summary>
    internal void Plan(MemoryPlan plan, int batch, int rows)
    {
        _batch = batch;
        _rows = rows;
        if (pass is NetworkForwardPass layers) layers.StepRows = rows < batch ? batch : 0;
        // A pass has fewer than 2^10 moments; its input and outputs live through all of them.
        const int First = PlanTime.Evaluation, Last = PlanTime.Evaluation + 1024;
        pass.Plan(plan, rows, probed: false, PlanTime.Evaluation);
        _inputs = plan.Request("evaluation.inputs", MemoryCategory.Batch, (long)rows * pass.InputLength, First, Last);
        _answers = plan.Request("evaluation.answers", MemoryCategory.Batch, (long)rows * AnswerLength, First, Last);
        _outputs = plan.Request("evaluation.outputs", MemoryCategory.Activations, pass.ScoreLength(rows), First, Last);
    }

    int AnswerLength => loss.IsClassification ? pass.LabelLength : pass.OutputLength;

    /// <summary>Accuracy, mean loss and other figures over all samples of a set; of real targets in their own units.</summary>
    public Evaluation Run(Dataset data, Preparation preparation)
    {
        data = preparation.Targets.Scaled(data);
        var tally = HasOutputs ? new EvaluationTally(loss, pass, preparation.Targets) : null;
        double lossSum = 0;
        long correct = 0;
        for (int first = 0; first < data.Count;)
        {
            int row = first % _batch, batchRows = Math.Min(_batch, data.Count - (first - row));
            int rows = Math.Min(_rows, batchRows - row);
            var inputs = _inputs.Span[..(rows * pass.InputLength)];
            var answers = _answers.Span[..(rows * AnswerLength)];
            var outputs = _outputs.Span[..(int)pass.ScoreLength(rows)];
            data.ReadRows(first, rows, preparation, inputs, answers);
            var batch = new Batch(rows, inputs, answers, loss.IsClassification ? pass.LabelLength : 0)
            {
                StepCount = batchRows,
                FirstRow = row,
            };
            var (batchLoss, batchCorrect) = tally is null ? pass.Score(batch, loss, outputs) : tally.Score(batch, outputs);
            correct += batchCorrect;
            lossSum += batchLoss;
            first += rows;
        }

        return new Evaluation((double)correct / ((long)data.Count * pass.LabelLength), lossSum / data.Count, data.Count)
        {
            Classes = tally?.Classes,
            Targets = tally?.Targets,
        };
    }

    /// <summary>Whether the outputs of a sample ever exist at once; a network that makes the loss itself need not make them.</summary>
    internal bool HasOutputs => pass.ScoreLength(1) > 0;

    /// <summary>The outputs for one sample, in a buffer of the evaluation.</summary>
    internal Span<float> OutputsOf(Dataset data, Preparation preparation, int index)
    {
        var input = _inputs.Span[..pass.InputLength];
        data.ReadPrepared(index, preparation, input);
        return OutputsOf(input);
    }

    /// <summary>The outputs for one prepared row, in a buffer of the evaluation.</summary>
    internal Span<float> OutputsOf(ReadOnlySpan<float> prepared)
    {
        var outputs = _outputs.Span[..pass.OutputLength];
        pass.Outputs(new Batch(1, prepared, default(ReadOnlySpan<float>)), outputs);
        return outputs;
    }

    /// <summary>What the first layers of a network make of a batch of rows that follow each other, a few at a time.</summary>
    /// <param name="data">has the rows</param>
    /// <param name="preparation">of its inputs</param>
    /// <param name="first">index of the first row</param>
    /// <param name="count">rows</param>
    /// <param name="layers">how many layers</param>
    /// <param name="use">takes the place of some rows in the batch and their features, in a buffer of the evaluation</param>
    internal void FeaturesOf(Dataset data, Preparation preparation, int first, int count, int layers, Action<int, ReadOnlySpan<float>> use)
    {
        for (int row = 0; row < count; row += _rows)
        {
            int rows = Math.Min(_rows, count - row);
            var inputs = _inputs.Span[..(rows * pass.InputLength)];
            for (int i = 0; i < rows; i++)
                data.ReadPrepared(first + row + i, preparation, inputs.Slice(i * pass.InputLength, pass.InputLength));
            var batch = new Batch(rows, inputs, default(ReadOnlySpan<float>)) { StepCount = count, FirstRow = row };
            use(row, ((NetworkForwardPass)pass).Features(batch, layers));
        }
    }
}

/// <summary>How a network does on samples it did not learn from.</summary>
/// <param name="Accuracy">share of rows whose largest output is the label's; 0 for a regression</param>
/// <param name="Loss">mean loss</param>
/// <param name="Count">rows</param>
public readonly record struct Evaluation(double Accuracy, double Loss, int Count)
{
    /// <summary>What came of each class; null for a regression, and where a network makes its loss without its outputs.</summary>
    public ClassFigures? Classes { get; init; }

    /// <summary>Figures of real targets; null where there are classes, or targets without a unit.</summary>
    public TargetFigures? Targets { get; init; }
}
