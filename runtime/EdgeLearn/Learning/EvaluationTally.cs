namespace EdgeLearn;

/// <summary>Counts what a test gives, batch by batch.</summary>
sealed class EvaluationTally
{
    readonly Loss _loss;
    readonly IForwardPass _pass;
    readonly TargetScale _scale;
    readonly double[] _targets;
    readonly double[] _outputs;

    public EvaluationTally(Loss loss, IForwardPass pass, TargetScale scale)
    {
        (_loss, _pass, _scale) = (loss, pass, scale);
        if (loss.IsClassification) Classes = new ClassFigures(loss.ClassesOf(pass.OutputLength / pass.LabelLength));
        else if (loss.HasQuantities) Targets = new TargetFigures(pass.OutputLength);
        _targets = new double[Targets is null ? 0 : pass.OutputLength];
        _outputs = new double[_targets.Length];
    }

    public ClassFigures? Classes { get; }

    public TargetFigures? Targets { get; }

    /// <summary>Runs a batch.</summary>
    /// <param name="batch">rows with labels or targets</param>
    /// <param name="outputs">[batch x outputs], scratch</param>
    /// <returns>The sum of the losses, in the targets' units, and how many labels came out right.</returns>
    public (double LossSum, int Correct) Score(in Batch batch, Span<float> outputs)
    {
        _pass.Outputs(batch, outputs);
        int correct = Classes is null ? _loss.CountCorrect(batch, outputs) : CountClasses(batch, outputs);
        double loss = Targets is null ? 0 : CountTargets(batch, outputs);
        return (Targets is null || _scale.IsNone ? _loss.Sum(batch, outputs) : loss, correct);
    }

    int CountClasses(in Batch batch, ReadOnlySpan<float> outputs)
    {
        int correct = 0, width = outputs.Length / batch.Labels.Length;
        for (int b = 0; b < batch.Labels.Length; b++)
        {
            int found = _loss.ClassOf(outputs.Slice(b * width, width)), label = batch.Labels[b];
            Classes!.Count(label, found);
            if (found == label) correct++;
        }

        return correct;
    }

    double CountTargets(in Batch batch, ReadOnlySpan<float> outputs)
    {
        double sum = 0;
        int width = _targets.Length;
        for (int b = 0; b < batch.Count; b++)
        {
            for (int i = 0; i < width; i++)
            {
                float target = batch.Targets[(b * width) + i], output = outputs[(b * width) + i];
                (_targets[i], _outputs[i]) = (_scale.Undo(target, i), _scale.Undo(output, i));
                double deviation = _scale.IsNone ? 1 : _scale.Deviation[i];
                sum += deviation * deviation * _loss.OfDifference((double)output - target) / width;
            }

            Targets!.Count(_targets, _outputs);
        }

        return sum;
    }
}
