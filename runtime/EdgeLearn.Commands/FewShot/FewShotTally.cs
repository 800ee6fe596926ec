namespace EdgeLearn.Commands;

/// <summary>Classifies episodes in both ways and counts.</summary>
sealed class FewShotTally(FewShotClassifier classifier, FewShotFeatures features, FewShotPlan plan)
{
    readonly float[] _labelled = new float[plan.Ways * plan.Shots * features.Length];
    readonly float[] _unlabelled = new float[plan.Ways * plan.Queries * features.Length];
    readonly int[] _labels = [.. Enumerable.Range(0, plan.Ways * plan.Shots).Select(i => i / plan.Shots)];
    readonly int[] _classes = new int[plan.Ways * plan.Queries];
    readonly List<(double Centroid, double Transductive)> _accuracies = [];
    int _fellBack;

    /// <summary>Mean accuracy over episodes of the nearest centroid.</summary>
    public double NearestCentroid => _accuracies.Average(accuracy => accuracy.Centroid);

    /// <summary>Mean accuracy over episodes with the other samples' help.</summary>
    public double Transductive => _accuracies.Average(accuracy => accuracy.Transductive);

    /// <summary>Standard deviation over episodes of the difference.</summary>
    public double Spread
    {
        get
        {
            double mean = Transductive - NearestCentroid;
            double squares = _accuracies.Sum(accuracy => Math.Pow(accuracy.Transductive - accuracy.Centroid - mean, 2));
            return Math.Sqrt(squares / (_accuracies.Count - 1));
        }
    }

    /// <summary>Share of episodes that fell back.</summary>
    public double FellBack => (double)_fellBack / _accuracies.Count;

    /// <summary>Classifies an episode.</summary>
    public void Add(FewShotEpisode episode)
    {
        Fill(episode.Labelled, _labelled);
        Fill(episode.Queries, _unlabelled);
        classifier.ClassifyByCentroids(_labelled, _labels, _unlabelled, _classes);
        double centroid = Accuracy(episode);
        if (classifier.Classify(_labelled, _labels, _unlabelled, _classes).FellBack) _fellBack++;
        _accuracies.Add((centroid, Accuracy(episode)));
    }

    void Fill(int[] samples, float[] rows)
    {
        for (int i = 0; i < samples.Length; i++) features[samples[i]].CopyTo(rows.AsSpan(i * features.Length));
    }

    double Accuracy(FewShotEpisode episode)
        => (double)_classes.Zip(episode.Answers).Count(pair => pair.First == pair.Second) / episode.Answers.Length;
}
