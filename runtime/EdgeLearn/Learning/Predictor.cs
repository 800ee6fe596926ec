using System.Numerics.Tensors;

namespace EdgeLearn;

/// <summary>
/// Answers inputs with a model: prepares them as it was trained, runs it, and says the class with its name and probability, or values in
/// their unit. Its memory is planned and allocated once; answering allocates nothing. One thread at a time.
/// </summary>
public sealed class Predictor : IDisposable
{
    readonly Model _model;
    readonly Network _network;
    readonly NetworkForwardPass _pass;
    readonly Workspace _workspace;
    readonly PlannedBuffer _inputs;
    readonly PlannedBuffer _outputs;
    readonly int _batch;

    internal Predictor(Model model, int batch)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(batch, 1);
        (_model, _network, _batch) = (model, model.Network, batch);
        _pass = new NetworkForwardPass(_network);
        var plan = new MemoryPlan();
        const int First = PlanTime.Evaluation, Last = PlanTime.Evaluation + 1024;
        _pass.Plan(plan, batch, probed: false, First);
        _inputs = plan.Request("predict.inputs", MemoryCategory.Batch, (long)batch * InputLength, First, Last);
        _outputs = plan.Request("predict.outputs", MemoryCategory.Activations, (long)batch * _network.OutputLength, First, Last);
        _workspace = new Workspace(plan);
        ScoreLength = _network.OutputLength / _network.Spec.LabelLength;
    }

    /// <summary>Values of an input.</summary>
    public int InputLength => _network.InputLength;

    /// <summary>
    /// Numbers of an answer: a probability for each class (2 for one output that tells two apart), or for each of several labels at once,
    /// or each target.
    /// </summary>
    public int AnswerLength => Loss.IsClassification ? Loss.ClassesOf(ScoreLength) : ScoreLength;

    // Outputs for one label; of a sequence that has a label for each step, the last one's are answered.
    int ScoreLength { get; }

    Loss Loss => _network.Loss;

    /// <summary>Answers one input.</summary>
    /// <param name="input">[InputLength], as it was measured: the model prepares it</param>
    /// <exception cref="EdgeLearnException">A value is not finite.</exception>
    /// <exception cref="ArgumentException">The input has another length.</exception>
    public Prediction Predict(ReadOnlySpan<float> input)
    {
        Span<Prediction> one = [default];
        Predict(input, one);
        return one[0];
    }

    /// <summary>Answers several inputs, in batches.</summary>
    /// <param name="inputs">[predictions x InputLength], as they were measured</param>
    /// <param name="predictions">written</param>
    /// <exception cref="EdgeLearnException">A value is not finite.</exception>
    /// <exception cref="ArgumentException">The lengths do not fit each other.</exception>
    public void Predict(ReadOnlySpan<float> inputs, Span<Prediction> predictions)
    {
        if (inputs.Length != (long)predictions.Length * InputLength)
        {
            throw new ArgumentException($"{predictions.Length} inputs of {InputLength} values; there are {inputs.Length} values",
                nameof(inputs));
        }
        if (!TensorPrimitives.IsFiniteAll(inputs)) throw new EdgeLearnException("an input has a value that is not a finite number");
        for (int first = 0; first < predictions.Length; first += _batch)
        {
            int rows = Math.Min(_batch, predictions.Length - first);
            var prepared = _inputs.Span[..(rows * InputLength)];
            inputs.Slice(first * InputLength, prepared.Length).CopyTo(prepared);
            _model.Preparation.Apply(prepared, InputLength);
            Answer(prepared, predictions.Slice(first, rows));
        }
    }

    /// <summary>Answers samples of a set that follow each other.</summary>
    internal void Predict(Dataset data, int first, Span<Prediction> predictions)
    {
        var prepared = _inputs.Span[..(predictions.Length * InputLength)];
        for (int i = 0; i < predictions.Length; i++)
            data.ReadPrepared(first + i, _model.Preparation, prepared.Slice(i * InputLength, InputLength));
        Answer(prepared, predictions);
    }

    /// <summary>Answers one row of values in their own precision.</summary>
    internal Prediction Predict(ReadOnlySpan<double> values)
    {
        var prepared = _inputs.Span[..InputLength];
        _model.Preparation.Apply(values, 0, prepared);
        Span<Prediction> one = [default];
        Answer(prepared, one);
        return one[0];
    }

    /// <summary>All numbers of the answer to an input of the last batch: probabilities, or targets in their unit.</summary>
    /// <param name="row">of the last batch, from 0</param>
    /// <param name="answer">[AnswerLength], written</param>
    public void ReadAnswer(int row, Span<double> answer)
    {
        var outputs = OutputsOf(row);
        if (!Loss.IsClassification)
        {
            for (int i = 0; i < outputs.Length; i++) answer[i] = ValueOf(outputs[i], i);
            return;
        }

        ClassProbabilities.Of(outputs, answer);
    }

    void Answer(ReadOnlySpan<float> prepared, Span<Prediction> predictions)
    {
        _pass.Outputs(new Batch(predictions.Length, prepared, default(ReadOnlySpan<float>)),
            _outputs.Span[..(predictions.Length * _network.OutputLength)]);
        for (int i = 0; i < predictions.Length; i++)
        {
            var outputs = OutputsOf(i);
            predictions[i] = Loss.IsClassification
                ? OfClass(Loss.ClassOf(outputs), outputs)
                : new Prediction(-1, null, double.NaN, ValueOf(outputs[0], 0));
        }
    }

    double ValueOf(float output, int target)
        => Loss.HasQuantities ? _model.Preparation.Targets.Undo(output, target) : ClassProbabilities.Sigmoid(output);

    Prediction OfClass(int label, ReadOnlySpan<float> outputs)
        => new(label, _model.ClassNames?[label], ProbabilityOf(label, outputs), label);

    static double ProbabilityOf(int label, ReadOnlySpan<float> outputs)
    {
        if (outputs.Length == 1) return ClassProbabilities.Sigmoid(label == 1 ? outputs[0] : -outputs[0]);
        double sum = 0;
        foreach (float output in outputs) sum += Math.Exp(output - outputs[label]);
        return 1 / sum;
    }

    ReadOnlySpan<float> OutputsOf(int row)
    {
        int length = _network.OutputLength;
        return _outputs.Span.Slice(((row + 1) * length) - ScoreLength, ScoreLength);
    }

    /// <inheritdoc/>
    public void Dispose() => _workspace.Dispose();
}

/// <summary>What a model says of one input.</summary>
/// <param name="Label">the class, by its number; -1 where the model predicts numbers</param>
/// <param name="Name">what the class is called; null where classes have no names</param>
/// <param name="Probability">of the class, by the model; NaN where it predicts numbers</param>
/// <param name="Value">the first target, in its unit; of a class its number</param>
public readonly record struct Prediction(int Label, string? Name, double Probability, double Value);
