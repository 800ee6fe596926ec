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
        return Score(model, test);
    }

    /// <summary>Accuracy and mean loss of a model.</summary>
    /// <exception cref="EdgeLearnException">It does not fit the test set.</exception>
    public static Evaluation Score(Model model, Dataset test)
    {
        TrainingSession.CheckFit(model.Network, test);
        return Evaluator.Score(model, test, Batch);
    }
}
