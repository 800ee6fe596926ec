namespace EdgeLearn.Cli;

/// <summary>Scores model files on a test set that it does not own.</summary>
sealed class ModelScorer(Dataset test)
{
    const int Batch = 256;

    /// <summary>Accuracy and mean loss of a model file.</summary>
    /// <exception cref="EdgeLearnException">The file is no model, or does not fit the test set.</exception>
    public Evaluation Score(string path)
    {
        using var model = ModelFile.Load(path);
        if (model.Network.InputLength != test.InputLength)
            throw new EdgeLearnException($"{path} takes {model.Network.InputLength} values, {test.Name} has {test.InputLength}");
        if (model.Network.Loss.IsClassification && model.Network.Loss.ClassesOf(model.Network.Spec.ClassCount) < test.ClassCount)
            throw new EdgeLearnException($"{path} tells {model.Network.OutputLength} classes apart, {test.Name} has {test.ClassCount}");
        return Evaluator.Score(model, test, Batch);
    }
}
