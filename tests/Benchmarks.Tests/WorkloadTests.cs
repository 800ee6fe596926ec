using EdgeLearn.Benchmarks;
using EdgeLearn.Commands;
using Xunit;

namespace EdgeLearn.Tests;

public class WorkloadTests
{
    // The figures of the workload table, in millions of operations.
    [Theory]
    [InlineData("W1", 235_146, 32.2)]
    [InlineData("W1a", 235_146, 32.2)]
    [InlineData("W1t", 235_146, 30.0)]
    [InlineData("W1s", 1_581_066, 286.2)]
    [InlineData("W1st", 1_581_066, 202.0)]
    [InlineData("W3", 235_146, 1.01)]
    [InlineData("W3s", 2_410, 0.010)]
    [InlineData("W4b32", 235_146, 15.02)]
    [InlineData("W5", 14_790, 330.4)]
    [InlineData("W5f", 14_790, 114.8)]
    public void A_workload_has_the_published_size_and_work(string id, int parameters, double megaflop)
    {
        var workload = Workloads.Named(id);
        using var network = new Network(workload.Spec);
        Assert.Equal(parameters, network.Parameters.Length);
        Assert.Equal(megaflop, WorkCount.Of(workload).Flop * 1e-6, megaflop < 1 ? 3 : megaflop < 10 ? 2 : 1);
    }

    [Fact]
    public void Ids_are_unique()
    {
        Assert.Equal(Workloads.All.Count, Workloads.All.Select(workload => workload.Id.ToUpperInvariant()).Distinct().Count());
        Assert.Contains("W1a", Assert.Throws<EdgeLearnException>(() => Workloads.Named("W99")).Message);
    }

    [Fact]
    public void Every_job_measures_a_workload_that_exists()
    {
        foreach (var job in Jobs.All.OfType<StepJob>()) Assert.Equal(job.Name, Workloads.Named(job.Name).Id);
    }

    [Fact]
    public void A_reset_goes_back_to_the_first_step()
    {
        using var work = new PreparedWorkload(Workloads.Named("W1a"));
        double[] first = [work.Step(), work.Step(), work.Step()];
        work.Reset();
        double[] again = [work.Step(), work.Step(), work.Step()];
        Assert.Equal(first, again);
        Assert.True(first[2] < first[0]);
    }

    [Fact]
    public void Ten_steps_end_in_the_loss_that_double_precision_gives()
    {
        using var work = new PreparedWorkload(Workloads.Named("W3s"));
        double expected = 0, actual = 0;
        var reference = new DoubleNet(work);
        for (int i = 0; i < 10; i++)
        {
            expected = reference.Step(work.Workload.Rate);
            actual = work.Step();
        }

        Assert.Equal(expected, actual, 1e-5 * expected);
    }

    // One dense tanh layer and a softmax head, one sample, by the textbook.
    sealed class DoubleNet(PreparedWorkload work)
    {
        readonly double[] _x = [.. work.Inputs.ToArray()];
        readonly int _label = work.Labels[0];
        readonly double[][] _p = [
            .. work.Network.Parameters.Slices.Select(slice => work.Network.Parameters[slice].ToArray().Select(v => (double)v).ToArray())];

        public double Step(double rate)
        {
            var (w0, b0, w1, b1) = (_p[0], _p[1], _p[2], _p[3]);
            double[] h = [.. b0.Select((b, j) => Math.Tanh(b + _x.Select((x, i) => x * w0[j * _x.Length + i]).Sum()))];
            double[] z = [.. b1.Select((b, j) => b + h.Select((y, i) => y * w1[j * h.Length + i]).Sum())];
            double sum = z.Sum(Math.Exp);
            double[] dz = [.. z.Select((v, j) => Math.Exp(v) / sum - (j == _label ? 1 : 0))];
            double[] dh = [.. h.Select((y, i) => (1 - y * y) * dz.Select((g, j) => g * w1[j * h.Length + i]).Sum())];
            for (int j = 0; j < dz.Length; j++)
            {
                b1[j] -= rate * dz[j];
                for (int i = 0; i < h.Length; i++) w1[j * h.Length + i] -= rate * dz[j] * h[i];
            }

            for (int j = 0; j < dh.Length; j++)
            {
                b0[j] -= rate * dh[j];
                for (int i = 0; i < _x.Length; i++) w0[j * _x.Length + i] -= rate * dh[j] * _x[i];
            }

            return Math.Log(sum) - z[_label];
        }
    }
}
