using Xunit;

namespace EdgeLearn.Tests;

public class UsualRateTests
{
    const string Text = "16-embed8-sinusoids-attn2:causal:block-tokens256", Classes = "16x8-conv3x4:relu-globalmax-3", Dense = "8-6-3";

    static NetworkSpec Spec(string network, Loss? loss = null) => NetworkSpec.Parse(network, null, loss ?? Loss.SoftmaxCrossEntropy);

    static float Rate(string rule, UpdateSettings update, string network)
        => UsualRate.For(LearningRules.Named(rule), update, Spec(network)).Rate;

    // Chosen on held-back samples (docs/forward-only.md): local rules on a text take more than backprop.
    [Theory]
    [InlineData("local-heads", Text, 0.01f)]
    [InlineData("tpsgd", Text, 0.01f)]
    [InlineData("backprop", Text, 0.003f)]
    [InlineData("local-heads", Classes, 0.003f)]
    [InlineData("local-heads", Dense, 0.003f)]
    [InlineData("frozen", Dense, 0.01f)]
    [InlineData("zo", Dense, 0.0001f)]
    public void Adam_takes_a_higher_rate_for_local_rules_on_a_text(string rule, string network, float rate)
        => Assert.Equal(rate, Rate(rule, new AdamSettings(), network));

    [Theory]
    [InlineData("backprop", Dense, 0, 0.5f)]
    [InlineData("backprop", Classes, 0, 0.1f)]
    [InlineData("tpsgd", Dense, 0.9f, 0.05f)]
    [InlineData("frozen", Dense, 0, 2f)]
    [InlineData("frozen", Classes, 0, 2f)]
    [InlineData("zo", Dense, 0, 0.001f)]
    public void Plain_sgd_takes_a_fifth_where_weights_are_shared_and_less_with_momentum(string rule, string network, float momentum,
        float rate)
        => Assert.Equal(rate, Rate(rule, new SgdSettings { Momentum = momentum }, network), 1e-6f);

    // Recurrent nets of local rules need the whole rate of dense ones, measured with a class a sequence alone.
    [Theory]
    [InlineData("local-heads", "16x8-gru4-3", 0.5f)]
    [InlineData("tpsgd", "16x8-gru4:sequence-gru4-3", 0.5f)]
    [InlineData("local-heads", "16x8-conv3x4:relu-gru4-3", 0.1f)]
    [InlineData("local-heads", "16x8-gru4:sequence-stepwise3", 0.1f)]
    [InlineData("backprop", "16x8-gru4-3", 0.1f)]
    public void Plain_sgd_takes_the_rate_of_dense_nets_for_recurrent_ones_of_local_rules(string rule, string network, float rate)
        => Assert.Equal(rate, Rate(rule, new SgdSettings(), network), 1e-6f);

    // Chosen on held-back samples (docs/choosing.md). FRUGAL learns most of its weights as signSGD does.
    [Theory]
    [InlineData("local-heads", "signsgd", 0.006f)]
    [InlineData("tpsgd", "signsgd", 0.006f)]
    [InlineData("local-heads", "frugal", 0.006f)]
    [InlineData("tpsgd", "signum", 0.002f)]
    [InlineData("backprop", "signsgd", 0.003f)]
    [InlineData("backprop", "frugal", 0.003f)]
    [InlineData("backprop", "signum", 0.001f)]
    [InlineData("frozen", "signsgd", 0.001f)]
    [InlineData("zo", "signsgd", 0.0001f)]
    public void Sign_updates_take_a_higher_rate_where_hidden_layers_learn(string rule, string update, float rate)
        => Assert.Equal(rate, Rate(rule, UpdateRules.Named(update), Dense));

    [Fact]
    public void A_rate_that_was_given_stays()
    {
        var settings = new TrainingSettings { Rule = new LocalHeadsSettings(), LearningRate = 0.25f };
        Assert.Equal(settings, settings.WithRates(Spec("8-6-2", Loss.MeanSquareError)));
    }

    // The last layer of a regression gets 1 / (inputs + 1), here of 6; hidden layers keep 0.5, and 0.3 of it with the loss l2.
    [Fact]
    public void Real_targets_slow_the_last_layer_alone()
    {
        float Hidden(RuleSettings rule, out float rate)
        {
            var settings = new TrainingSettings { Rule = rule }.WithRates(Spec("8-6-2", Loss.MeanSquareError));
            rate = settings.LearningRate!.Value;
            return float.Parse(settings.Rule.Find("hidden-rate")!.Get(settings.Rule)!, System.Globalization.CultureInfo.InvariantCulture);
        }

        Assert.Equal(0.5f, Hidden(new LocalHeadsSettings(), out float rate) * rate, 1e-6f);
        Assert.Equal(1f / 7, rate, 1e-6f);
        Assert.Equal(0.15f, Hidden(new TargetProjectionSettings { LocalLoss = LocalLoss.L2 }, out rate) * rate, 1e-6f);
        Assert.Equal(2f, Hidden(new LocalHeadsSettings { HiddenRate = 2 }, out _));
        Assert.Equal(1f / 7, UsualRate.For(new BackpropSettings(), new SgdSettings(), Spec("8-6-2", Loss.MeanSquareError)).Rate, 1e-6f);
    }

    [Fact]
    public void A_session_runs_at_the_usual_rate_and_says_it()
    {
        using var network = new Network(Spec(Classes)).Initialise(1);
        using var data = new MemoryDataset(new float[16 * 8 * 3], [0, 1, 2], new Shape(16, 8));
        using var session = new TrainingSession(network, new TrainingSettings { Rule = new BackpropSettings(), Batch = 3 }, data,
            Preparation.Identity);
        Assert.Equal(0.1f, session.Settings.LearningRate);
    }
}
