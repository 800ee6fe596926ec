using Xunit;

namespace EdgeLearn.Tests;

public class FrugalTests
{
    static readonly int[][] s_shapes = [[6, 10], [10], [4, 7], [3]];

    const int Count = 60 + 10 + 28 + 3;

    static float[] Gradient(int step) => Values.Random(Count, 1000 + step);

    static UpdateRun Run(UpdateRule update) => new UpdateRun(update, s_shapes).Filled();

    // Rates of the right size for the values: a weight with Adam and one with signs move by about the rate.
    const float Rate = 0.01f;

    static void Steps(UpdateRun run, int from, int to, int panel = int.MaxValue)
    {
        for (int step = from; step < to; step++) run.Step(step, Rate, Gradient(step), panel);
    }

    [Theory]
    [InlineData(FrugalSelection.Columns)]
    [InlineData(FrugalSelection.Block)]
    public void Rho_0_is_sign_sgd_to_the_bit(FrugalSelection selection)
    {
        using UpdateRun frugal = Run(new Frugal(new() { Rho = 0, Selection = selection, RefreshSteps = 4, WeightDecay = 0.1f })),
            sign = Run(new SignSgd(new() { WeightDecay = 0.1f }));
        Steps(frugal, 0, 10);
        Steps(sign, 0, 10);
        Values.AssertSameBits(sign.Weights, frugal.Weights, "weights");
        Assert.Equal(0, frugal.Update.StateBytes);
        Assert.Equal(0, frugal.Plan.BytesOf(MemoryCategory.UpdateState));
    }

    [Fact]
    public void Rho_0_with_a_plain_remainder_is_sgd_to_the_bit()
    {
        using UpdateRun frugal = Run(new Frugal(new() { Rho = 0, Remainder = FrugalRemainder.Plain, WeightDecay = 0.1f })),
            sgd = Run(new Sgd(new() { WeightDecay = 0.1f }));
        Steps(frugal, 0, 10);
        Steps(sgd, 0, 10);
        Values.AssertSameBits(sgd.Weights, frugal.Weights, "weights");
    }

    [Theory]
    [InlineData(FrugalSelection.Columns)]
    [InlineData(FrugalSelection.Block)]
    public void Rho_1_without_refresh_is_Adam_to_the_bit(FrugalSelection selection)
    {
        using UpdateRun frugal = Run(new Frugal(new() { Rho = 1, Selection = selection, RefreshSteps = 0, WeightDecay = 0.1f })),
            adam = Run(new Adam(new() { WeightDecay = 0.1f }));
        Steps(frugal, 0, 30, panel: 9);
        Steps(adam, 0, 30);
        Values.AssertSameBits(adam.Weights, frugal.Weights, "weights");
        Assert.Equal(adam.Update.StateBytes, frugal.Update.StateBytes);
    }

    [Fact]
    public void Rho_1_with_refresh_is_Adam_that_starts_anew()
    {
        using UpdateRun frugal = Run(new Frugal(new() { Rho = 1, RefreshSteps = 7 })), adam = Run(new Adam(new()));
        for (int step = 0; step < 30; step++)
        {
            if (step % 7 == 0) adam.Update.Reset();
            frugal.Step(step, Rate, Gradient(step));
            adam.Step(step % 7, Rate, Gradient(step));
        }

        Values.AssertSameBits(adam.Weights, frugal.Weights, "weights");
    }

    // Which weights had Adam, told from outside: signs move a weight by exactly the rate, Adam from its second step on by something else.
    static bool[] ActiveMask(FrugalSettings settings, ulong seed, int period)
    {
        using var run = Run(new Frugal(settings) { Seed = seed });
        int first = period * (int)settings.RefreshSteps;
        run.Step(first, Rate, Gradient(0));
        float[] before = run.Weights.ToArray();
        run.Step(first + 1, Rate, Gradient(1));
        using var sign = Run(new SignSgd(new()));
        before.CopyTo(sign.Weights);
        sign.Step(0, Rate, Gradient(1));
        bool[] mask = new bool[Count];
        for (int i = 0; i < Count; i++) mask[i] = run.Weights[i] != sign.Weights[i];
        return mask;
    }

    [Fact]
    public void Columns_are_exactly_Adam_on_the_chosen_columns_and_signs_on_the_others()
    {
        for (int period = 0; period < 3; period++)
        {
            bool[] mask = ActiveMask(new() { Rho = 0.4, RefreshSteps = 5 }, 3, period);
            foreach (var (offset, rows, columns, chosen) in new[] { (0, 6, 10, 4), (60, 1, 10, 4), (70, 4, 7, 2), (98, 1, 3, 1) })
            {
                for (int r = 1; r < rows; r++)
                    Assert.Equal(mask[offset..(offset + columns)], mask[(offset + r * columns)..(offset + (r + 1) * columns)]);
                Assert.Equal(chosen, mask[offset..(offset + columns)].Count(active => active));
            }

            using UpdateRun frugal = Run(new Frugal(new() { Rho = 0.4, RefreshSteps = 5, WeightDecay = 0.1f }) { Seed = 3 }),
                adam = Run(new Adam(new() { WeightDecay = 0.1f })), sign = Run(new SignSgd(new() { WeightDecay = 0.1f }));
            for (int step = 0; step < 5; step++)
            {
                frugal.Step(period * 5 + step, Rate, Gradient(step), panel: 13);
                adam.Step(step, Rate, Gradient(step));
                sign.Step(step, Rate, Gradient(step));
                // Every coordinate follows exactly one of the two.
                for (int i = 0; i < Count; i++) Assert.Equal(mask[i] ? adam.Weights[i] : sign.Weights[i], frugal.Weights[i]);
            }
        }
    }

    [Fact]
    public void Blocks_are_whole_tensors_and_their_number_is_rho_times_all()
    {
        var seen = new HashSet<int>();
        for (int period = 0; period < 12; period++)
        {
            bool[] mask = ActiveMask(new() { Rho = 0.5, Selection = FrugalSelection.Block, RefreshSteps = 5 }, 8, period);
            bool[][] tensors = [mask[..60], mask[60..70], mask[70..98], mask[98..]];
            Assert.All(tensors, tensor => Assert.Single(tensor.Distinct()));
            Assert.Equal(2, tensors.Count(tensor => tensor[0]));
            for (int i = 0; i < 4; i++)
            {
                if (tensors[i][0]) seen.Add(i);
            }
        }

        Assert.Equal(4, seen.Count);
    }

    [Fact]
    public void Every_period_draws_other_columns_and_each_column_equally_often()
    {
        int[] counts = new int[10];
        for (int period = 0; period < 300; period++)
        {
            bool[] mask = ActiveMask(new() { Rho = 0.4, RefreshSteps = 5 }, 1, period);
            for (int c = 0; c < 10; c++) counts[c] += mask[c] ? 1 : 0;
        }

        // 120 +- 5 deviations of sqrt(300 * 0.4 * 0.6).
        Assert.All(counts, count => Assert.InRange(count, 77, 163));
    }

    [Theory]
    [InlineData(FrugalSelection.Columns)]
    [InlineData(FrugalSelection.Block)]
    public void A_remainder_of_rate_0_leaves_what_is_not_chosen_untouched(FrugalSelection selection)
    {
        bool[] mask = ActiveMask(new() { Rho = 0.5, Selection = selection, RefreshSteps = 0 }, 2, 0);
        using var run = Run(new Frugal(new() { Rho = 0.5, Selection = selection, RefreshSteps = 0, RemainderRate = 0 }) { Seed = 2 });
        float[] before = run.Weights.ToArray();
        Steps(run, 0, 5);
        Assert.InRange(mask.Count(active => active), 1, Count - 1);
        for (int i = 0; i < Count; i++) Assert.Equal(mask[i], before[i] != run.Weights[i]);
    }

    [Fact]
    public void State_full_tensors_have_plain_Adam_through_every_refresh()
    {
        using UpdateRun frugal = Run(new Frugal(new() { Rho = 0.25, RefreshSteps = 3, StateFull = "vector*" })),
            adam = Run(new Adam(new()));
        Steps(frugal, 0, 10);
        Steps(adam, 0, 10);
        Values.AssertSameBits(adam.Weights[60..70], frugal.Weights[60..70], "first vector");
        Values.AssertSameBits(adam.Weights[98..], frugal.Weights[98..], "second vector");
        // Two floats for 13 weights of vectors, 2 of 10 columns of 6 rows, 1 of 7 columns of 4 rows.
        Assert.Equal(2 * (13 + 12 + 4), frugal.Update.StateLength);
    }

    [Fact]
    public void Block_state_is_planned_for_the_largest_tensors_that_can_be_drawn()
    {
        using var run = Run(new Frugal(new() { Rho = 0.5, Selection = FrugalSelection.Block, RefreshSteps = 1 }));
        Assert.Equal(2 * (60 + 28), run.Update.StateLength);
        Steps(run, 0, 50);
        using var one = Run(new Frugal(new() { Rho = 0.01, Selection = FrugalSelection.Block }));
        Assert.Equal(2 * 60, one.Update.StateLength);
    }

    [Fact]
    public void A_fraction_of_columns_is_cut_as_its_decimal_says()
    {
        using var run = new UpdateRun(new Frugal(new() { Rho = 0.7 }), [1, 10]);
        Assert.Equal(2 * 7, run.Update.StateLength);
    }

    [Fact]
    public void Tensors_that_do_not_learn_get_no_state()
    {
        var parameters = new ParameterSet();
        parameters.Add("a", [4, 4], decay: true).Trainable = false;
        parameters.Add("b", [4, 4], decay: true);
        var update = new Frugal(new() { Rho = 1 });
        update.Plan(parameters, new MemoryPlan());
        Assert.Equal(2 * 16, update.StateLength);
    }

    [Theory]
    [InlineData(-0.1)]
    [InlineData(1.1)]
    [InlineData(double.NaN)]
    public void A_fraction_outside_of_0_to_1_is_refused(double rho)
        => Assert.Contains("expected a number from 0 to 1",
            Assert.Throws<EdgeLearnException>(() => new Frugal(new() { Rho = rho })).Message,
            StringComparison.Ordinal);

    [Fact]
    public void A_negative_refresh_is_refused() => Assert.Throws<EdgeLearnException>(() => new Frugal(new() { RefreshSteps = -1 }));
}
