namespace EdgeLearn.Tests;

/// <summary>Gaussian clouds of which a few rows have a label.</summary>
sealed record FewShotTask(float[] Labelled, int[] Labels, float[] Unlabelled, int[] Answers, int Length, int Ways)
{
    public int Count => Labels.Length + Answers.Length;

    /// <summary>Draws clouds of deviation 1 around means that are apart by so much in each dimension.</summary>
    public static FewShotTask Draw(float separation, int length, int ways, int shots, int queries, int salt)
    {
        ulong key = Noise.Key((ulong)salt, 1);
        long next = 0;
        float Gauss() => Noise.GaussianAt(key, next++);
        float[] means = [.. Enumerable.Range(0, ways * length).Select(_ => separation * Gauss())];
        float[] Rows(int each) => [.. Enumerable.Range(0, ways * each).SelectMany(i => Enumerable.Range(0, length)
            .Select(k => means[(i / each * length) + k] + Gauss()))];
        int[] Classes(int each) => [.. Enumerable.Range(0, ways * each).Select(i => i / each)];
        return new FewShotTask(Rows(shots), Classes(shots), Rows(queries), Classes(queries), length, ways);
    }

    public double Accuracy(int[] classes) => classes.Zip(Answers).Count(pair => pair.First == pair.Second) / (double)Answers.Length;
}

/// <summary>The formulas of <see cref="FewShotClassifier"/>, with matrices and a solver, in double.</summary>
static class SlowFewShot
{
    static double[][] Rows(FewShotTask task)
    {
        double[][] raw = [.. task.Labelled.Concat(task.Unlabelled).Select(value => (double)value).Chunk(task.Length)];
        double[] mean = [.. Enumerable.Range(0, task.Length).Select(k => raw[..task.Labels.Length].Average(row => row[k]))];
        return [.. raw.Select(row => row.Select((value, k) => value - mean[k]).ToArray())
            .Select(row => row.Select(value => value / Math.Sqrt(row.Sum(other => other * other))).ToArray())];
    }

    static double Dot(double[] a, double[] b) => a.Zip(b).Sum(pair => pair.First * pair.Second);

    static double Square(double[] a, double[] b) => a.Zip(b).Sum(pair => (pair.First - pair.Second) * (pair.First - pair.Second));

    public static float[] Similarities(FewShotTask task)
    {
        double[][] rows = Rows(task);
        return [.. rows.SelectMany(a => rows.Select(b => (float)Dot(a, b)))];
    }

    static double[][] Centroids(double[][] rows, FewShotTask task)
        => [.. Enumerable.Range(0, task.Ways).Select(c => Enumerable.Range(0, task.Length)
            .Select(k => rows[..task.Labels.Length].Where((_, i) => task.Labels[i] == c).Average(row => row[k])).ToArray())];

    public static int[] Nearest(FewShotTask task)
    {
        double[][] rows = Rows(task), centroids = Centroids(rows, task);
        return [.. rows[task.Labels.Length..].Select(row => Enumerable.Range(0, task.Ways).MinBy(c => Square(row, centroids[c])))];
    }

    public static int[] Classify(FewShotTask task)
    {
        double[][] rows = Rows(task), centroids = Centroids(rows, task);
        int labelled = task.Labels.Length;
        double shots = (double)labelled / task.Ways;
        double[][] prior = [.. rows.Select((row, i) => i < labelled
            ? [.. Enumerable.Range(0, task.Ways).Select(c => c == task.Labels[i] ? 1.0 : 0)]
            : Shares(row, centroids, 0.006 * shots * shots))];
        return [.. Solve(Graph(rows), prior)[labelled..].Select(row => row.IndexOf(row.Max()))];
    }

    static double[] Shares(double[] row, double[][] centroids, double total)
    {
        double[] weights = [.. centroids.Select(centroid => Math.Exp(-10 * Square(row, centroid)))];
        return [.. weights.Select(weight => total * weight / weights.Sum())];
    }

    static double[,] Graph(double[][] rows)
    {
        int n = rows.Length;
        int[][] nearest = [.. Enumerable.Range(0, n).Select(i => Enumerable.Range(0, n).Where(j => j != i)
            .OrderByDescending(j => Dot(rows[i], rows[j])).Take(5).ToArray())];
        double[,] graph = new double[n, n];
        for (int i = 0; i < n; i++)
        {
            for (int j = 0; j < n; j++)
                graph[i, j] = nearest[i].Contains(j) || nearest[j].Contains(i) ? Math.Exp(10 * (Dot(rows[i], rows[j]) - 1)) : 0;
        }

        double[] degrees = [.. Enumerable.Range(0, n).Select(i => Enumerable.Range(0, n).Sum(j => graph[i, j]))];
        for (int i = 0; i < n; i++)
        {
            for (int j = 0; j < n; j++) graph[i, j] /= Math.Sqrt(degrees[i] * degrees[j]);
        }

        return graph;
    }

    // (1 - 0.85 S) F = 0.15 Y by elimination; the matrix is positive definite.
    static double[][] Solve(double[,] graph, double[][] prior)
    {
        int n = prior.Length;
        double[][] matrix = [.. Enumerable.Range(0, n).Select(i => Enumerable.Range(0, n)
            .Select(j => (i == j ? 1 : 0) - (0.85 * graph[i, j])).Concat(prior[i].Select(value => 0.15 * value)).ToArray())];
        for (int pivot = 0; pivot < n; pivot++)
        {
            for (int i = 0; i < n; i++)
            {
                if (i == pivot) continue;
                double factor = matrix[i][pivot] / matrix[pivot][pivot];
                for (int k = pivot; k < matrix[i].Length; k++) matrix[i][k] -= factor * matrix[pivot][k];
            }
        }

        return [.. matrix.Select((row, i) => row[n..].Select(value => value / row[i]).ToArray())];
    }
}
