using EdgeLearn.Datasets;

namespace EdgeLearn.Commands;

/// <summary>
/// <c>train --cross-validate K</c>: K runs, each tested with another of K equal parts of the samples and trained on the others, from the
/// same start. Nothing is saved: it is a way of training that is judged, no model.
/// </summary>
/// <param name="folds">K</param>
/// <param name="open">opens the data with one of the parts for testing</param>
/// <param name="ask">what a run on them is asked to do</param>
/// <param name="output">told of progress</param>
/// <param name="stop">ends it early</param>
sealed class CrossValidation(int folds, Func<(int Part, int Count), DataSplit> open, Func<DataSplit, TrainRequest> ask,
    CommandOutput output, CancellationToken stop)
{
    /// <summary>Runs all folds.</summary>
    /// <exception cref="CommandStoppedException">It was asked to stop.</exception>
    /// <exception cref="EdgeLearnException">A run failed, or the data have a test part of their own.</exception>
    public CrossValidationResult Run()
    {
        var results = new List<TrainResult>();
        for (int fold = 1; fold <= folds; fold++)
        {
            using var data = open((fold, folds));
            if (data.HasOwnTest)
            {
                throw new EdgeLearnException($"{data.Name} has a test part of its own, and --cross-validate divides one set: name the file "
                    + $"with its training part");
            }
            var run = new TrainRun(ask(data), output, stop);
            results.Add(run.Run());
            if (run.WasStopped) throw new CommandStoppedException($"stopped in fold {fold} of {folds}; a mean needs all of them", stop);
            var last = results[^1];
            output.Error.WriteLine($"fold {fold} of {folds}: " + (last.TestAccuracy is { } accuracy
                ? $"accuracy {NumberText.Fraction(accuracy)}" : $"R2 {NumberText.Fraction(last.Figures?.R2)}"));
        }

        return CrossValidationResult.Of(results);
    }
}
