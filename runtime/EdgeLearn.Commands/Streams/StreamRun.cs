using System.Diagnostics;
using EdgeLearn.Datasets;

namespace EdgeLearn.Commands;

/// <summary>What <c>stream</c> is asked to do.</summary>
sealed record StreamRequest
{
    public required RowSource Source { get; init; }

    public required NetworkSpec Network { get; init; }

    public required StreamSettings Settings { get; init; }

    /// <summary>Rows that are answered before the label of one arrives.</summary>
    public int LabelDelay { get; init; }

    public bool Controls { get; init; }

    public string? SavePath { get; init; }
}

/// <summary>One pass over a recording: each row is answered, and learned when its label has arrived.</summary>
sealed class StreamRun : IDisposable
{
    // Not counted in what a row allocates: what is made once.
    const int WarmUpRows = 100;

    // The first say what is wrong with all of them.
    const int MostComplaints = 3;

    readonly StreamRequest _request;
    readonly CommandOutput _output;
    readonly List<(IStreamPeer Peer, StreamScore Score)> _peers = [];
    readonly LearningPeer _main;
    readonly StepTimes _times = new();
    readonly Queue<double[]> _waiting = new();
    readonly Stack<double[]> _free = new();
    readonly int _answerLength;
    long _rows;
    long _skipped;
    long _unlabelled;
    long _allocated;

    /// <summary>Plans and allocates everybody.</summary>
    /// <exception cref="EdgeLearnException">The network does not fit the rows, or the memory the limit.</exception>
    public StreamRun(StreamRequest request, CommandOutput output)
    {
        (_request, _output) = (request, output);
        var source = request.Source;
        _answerLength = Math.Max(1, source.TargetCount);
        _main = Learner(request.Network, request.Settings);
        Add(_main);
        Add(new UsualPeer(source.ClassCount, source.TargetCount));
        Add(new LastPeer(_answerLength));
        var plain = request.Settings with { MemoryLimitBytes = null };
        var backprop = plain.Training with { Rule = new BackpropSettings(), Update = new SgdSettings(), LearningRate = null };
        Add(Learner(NetworkSpec.Parse($"{request.Network.Input.Length}-{request.Network.OutputLength}", null, request.Network.Loss),
            plain with { Training = backprop }));
        if (request.Controls)
        {
            Add(Learner(request.Network, plain with { Training = backprop }));
            Add(Learner(request.Network, plain with { Training = backprop with { Rule = new FrozenSettings() } }));
            Add(Learner(request.Network, plain, learnsUntil: source.Count / 10));
        }
    }

    static LearningPeer Learner(NetworkSpec network, StreamSettings settings, long learnsUntil = long.MaxValue)
        => new(new StreamLearner(network, settings), learnsUntil);

    void Add(IStreamPeer peer) => _peers.Add((peer, new StreamScore(_request.Source.ClassCount, _request.Source.TargetCount)));

    /// <summary>Whether it was stopped before the end; what it learned until then counts.</summary>
    public bool WasStopped { get; private set; }

    /// <summary>Runs over all rows.</summary>
    public StreamResult Run(CancellationToken stop)
    {
        using var progress = new ProgressLine(_output);
        try
        {
            _request.Source.ReadAll((values, answers, complaint) =>
            {
                if (complaint is null) TakeRow(values, answers);
                else if (_skipped++ < MostComplaints) progress.Print($"left out: {complaint}");
                if (progress.IsDue) progress.Show(Course());
            }, stop);
        }
        catch (OperationCanceledException)
        {
            WasStopped = true;
        }

        while (_waiting.Count > 0) TakeLabel();
        progress.Clear();
        if (_peers[0].Score.Count == 0) throw new EdgeLearnException($"{_request.Source.Name} has no row that can be learned from");
        return Result();
    }

    string Course() => $"{_rows:N0} of {_request.Source.Count:N0} rows, "
        + $"{(_peers[0].Score.Classes is null ? "mean absolute error" : "accuracy")} {NumberText.Fraction(_peers[0].Score.Figure)}";

    // Rows wait with the label that will arrive and with what everybody said.
    void TakeRow(ReadOnlySpan<double> values, ReadOnlySpan<double> answers)
    {
        double[] row = _free.TryPop(out double[]? free) ? free : new double[_answerLength + (_peers.Count * _answerLength)];
        answers[.._answerLength].CopyTo(row);
        long start = Stopwatch.GetTimestamp(), before = GC.GetAllocatedBytesForCurrentThread();
        _main.Answer(values, Said(row, 0));
        var answered = Stopwatch.GetElapsedTime(start);
        Count(before);
        for (int i = 1; i < _peers.Count; i++) _peers[i].Peer.Answer(values, Said(row, i));
        _waiting.Enqueue(row);
        _rows++;
        var learned = _waiting.Count > _request.LabelDelay ? TakeLabel() : TimeSpan.Zero;
        _times.Add((answered + learned).TotalMilliseconds);
    }

    Span<double> Said(double[] row, int peer) => row.AsSpan(_answerLength + (peer * _answerLength), _answerLength);

    TimeSpan TakeLabel()
    {
        double[] row = _waiting.Dequeue();
        var answers = row.AsSpan(0, _answerLength);
        bool isLabelled = true;
        foreach (double answer in answers) isLabelled &= !double.IsNaN(answer);
        if (!isLabelled)
        {
            answers[0] = double.NaN;
            _unlabelled++;
        }

        for (int i = 0; i < _peers.Count && isLabelled; i++) _peers[i].Score.Add(answers, Said(row, i));
        long start = Stopwatch.GetTimestamp(), before = GC.GetAllocatedBytesForCurrentThread();
        _main.Learn(answers);
        var time = Stopwatch.GetElapsedTime(start);
        Count(before);
        for (int i = 1; i < _peers.Count; i++) _peers[i].Peer.Learn(answers);
        _free.Push(row);
        return time;
    }

    void Count(long before)
    {
        if (_rows >= WarmUpRows) _allocated += GC.GetAllocatedBytesForCurrentThread() - before;
    }

    StreamResult Result()
    {
        var (learner, score, figures) = (_main.Learner, _peers[0].Score, _peers.ConvertAll(peer => peer.Score.Figure));
        long peak = Machine.PeakRssBytes;
        if (_request.SavePath is { } path) ModelFile.Save(path, learner.ToModel(_request.Source.ClassNames) with { Columns = Columns() });
        bool isClass = score.Classes is not null;
        var settings = learner.Settings.Training;
        return new StreamResult(settings.Rule.Word, settings.Update.Word, _request.Network.ToString(), settings.Seed, _request.LabelDelay,
            _request.Settings.Lags, score.Count, _skipped, _unlabelled, learner.MissingCount, isClass ? figures[0] : null,
            isClass ? score.Classes!.Kappa : null, isClass ? null : figures[0],
            isClass ? new StreamBaselines(figures[1], figures[2], figures[3])
                : new StreamBaselines(Mean: figures[1], LastValue: figures[2], Linear: figures[3]),
            _request.Controls ? new StreamControls(figures[4]!.Value, figures[5]!.Value, figures[6]!.Value) : null, Rates(),
            learner.DriftCount, 1000 * _times.Quantile(0.5), 1000 * _times.Quantile(0.99), learner.PlannedBytes, learner.ParameterBytes,
            learner.UpdateStateBytes, peak, (double)_allocated / Math.Max(1, _rows - WarmUpRows), _request.SavePath,
            DataResult.Of(_request.Source.Columns, _request.Source.Notes));
    }

    // What is missing in later rows is filled in with the means as they stand.
    InputColumns? Columns()
    {
        if (_request.Source.Columns is not { } columns) return null;
        int place = 0;
        var inputs = new List<InputColumn>();
        foreach (var column in columns.Inputs)
        {
            inputs.Add(column with { Fill = [.. Enumerable.Range(place, column.Width).Select(_main.Learner.MeanOf)] });
            place += column.Width;
        }

        return columns with { Inputs = inputs };
    }

    StreamRates Rates()
    {
        var learner = _main.Learner.Learner;
        var all = Enumerable.Range(0, learner.Count);
        return new(learner.RateOf(learner.Best), [.. all.Select(learner.RateOf)], [.. all.Select(learner.LossOf)]);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var (peer, _) in _peers) (peer as IDisposable)?.Dispose();
    }
}
