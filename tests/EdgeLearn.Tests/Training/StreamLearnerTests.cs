using Xunit;

namespace EdgeLearn.Tests;

public class StreamLearnerTests
{
    static NetworkSpec Classes(int inputs, string hidden = "16-", int classes = 2)
        => NetworkSpec.Parse($"{inputs}-{hidden}{classes}", null, Loss.SoftmaxCrossEntropy);

    // Two classes that a line parts; after a while its sides are exchanged.
    static (double[] Values, int Label) Row(int i, int exchanged = int.MaxValue)
    {
        double[] values = [10 + (3 * Noise.GaussianAt(1, 2 * i)), -200 + Noise.GaussianAt(1, (2 * i) + 1)];
        int label = (values[0] - 10) / 3 + (values[1] + 200) > 0 ? 1 : 0;
        return (values, i < exchanged ? label : 1 - label);
    }

    [Theory]
    [InlineData(0, 0.9)]
    [InlineData(25, 0.88)]
    public void It_learns_what_can_be_told_and_follows_when_that_changes(int delay, double least)
    {
        using var learner = new StreamLearner(Classes(2), new StreamSettings { MostWaiting = delay + 1 });
        var waiting = new Queue<(int Label, int Answer)>();
        int[] right = new int[2];
        for (int i = 0; i < 6000; i++)
        {
            var (values, label) = Row(i, exchanged: 3000);
            waiting.Enqueue((label, learner.Answer(values).Label));
            if (waiting.Count <= delay) continue;
            var (known, answer) = waiting.Dequeue();
            if (known == answer) right[i / 3000]++;
            learner.Learn(known);
        }

        Assert.InRange(right[0] / 3000.0, least, 1);
        Assert.InRange(right[1] / 3000.0, least - 0.05, 1);
        Assert.Equal(1, learner.DriftCount);
        Assert.Equal((6000 - delay, delay, 0L), (learner.LearnedCount, learner.WaitingCount, learner.ForgottenCount));
    }

    [Fact]
    public void The_answer_is_the_mean_of_the_candidates_weighed_by_their_losses()
    {
        using var learner = new StreamLearner(Classes(2, ""), new StreamSettings());
        var candidates = learner.Learner;
        Assert.Equal(7, candidates.Count);
        Assert.Equal(0.5f / 16, candidates.RateOf(3), 1e-6f);
        Assert.Equal(10 * candidates.RateOf(3), candidates.RateOf(5), 1e-4f);
        double[] losses = new double[7];
        float[] row = new float[2];
        var scale = new RunningScale(2);
        for (int i = 0; i < 300; i++)
        {
            var (values, label) = Row(i);
            scale.Apply(values, row);
            // Independent of the learner but for the weights of its networks: a dense layer by hand.
            double[,] p = new double[7, 2];
            for (int k = 0; k < 7; k++)
            {
                var w = candidates.NetworkOf(k).Parameters.Values;
                double a = (w[0] * row[0]) + (w[1] * row[1]) + w[4], b = (w[2] * row[0]) + (w[3] * row[1]) + w[5];
                p[k, 1] = 1 / (1 + Math.Exp(a - b));
                p[k, 0] = 1 - p[k, 1];
            }

            double best = losses.Min(), sum = 0, one = 0;
            for (int k = 0; k < 7; k++)
            {
                double weight = Math.Exp(-20 * (losses[k] - best));
                (sum, one) = (sum + weight, one + (weight * p[k, 1]));
            }

            var answer = learner.Answer(values);
            Assert.Equal(one / sum, learner.LastScores[1], 1e-5);
            Assert.Equal(one / sum > 0.5 ? 1 : 0, answer.Label);
            learner.Learn(label);
            for (int k = 0; k < 7; k++)
            {
                losses[k] = (0.999 * losses[k]) + (0.001 * Math.Min(5, -Math.Log(p[k, label])));
                Assert.Equal(losses[k], candidates.LossOf(k), 1e-5);
            }
        }
    }

    [Fact]
    public void A_rate_that_runs_away_is_given_up_and_the_others_go_on()
    {
        var settings = new StreamSettings { Training = new() { Rule = new BackpropSettings(), Update = new SgdSettings() } };
        using var learner = new StreamLearner(NetworkSpec.Parse("2-16:relu-16:relu-1", null, Loss.Named("mean-square")), settings);
        double error = 0, plain = 0;
        for (int i = 0; i < 4000; i++)
        {
            var (values, _) = Row(i);
            double target = 1000 + (50 * values[0]) + (values[0] * values[1]);
            double answer = learner.Answer(values).Value;
            Assert.True(double.IsFinite(answer));
            if (i >= 2000) (error, plain) = (error + Math.Abs(answer - target), plain + Math.Abs(1000 + 500 - 2000 - target));
            learner.Learn([target]);
        }

        Assert.InRange(error, 0, 0.2 * plain);
    }

    [Fact]
    public void With_lags_a_network_of_numbers_predicts_the_change()
    {
        var spec = NetworkSpec.Parse("3-8-1", null, Loss.Named("huber"));
        using var learner = new StreamLearner(spec, new StreamSettings { Lags = 2 });
        Assert.Equal(1, learner.ValueCount);
        double level = 1e7, error = 0, still = 0;
        for (int i = 0; i < 3000; i++)
        {
            double change = Noise.GaussianAt(9, i); // announced by the only value
            double answer = learner.Answer([change]).Value;
            if (i >= 1000)
            {
                error += Math.Abs(answer - (level + change));
                still += Math.Abs(change); // what the last value gets
            }

            level += change;
            learner.Learn([level]);
        }

        Assert.InRange(error, 0, 0.25 * still);
    }

    [Fact]
    public void Lags_are_inputs_that_arrive_as_late_as_the_labels()
    {
        // The label repeats the one of three rows before, which nothing but the lags can tell.
        var settings = new StreamSettings { Lags = 3, MostWaiting = 1 };
        using var learner = new StreamLearner(Classes(1 + 3), settings);
        int[] labels = [.. Enumerable.Range(0, 3000).Select(i => 0)];
        int right = 0;
        for (int i = 0; i < labels.Length; i++)
        {
            bool flips = Noise.UniformAt(7, i) < 0.1f;
            labels[i] = i < 3 ? i % 2 : flips ? 1 - labels[i - 3] : labels[i - 3];
            if (learner.Answer([0]).Label == labels[i] && i >= 1000) right++;
            learner.Learn(labels[i]);
        }

        Assert.InRange(right / 2000.0, 0.87, 0.93);
    }

    [Fact]
    public void Rows_that_wait_too_long_are_forgotten()
    {
        using var learner = new StreamLearner(Classes(2), new StreamSettings { MostWaiting = 3 });
        for (int i = 0; i < 5; i++) learner.Answer(Row(i).Values);
        Assert.Equal((3, 2L), (learner.WaitingCount, learner.ForgottenCount));
        learner.Forget();
        learner.Learn(0);
        Assert.Equal((1, 3L, 1L), (learner.WaitingCount, learner.ForgottenCount, learner.LearnedCount));
        learner.Learn(1);
        Assert.Throws<InvalidOperationException>(() => learner.Learn(1));
    }

    [Fact]
    public void Memory_is_planned_and_fewer_rates_are_tried_where_it_is_short()
    {
        long whole;
        using (var learner = new StreamLearner(Classes(2), new StreamSettings())) whole = learner.PlannedBytes;
        using (var learner = new StreamLearner(Classes(2), new StreamSettings { MemoryLimitBytes = whole / 2 }))
        {
            Assert.Equal(3, learner.Learner.Count);
            Assert.InRange(learner.PlannedBytes, 1, whole / 2);
        }

        var tight = new StreamSettings { MemoryLimitBytes = 500 };
        Assert.Contains("limit", Assert.Throws<EdgeLearnException>(() => new StreamLearner(Classes(2), tight)).Message,
            StringComparison.Ordinal);
        var given = new StreamSettings { Training = new() { Update = new SgdSettings(), LearningRate = 0.05f } };
        using var one = new StreamLearner(Classes(2), given);
        Assert.Equal((1, 0.05f), (one.Learner.Count, one.Learner.RateOf(0)));
    }

    [Fact]
    public void A_row_allocates_nothing()
    {
        using var learner = new StreamLearner(Classes(2 + 2), new StreamSettings { Lags = 2, MostWaiting = 4 });
        using var numbers = new StreamLearner(NetworkSpec.Parse("3-8-1", null, Loss.Named("huber")), new StreamSettings { Lags = 1 });
        double[] values = [1, 2], target = [0];
        long before = 0;
        for (int i = 0; i < 300; i++)
        {
            if (i == 50) before = GC.GetAllocatedBytesForCurrentThread();
            (values[0], target[0]) = (Noise.GaussianAt(1, i), Noise.GaussianAt(2, i));
            learner.Answer(values);
            if (i >= 3) learner.Learn(i % 2);
            numbers.Answer(values);
            numbers.Learn(target);
        }

        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    [Fact]
    public void The_model_answers_as_the_best_network_does()
    {
        var settings = new StreamSettings { Training = new() { Update = new SgdSettings(), LearningRate = 0.1f } };
        using var learner = new StreamLearner(Classes(2), settings);
        for (int i = 0; i < 500; i++)
        {
            var (values, label) = Row(i);
            learner.Answer(values);
            learner.Learn(label);
        }

        using var predictor = learner.ToModel(["low", "high"]).CreatePredictor();
        double[] next = Row(500).Values;
        var prediction = predictor.Predict([(float)next[0], (float)next[1]]);
        var answer = learner.Answer(next);
        Assert.Equal((answer.Label, answer.Label == 1 ? "high" : "low"), (prediction.Label, prediction.Name));
        Assert.Equal(answer.Probability, prediction.Probability, 0.02); // the learner's scale has seen the row, the model's has not
    }
}
