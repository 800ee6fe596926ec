using System.Diagnostics;
using System.Globalization;
using EdgeLearn.Commands;
using EdgeLearn.Datasets;

namespace EdgeLearn.Results;

/// <summary>
/// The jobs of one <see cref="TrainingRow"/> on one fold: they share data and preparation, which are read at the first of them.
/// </summary>
sealed class TrainingRowRun
{
    const int TimedSteps = 40, UntimedSteps = 4;
    const double TimedSeconds = 6;

    readonly TrainingRow _row;
    readonly ResultScope _scope;
    readonly int _fold;
    readonly DataSplit _data;
    readonly Dataset _training;
    readonly Lazy<Preparation> _preparation;

    /// <param name="row">what is run</param>
    /// <param name="scope">how much of it</param>
    /// <param name="fold">from 1, or 0 without folds</param>
    public TrainingRowRun(TrainingRow row, ResultScope scope, int fold)
    {
        _row = row;
        _scope = scope;
        _fold = fold;
        _data = scope.Data(row.Data, fold, row.Folds);
        _training = scope.Training(_data);
        _preparation = new(() => _data.Standardise(row.SpecOf(ResultRule.Backprop, _data)));
    }

    /// <summary>One rule with one seed.</summary>
    public ResultJob Job(ResultRule rule, ulong seed)
    {
        var settings = _row.SettingsOf(rule, _scope, seed);
        var spec = _row.SpecOf(rule, _data);
        return new ResultJob(_row.Name, TrainingRow.JobName(rule, _fold, seed), Describe(rule, spec, settings), Cost(rule, spec),
            stop => Run(rule, spec, settings, stop));
    }

    /// <summary>Steps of every rule in turns.</summary>
    public ResultJob Timing()
    {
        var rules = Timed;
        string settings =
            string.Join('\n', rules.Select(rule => Describe(rule, _row.SpecOf(rule, _data), _row.SettingsOf(rule, _scope, 1))));
        double cost = rules.Sum(rule => Cost(rule, _row.SpecOf(rule, _data)))
            * Math.Min(1, TimedSteps * _row.Batch / ((double)_training.Count * _scope.Epochs(_row.Epochs)));
        return new ResultJob(_row.Name, TrainingRowTable.TimingJob, settings, cost, stop => Time(rules, stop));
    }

    ResultRule[] Timed => [.. _row.Rules.Where(rule => rule.Kind is not null && rule.Word != ResultRule.LastLayerWord)];

    string Describe(ResultRule rule, NetworkSpec spec, TrainingSettings settings)
        => string.Create(CultureInfo.InvariantCulture,
            $"{rule.Word} {spec} {settings} {_training.Count} {_fold}/{_row.Folds} {_scope.Signature(_data)}");

    double Cost(ResultRule rule, NetworkSpec spec)
    {
        using var network = new Network(spec);
        return (rule.Passes + 0.1) * network.Layers.Sum(layer => layer.MultiplyAdds) * _training.Count * _scope.Epochs(_row.Epochs);
    }

    Dictionary<string, double> Run(ResultRule rule, NetworkSpec spec, TrainingSettings settings, CancellationToken stop)
    {
        if (rule.Kind is null) return new() { ["accuracy"] = MajorityAccuracy() };
        using var network = new Network(spec).Initialise(settings.Seed);
        return new() { ["accuracy"] = TrainingRow.Train(network, settings, _training, _data.Test, _preparation.Value, stop) };
    }

    double MajorityAccuracy()
    {
        int[] counts = new int[_data.ClassCount];
        foreach (int label in _training.Labels()) counts[label]++;
        int most = Array.IndexOf(counts, counts.Max());
        return _data.Test.Labels().Count(label => label == most) / (double)_data.Test.Count;
    }

    Dictionary<string, double> Time(ResultRule[] rules, CancellationToken stop)
    {
        var networks = new List<Network>();
        var sessions = new List<TrainingSession>();
        var times = rules.Select(_ => new List<double>()).ToArray();
        try
        {
            foreach (var rule in rules)
            {
                networks.Add(new Network(_row.SpecOf(rule, _data)).Initialise(1));
                sessions.Add(new TrainingSession(networks[^1], _row.SettingsOf(rule, _scope, 1), _training, _preparation.Value));
            }

            long begin = Stopwatch.GetTimestamp();
            for (int step = 0; step < TimedSteps + UntimedSteps && !sessions[0].IsDone; step++)
            {
                stop.ThrowIfCancellationRequested();
                if (step > UntimedSteps + 4 && Stopwatch.GetElapsedTime(begin).TotalSeconds > TimedSeconds) break;
                for (int i = 0; i < rules.Length; i++)
                {
                    long start = Stopwatch.GetTimestamp();
                    sessions[i].Step();
                    if (step >= UntimedSteps) times[i].Add(Stopwatch.GetElapsedTime(start).TotalMilliseconds);
                }
            }
        }
        finally
        {
            foreach (var session in sessions) session.Dispose();
            foreach (var network in networks) network.Dispose();
        }

        var medians = new Dictionary<string, double>();
        for (int i = 0; i < rules.Length; i++)
        {
            times[i].Sort();
            if (times[i].Count > 0) medians[rules[i].Word] = times[i][times[i].Count / 2];
        }

        return medians;
    }
}
