using Xunit;

namespace EdgeLearn.Tests;

public class UpdateRuleTests
{
    const int Count = 38;

    static UpdateRun Run(UpdateRule update) => new UpdateRun(update, [5, 7], [3]).Filled();

    static float[] Gradient(int step) => Values.Random(Count, 1000 + step);

    [Fact]
    public void Sign_sgd_moves_every_weight_by_the_rate_against_its_gradient()
    {
        using var run = Run(new SignSgd(new() { WeightDecay = 0.5f }));
        float[] before = run.Weights.ToArray(), gradient = Gradient(0);
        gradient[2] = 0;
        run.Step(0, 0.1f, gradient);
        for (int i = 0; i < Count; i++)
            Assert.Equal(before[i] * (i < 35 ? 1 - 0.1 * 0.5 : 1) - 0.1 * Math.Sign(gradient[i]), run.Weights[i], 1e-7);
    }

    [Fact]
    public void Signum_moves_every_weight_by_the_sign_of_its_mean_gradient()
    {
        using var run = Run(new Signum(new() { Momentum = 0.75f }));
        double[] w = [.. run.Weights.ToArray().Select(v => (double)v)], m = new double[Count];
        for (int step = 0; step < 10; step++)
        {
            float[] gradient = Gradient(step);
            run.Step(step, 0.01f, gradient);
            for (int i = 0; i < Count; i++)
            {
                m[i] = 0.75 * m[i] + 0.25 * gradient[i];
                w[i] -= 0.01 * Math.Sign(m[i]);
            }
        }

        Values.AssertNear(w, run.Weights, 1e-6, "weights");
        Values.AssertNear(m, run.Update.State, 1e-6, "means");
    }

    [Fact]
    public void The_first_step_of_Adam_without_epsilon_is_the_step_of_sign_sgd()
    {
        using UpdateRun adam = Run(new Adam(new() { Epsilon = 0 })), sign = Run(new SignSgd(new()));
        float[] gradient = Gradient(0);
        for (int i = 0; i < Count; i++) gradient[i] *= MathF.Pow(10, i % 9 - 4);
        adam.Step(0, 0.1f, gradient);
        sign.Step(0, 0.1f, gradient);
        Values.AssertNear([.. sign.Weights.ToArray().Select(v => (double)v)], adam.Weights, 1e-6, "weights");
    }

    public static TheoryData<string> ScaleFree => ["signsgd", "signum", "frugal"];

    [Theory]
    [MemberData(nameof(ScaleFree))]
    public void Sign_rules_do_not_see_a_positive_rescale_of_the_gradient(string name)
    {
        UpdateRule Build()
            => name switch { "signsgd" => new SignSgd(new()), "signum" => new Signum(new()), _ => new Frugal(new() { Rho = 0 }) };
        using UpdateRun one = Run(Build()), eight = Run(Build());
        for (int step = 0; step < 5; step++)
        {
            one.Step(step, 0.01f, Gradient(step));
            eight.Step(step, 0.01f, [.. Gradient(step).Select(g => 8 * g)]);
        }

        Values.AssertSameBits(one.Weights, eight.Weights, name);
    }

    [Fact]
    public void Adam_without_epsilon_does_not_see_a_rescale_by_a_power_of_two()
    {
        using UpdateRun one = Run(new Adam(new() { Epsilon = 0 })), eight = Run(new Adam(new() { Epsilon = 0 }));
        for (int step = 0; step < 5; step++)
        {
            one.Step(step, 0.01f, Gradient(step));
            eight.Step(step, 0.01f, [.. Gradient(step).Select(g => 8 * g)]);
        }

        Values.AssertSameBits(one.Weights, eight.Weights, "adam");
    }

    [Fact]
    public void State_bytes_are_what_the_formula_says_and_exactly_none_for_state_free_rules()
    {
        long Bytes(UpdateRule update)
        {
            using var run = Run(update);
            Assert.Equal(update.StateBytes, run.Plan.BytesOf(MemoryCategory.UpdateState));
            Assert.Equal(update.StateBytes, 4L * update.State.Length);
            return update.StateBytes;
        }

        Assert.Equal(0, Bytes(new Sgd(new())));
        Assert.Equal(0, Bytes(new SignSgd(new())));
        Assert.Equal(0, Bytes(new Frugal(new() { Rho = 0 })));
        Assert.Equal(4 * Count, Bytes(new Sgd(new() { Momentum = 0.9f })));
        Assert.Equal(4 * Count, Bytes(new Signum(new())));
        Assert.Equal(8 * Count, Bytes(new Adam(new())));
    }

    public static TheoryData<string> Everyone => ["sgd", "momentum", "signsgd", "signum", "adam", "frugal", "block"];

    internal static UpdateRule Named(string name) => name switch
    {
        "sgd" => new Sgd(new() { WeightDecay = 0.01f }),
        "momentum" => new Sgd(new() { Momentum = 0.9f }),
        "signsgd" => new SignSgd(new()),
        "signum" => new Signum(new()),
        "adam" => new Adam(new() { WeightDecay = 0.01f }),
        "frugal" => new Frugal(new() { Rho = 0.5, RefreshSteps = 3, WeightDecay = 0.01f }) { Seed = 4 },
        _ => new Frugal(new() { Rho = 0.5, RefreshSteps = 3, Selection = FrugalSelection.Block }) { Seed = 4 },
    };

    [Theory]
    [MemberData(nameof(Everyone))]
    public void The_cut_into_panels_does_not_change_a_bit(string name)
    {
        using UpdateRun whole = Run(Named(name)), odd = Run(Named(name)), single = Run(Named(name));
        for (int step = 0; step < 8; step++)
        {
            whole.Step(step, 0.01f, Gradient(step));
            odd.Step(step, 0.01f, Gradient(step), panel: 6);
            single.Step(step, 0.01f, Gradient(step), panel: 1);
        }

        Values.AssertSameBits(whole.Weights, odd.Weights, name);
        Values.AssertSameBits(whole.Weights, single.Weights, name);
        Values.AssertSameBits(whole.Update.State, single.Update.State, name);
    }

    [Theory]
    [MemberData(nameof(Everyone))]
    public void Restored_weights_and_state_go_on_to_the_same_bits(string name)
    {
        using var undisturbed = Run(Named(name));
        float[] weights = [], state = [];
        for (int step = 0; step < 11; step++)
        {
            if (step == 5) (weights, state) = (undisturbed.Weights.ToArray(), undisturbed.Update.State.ToArray());
            undisturbed.Step(step, 0.01f, Gradient(step));
        }

        using var resumed = Run(Named(name));
        weights.CopyTo(resumed.Weights);
        state.CopyTo(resumed.Update.State);
        for (int step = 5; step < 11; step++) resumed.Step(step, 0.01f, Gradient(step));
        Values.AssertSameBits(undisturbed.Weights, resumed.Weights, name);
        Values.AssertSameBits(undisturbed.Update.State, resumed.Update.State, name);
    }

    [Theory]
    [MemberData(nameof(Everyone))]
    public void A_reset_update_starts_as_a_new_one(string name)
    {
        using UpdateRun used = Run(Named(name)), fresh = Run(Named(name));
        for (int step = 0; step < 5; step++) used.Step(step, 0.01f, Gradient(step));
        used.Update.Reset();
        used.Filled();
        for (int step = 0; step < 5; step++)
        {
            used.Step(step, 0.01f, Gradient(50 + step));
            fresh.Step(step, 0.01f, Gradient(50 + step));
        }

        Values.AssertSameBits(fresh.Weights, used.Weights, name);
    }

    [Theory]
    [MemberData(nameof(Everyone))]
    public void The_rate_scale_of_a_tensor_is_a_factor_on_its_rate(string name)
    {
        using UpdateRun scaled = Run(Named(name)), half = Run(Named(name));
        scaled.Parameters.Slices[0].RateScale = 0.5f;
        for (int step = 0; step < 5; step++)
        {
            scaled.Step(step, 0.5f, Gradient(step));
            half.Step(step, 0.25f, Gradient(step));
        }

        Values.AssertSameBits(half.Weights[..35], scaled.Weights[..35], name);
        Assert.False(half.Weights[35..].SequenceEqual(scaled.Weights[35..]));
    }
}
