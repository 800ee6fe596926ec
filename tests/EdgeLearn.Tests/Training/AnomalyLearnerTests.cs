using Xunit;

namespace EdgeLearn.Tests;

public class AnomalyLearnerTests
{
    // Two sensors of a machine that turns, with noise.
    static double[] Row(int i) =>
    [
        20 + Math.Sin(i * 0.3) + (0.1 * Noise.GaussianAt(1, i)), 900 + (50 * Math.Cos(i * 0.3)) + (5 * Noise.GaussianAt(2, i)),
    ];

    static (List<int> Alarms, int Odd) Run(AnomalyLearner learner, int rows, Func<int, double[]> row)
    {
        var alarms = new List<int>();
        int odd = 0;
        for (int i = 0; i < rows; i++)
        {
            if (learner.Add(row(i))) alarms.Add(i);
            if (learner.IsOdd) odd++;
        }

        return (alarms, odd);
    }

    [Fact]
    public void What_is_usual_hardly_alarms()
    {
        using var learner = new AnomalyLearner(2, new AnomalySettings());
        var (alarms, odd) = Run(learner, 6000, Row);
        Assert.InRange(alarms.Count, 0, 2);
        Assert.InRange(odd, 0, 60);
        Assert.Equal((6000L, (long)alarms.Count), (learner.RowCount, learner.AlarmCount));
    }

    [Theory]
    [InlineData("a sensor that sticks")]
    [InlineData("another rhythm")]
    [InlineData("sensors that no longer go together")]
    public void What_is_not_usual_alarms_once(string what)
    {
        using var learner = new AnomalyLearner(2, new AnomalySettings());
        var (alarms, _) = Run(learner, 3200, i => i < 3000 ? Row(i) : what switch
        {
            "a sensor that sticks" => [Row(3000)[0], Row(i)[1]],
            "another rhythm" => [20 + Math.Sin(i * 1.5), 900 + (50 * Math.Cos(i * 1.5))],
            _ => [Row(i)[0], 900 + (50 * Math.Sin(i * 0.3))],
        });
        int begin = Assert.Single(alarms, alarm => alarm >= 3000);
        Assert.InRange(begin, 3000, 3100);
    }

    [Fact]
    public void What_alarms_is_learned_when_somebody_calls_it_normal()
    {
        AnomalySettings settings = new() { Quiet = 1 };
        using AnomalyLearner told = new(2, settings), untold = new(2, settings);
        static double[] Other(int i) => i < 3000 ? Row(i) : [20 + Math.Sin(i * 1.5), 900 + (50 * Math.Cos(i * 1.5))];
        int oddTold = 0, oddUntold = 0;
        for (int i = 0; i < 4000; i++)
        {
            told.Add(Other(i));
            untold.Add(Other(i));
            if (told.IsOdd) oddTold++;
            if (untold.IsOdd) oddUntold++;
            told.CallNormal();
            Assert.False(told.IsOdd);
        }

        Assert.True(oddTold < oddUntold, $"{oddTold} odd rows where they were called normal, {oddUntold} where not");
    }

    [Fact]
    public void A_row_allocates_nothing_and_its_memory_is_planned()
    {
        using var learner = new AnomalyLearner(2, new AnomalySettings { NormalRows = 50 });
        double[][] rows = [.. Enumerable.Range(0, 400).Select(Row)];
        rows[300][0] = double.NaN;
        for (int i = 0; i < 100; i++) learner.Add(rows[i]);
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 100; i < rows.Length; i++) learner.Add(rows[i]);
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
        // Seven networks of 32-16-32, and more.
        Assert.InRange(learner.PlannedBytes, 7 * 4 * ((32 * 16) + 16 + (16 * 32) + 32), 200_000);
        Assert.Throws<EdgeLearnException>(() => learner.Add([1, double.PositiveInfinity]));
    }
}
