using System.Globalization;
using EdgeLearn.Commands;
using EdgeLearn.Datasets;

namespace EdgeLearn.Results;

/// <summary>
/// One network on one data set, trained by several rules with the same epochs, each at the rate that is the command line's default for it,
/// over seeds and perhaps folds.
/// </summary>
/// <param name="Name">of the row</param>
/// <param name="Data">as <c>--data</c> takes it</param>
/// <param name="Network">in shorthand</param>
/// <param name="Epochs">passes over the training samples</param>
sealed record TrainingRow(string Name, string Data, string Network, int Epochs) : ResultRow(Name)
{
    /// <summary>Samples of a step; the command line's default.</summary>
    public int Batch { get; init; } = new TrainingSettings().Batch;

    /// <summary>What is compared.</summary>
    public IReadOnlyList<ResultRule> Rules { get; init; } = ResultRule.Standard;

    /// <summary>Parts of a cross-validation; 0 where there is a test part.</summary>
    public int Folds { get; init; }

    /// <summary>Seeds that it asks for at least.</summary>
    public int LeastSeeds { get; init; }

    /// <summary>Epochs where it compares updates (<see cref="UpdateRow"/>), which takes seven times the runs; 0 = its own.</summary>
    public int UpdateEpochs { get; init; }

    /// <summary>What it sets out to reach.</summary>
    public RowTargets Targets { get; init; } = new();

    /// <inheritdoc/>
    public override string Section => "Forward-only learning beside its controls";

    /// <inheritdoc/>
    public override string Head =>
        "One table a network. *gap recovered* = (rule - frozen) / (backprop - frozen), where backprop is at least one point above frozen. "
        + "*step* is the median time of a step in turns with the other rules, as a ratio to backprop. *workspace* is everything that a "
        + "step needs beside the weights.\n";

    /// <inheritdoc/>
    public override IEnumerable<ResultJob> Jobs(ResultScope scope)
    {
        foreach (int fold in FoldNumbers)
        {
            var run = new TrainingRowRun(this, scope, fold);
            foreach (var rule in Rules)
            {
                foreach (ulong seed in SeedsOf(rule, scope)) yield return run.Job(rule, seed);
            }

            if (fold <= 1) yield return run.Timing();
        }
    }

    /// <inheritdoc/>
    public override void Render(ResultScope scope, ResultValues values, ResultDocument document)
        => new TrainingRowTable(this, scope, values).Write(document);

    /// <summary>1 to <see cref="Folds"/>, or 0 alone where there are none.</summary>
    public IEnumerable<int> FoldNumbers => Folds == 0 ? [0] : Enumerable.Range(1, Folds);

    /// <summary>The names of a rule's jobs.</summary>
    public IEnumerable<string> JobsOf(ResultRule rule, ResultScope scope)
        => FoldNumbers.SelectMany(fold => SeedsOf(rule, scope).Select(seed => JobName(rule, fold, seed)));

    /// <summary>The name of one job.</summary>
    public static string JobName(ResultRule rule, int fold, ulong seed)
        => string.Create(CultureInfo.InvariantCulture, $"{rule.Word}{(fold > 0 ? $" fold {fold}" : "")} seed {seed}");

    /// <summary>How a rule is run: the defaults of the command line for it.</summary>
    public TrainingSettings SettingsOf(ResultRule rule, ResultScope scope, ulong seed)
    {
        var kind = rule.Kind ?? new FrozenSettings();
        return new()
        {
            Rule = kind,
            Update = rule.Update ?? UsualUpdate(kind),
            Epochs = scope.Epochs(Epochs),
            Batch = Batch,
            Seed = seed,
        };
    }

    /// <summary>The update that a rule takes by itself on the row's network.</summary>
    public UpdateSettings UsualUpdate(RuleSettings rule)
        => rule.UsualUpdate(NetworkSpec.Parse(Network, null, Loss.SoftmaxCrossEntropy).KindOf());

    // The most frequent class knows no seed.
    ulong[] SeedsOf(ResultRule rule, ResultScope scope) => rule.Kind is null ? [1] : scope.Seeds(LeastSeeds);

    /// <summary>The network that a rule trains.</summary>
    /// <param name="rule">whose network</param>
    /// <param name="data">gives the shape and the classes</param>
    public NetworkSpec SpecOf(ResultRule rule, DataSplit data) => rule.Word == ResultRule.LastLayerWord
        ? new NetworkSpec(data.InputShape, [new DenseSpec(data.ClassCount, Activation.Identity)], Loss.SoftmaxCrossEntropy)
        : NetworkSpec.Parse(Network, data.InputShape, Loss.SoftmaxCrossEntropy);

    /// <summary>Trains a network that has weights to the end and returns the accuracy on the test set.</summary>
    /// <exception cref="EdgeLearnException">The loss ran away.</exception>
    public static double Train(Network network, TrainingSettings settings, Dataset training, Dataset test, Preparation preparation,
        CancellationToken stop, long? memoryLimitBytes = null)
    {
        using var session = new TrainingSession(network, settings, training, preparation, memoryLimitBytes);
        while (!session.IsDone)
        {
            stop.ThrowIfCancellationRequested();
            if (session.Step().Diverged)
            {
                throw new EdgeLearnException($"{settings.Rule.Word} diverged at step {session.StepCount} with rate "
                    + $"{session.Settings.LearningRate}");
            }
        }

        return session.Evaluate(test).Accuracy;
    }
}
