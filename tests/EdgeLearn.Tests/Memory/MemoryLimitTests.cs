using System.Globalization;
using System.Text.RegularExpressions;
using Xunit;

namespace EdgeLearn.Tests;

public partial class MemoryLimitTests
{
    static MemoryPlan PlanAt(int batch)
    {
        using var network = new Network(NetworkSpec.Parse("64-32-10", null, Loss.SoftmaxCrossEntropy));
        var plan = new MemoryPlan();
        plan.Account("weights", MemoryCategory.Parameters, network.ParameterBytes);
        new Backprop(network).Plan(plan, batch);
        new Adam(new()).Plan(network.Parameters, plan);
        return plan;
    }

    static long BytesAt(int batch) => PlanAt(batch).TotalBytes;

    [Fact]
    public void What_fits_exactly_is_accepted_and_no_limit_accepts_everything()
    {
        MemoryLimit.Enforce(PlanAt(64), BytesAt(64), 64, BytesAt);
        MemoryLimit.Enforce(PlanAt(64), null, 64, BytesAt);
    }

    [Theory]
    [InlineData(64, 1)]
    [InlineData(64, 17)]
    [InlineData(64, 63)]
    [InlineData(1000, 999)]
    public void The_batch_that_the_refusal_names_fits_and_the_next_does_not(int batch, int fitting)
    {
        long limit = BytesAt(fitting);
        var refusal = Assert.Throws<EdgeLearnException>(() => MemoryLimit.Enforce(PlanAt(batch), limit, batch, BytesAt));
        var match = Named().Match(refusal.Message);
        Assert.True(match.Success, refusal.Message);
        int named = int.Parse(match.Groups[1].Value, CultureInfo.InvariantCulture);
        Assert.True(BytesAt(named) <= limit && BytesAt(named + 1) > limit, refusal.Message);
        Assert.Equal(BytesAt(named), long.Parse(match.Groups[2].Value, NumberStyles.AllowThousands, CultureInfo.InvariantCulture));
        Assert.DoesNotContain('\n', refusal.Message);
        Assert.Contains(BytesAt(batch).ToString("N0", CultureInfo.InvariantCulture), refusal.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(64)]
    public void A_limit_that_no_batch_meets_is_said_so(int batch)
    {
        var refusal = Assert.Throws<EdgeLearnException>(() => MemoryLimit.Enforce(PlanAt(batch), 1000, batch, BytesAt));
        Assert.Contains("even --batch 1 needs " + BytesAt(1).ToString("N0", CultureInfo.InvariantCulture), refusal.Message,
            StringComparison.Ordinal);
    }

    [GeneratedRegex(@"--batch (\d+) needs ([\d,]+) and would fit")]
    private static partial Regex Named();
}
