using Xunit;

namespace EdgeLearn.Tests;

/// <summary>Few labels: what spreads, when it is not trusted, and what it takes.</summary>
public class FewShotTests
{
    const int Length = 24;

    [Theory]
    [InlineData(1, 3, 12)]
    [InlineData(2, 4, 9)]
    [InlineData(5, 2, 20)]
    public void Classes_are_those_of_the_formulas_solved_slowly(int shots, int ways, int queries)
    {
        int trusted = 0;
        for (int salt = 0; salt < 10; salt++)
        {
            var task = FewShotTask.Draw(0.9f, Length, ways, shots, queries, salt);
            using var classifier = new FewShotClassifier(Length, task.Count, ways);
            int[] classes = new int[task.Answers.Length];
            if (classifier.Classify(task.Labelled, task.Labels, task.Unlabelled, classes).FellBack) continue;
            trusted++;
            Assert.Equal(SlowFewShot.Classify(task), classes);
        }

        Assert.InRange(trusted, 5, 10);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(5)]
    public void The_nearest_centroid_is_that_of_the_formula(int shots)
    {
        var task = FewShotTask.Draw(0.5f, Length, 4, shots, 15, 3);
        using var classifier = new FewShotClassifier(Length, task.Count, 4);
        int[] classes = new int[task.Answers.Length];
        classifier.ClassifyByCentroids(task.Labelled, task.Labels, task.Unlabelled, classes);
        Assert.Equal(SlowFewShot.Nearest(task), classes);
    }

    // One labelled row a class, in two dimensions: centred they lie at (1, 0) and (-1, 0), and so do the directions of the others.
    [Fact]
    public void Rows_on_either_side_are_classified_by_hand()
    {
        using var classifier = new FewShotClassifier(2, 8, 2);
        int[] classes = new int[4];
        classifier.ClassifyByCentroids([3, 1, 1, 1], [0, 1], [9, 2, 0, 7, 2.1f, -9, 1.9f, 1], classes);
        Assert.Equal([0, 1, 0, 1], classes);
    }

    [Fact]
    public void Every_pass_decreases_the_objective()
    {
        var task = FewShotTask.Draw(0.5f, Length, 4, 2, 10, 5);
        float[] similarities = SlowFewShot.Similarities(task);
        var plan = new MemoryPlan();
        var objectives = new List<double>();
        var spread = new LabelSpread(plan, task.Count, 4, 0, 1) { Watch = objectives.Add };
        using var workspace = new Workspace(plan);
        spread.Run(similarities, task.Count, task.Labels, 4);
        Assert.Equal(40, objectives.Count);
        Assert.True(objectives[0] > objectives[^1] + 1e-4);
        for (int i = 1; i < objectives.Count; i++)
            Assert.True(objectives[i] <= objectives[i - 1] + 1e-6, $"{objectives[i - 1]} to {objectives[i]}");
    }

    [Fact]
    public void The_order_of_the_unlabelled_changes_nothing()
    {
        for (int salt = 0; salt < 20; salt++)
        {
            var task = FewShotTask.Draw(0.5f, Length, 5, 1, 12, salt);
            int count = task.Answers.Length;
            int[] order = [.. Enumerable.Range(0, count)], classes = new int[count], permuted = new int[count];
            new Random(salt).Shuffle(order);
            using var classifier = new FewShotClassifier(Length, task.Count, 5);
            var answer = classifier.Classify(task.Labelled, task.Labels, task.Unlabelled, classes);
            float[] rows = [.. order.SelectMany(i => task.Unlabelled.AsSpan(i * Length, Length).ToArray())];
            var other = classifier.Classify(task.Labelled, task.Labels, rows, permuted);
            Assert.Equal(answer.FellBack, other.FellBack);
            Assert.Equal(answer.Gap, other.Gap, 1e-5);
            Assert.Equal(order.Select(i => classes[i]), permuted);
        }
    }

    [Theory]
    [InlineData(0f, 1, false, -0.01, 0.01)]
    [InlineData(0f, 5, false, -0.01, 0.01)]
    [InlineData(0.3f, 5, false, -0.01, 0.02)]
    [InlineData(1f, 1, true, 0.08, 1)]
    [InlineData(1f, 5, true, 0, 1)]
    public void Groups_are_trusted_and_noise_is_not(float separation, int shots, bool isTrusted, double least, double most)
    {
        const int Tasks = 60;
        double gain = 0;
        int trusted = 0;
        for (int salt = 0; salt < Tasks; salt++)
        {
            var task = FewShotTask.Draw(separation, Length, 5, shots, 15, 100 + salt);
            using var classifier = new FewShotClassifier(Length, task.Count, 5);
            int[] classes = new int[task.Answers.Length], nearest = new int[task.Answers.Length];
            if (!classifier.Classify(task.Labelled, task.Labels, task.Unlabelled, classes).FellBack) trusted++;
            classifier.ClassifyByCentroids(task.Labelled, task.Labels, task.Unlabelled, nearest);
            gain += (task.Accuracy(classes) - task.Accuracy(nearest)) / Tasks;
        }

        Assert.InRange(trusted, isTrusted ? Tasks * 9 / 10 : 0, isTrusted ? Tasks : Tasks / 10);
        Assert.InRange(gain, least, most);
    }

    [Fact]
    public void Few_rows_one_row_and_none_are_classified()
    {
        using var classifier = new FewShotClassifier(2, 8, 3);
        int[] classes = new int[1];
        classifier.Classify([1, 0, 0, 1], [0, 1], [5, 1], classes);
        Assert.Equal([0], classes);
        Assert.True(classifier.Classify([1, 0, 0, 1], [0, 1], [], []).FellBack);
        // Rows that are all alike have no direction.
        int[] alike = new int[5];
        classifier.Classify(new float[6], [2, 1, 0], new float[10], alike);
        Assert.All(alike, label => Assert.InRange(label, 0, 2));
    }

    [Fact]
    public void What_does_not_fit_is_refused()
    {
        using var classifier = new FewShotClassifier(2, 6, 3);
        string Refusal(float[] labelled, int[] labels) => Assert.Throws<EdgeLearnException>(
            () => classifier.Classify(labelled, labels, [1, 1], new int[1])).Message;
        Assert.Contains("class 1 has no labelled row", Refusal([1, 0, 0, 1], [0, 2]), StringComparison.Ordinal);
        Assert.Contains("of one class", Refusal([1, 0, 0, 1], [0, 0]), StringComparison.Ordinal);
        Assert.Contains("a label is -1", Refusal([1, 0, 0, 1], [0, -1]), StringComparison.Ordinal);
        Assert.Contains("not a finite number", Refusal([1, 0, 0, float.NaN], [0, 1]), StringComparison.Ordinal);
        Assert.Contains("no labelled rows", Refusal([], []), StringComparison.Ordinal);
        Assert.Throws<ArgumentException>(() => classifier.Classify([1, 0, 0], [0, 1], [1, 1], new int[1]));
        Assert.Throws<ArgumentException>(() => classifier.Classify([1, 0, 0, 1], [0, 1], new float[20], new int[10]));
        Assert.Throws<ArgumentException>(() => classifier.Classify([1, 0, 0, 1, 1, 1, 2, 2], [0, 1, 2, 3], [1, 1], new int[1]));
    }

    [Fact]
    public void Classifying_allocates_nothing()
    {
        var task = FewShotTask.Draw(0.5f, Length, 5, 2, 12, 8);
        using var classifier = new FewShotClassifier(Length, task.Count, 5);
        int[] classes = new int[task.Answers.Length];
        void Run() => classifier.Classify(task.Labelled, task.Labels, task.Unlabelled, classes);
        for (int i = 0; i < 40; i++) Run();
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < 10; i++) Run();
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }
}
