using EdgeLearn.Gesture;
using Xunit;

namespace EdgeLearn.Tests;

public class GestureRunTests
{
    static GestureResult Run(CancellationToken stop, params string[] args)
    {
        var options = GestureOptions.Parse(["--seed", "21", .. args]);
        var hand = new SimulatedHand(21);
        using var sensor = new Accelerometer(new SimulatedMpu6050(hand.Next));
        using var run = new GestureRun(options, sensor, hand);
        return run.Run(600, (_, _) => { }, stop);
    }

    static double Known(GestureResult result, string learner, int quarter)
        => (double)result.Known.Single(known => known.Name == learner).Known[quarter] / result.Quarters[quarter];

    [Fact]
    public void Two_motions_are_learned_and_learned_again_when_the_sensor_is_turned()
    {
        var result = Run(TestContext.Current.CancellationToken);
        Assert.Equal([150, 150, 150, 150], result.Quarters);
        Assert.InRange(Known(result, "tpsgd", 1), 0.95, 1);
        Assert.InRange(Known(result, "tpsgd", 3), 0.95, 1);
        Assert.Equal(Known(result, "tpsgd", 1), Known(result, "stopped", 1));
        Assert.InRange(Known(result, "stopped", 3), 0, 0.8);
        Assert.Equal(0, result.AllocatedBytesPerWindow);
        Assert.Equal(0, result.UpdateStateBytes);
        Assert.Equal(4 * ((27 * 32) + 32 + (32 * 2) + 2), result.ParameterBytes);
    }

    [Theory]
    [InlineData("--rule", "elastic-zo")]
    [InlineData("--update", "signsgd")]
    public void Other_rules_and_updates_learn_them_too(string option, string name)
    {
        var result = Run(TestContext.Current.CancellationToken, option, name);
        Assert.InRange(Known(result, result.Known[0].Name, 1), 0.8, 1);
    }

    [Fact]
    public void A_run_that_is_stopped_ends_between_two_samples()
    {
        using var stopped = new CancellationTokenSource();
        stopped.Cancel();
        Assert.Equal(0, Run(stopped.Token).Windows);
    }

    [Theory]
    [InlineData("unknown argument '--fast': see gesture --help", "--fast")]
    [InlineData("--lr needs a value: see gesture --help", "--lr")]
    [InlineData("--lr nan: expected a positive number", "--lr", "nan")]
    [InlineData("--address 0x70: expected a whole number from 104 to 105", "--address", "0x70")]
    [InlineData("--windows 0: expected a whole number from 4 to 1000000", "--windows", "0")]
    [InlineData("--update adam keeps state between steps: expected sgd or signsgd", "--update", "adam")]
    [InlineData("unknown rule 'magic': expected tpsgd, zo, elastic-zo, backprop, "
        + "frozen, local-heads, or backprop-free for the best of the forward-only rules", "--rule", "magic")]
    public void Bad_options_are_one_line(string expected, params string[] args)
    => Assert.Equal(expected, Assert.Throws<EdgeLearnException>(() => GestureOptions.Parse(args)).Message);
}
