using Xunit;

namespace EdgeLearn.Commands.Tests;

public class UsualRatesTests
{
    const string Text = "16-embed8-sinusoids-attn2:causal:block-tokens256", Classes = "16x8-conv3x4:relu-globalmax-3", Dense = "8-6-3";

    static float Rate(TrainingSettings settings, string network)
        => UsualRates.FillIn(settings, NetworkSpec.Parse(network, null, Loss.SoftmaxCrossEntropy), hiddenRateIsGiven: false).Rate;

    // Chosen on held-back samples (docs/forward-only.md): local rules on a text take more than backprop.
    [Theory]
    [InlineData(RuleKind.LocalHeads, Text, 0.01f)]
    [InlineData(RuleKind.TargetProjection, Text, 0.01f)]
    [InlineData(RuleKind.Backprop, Text, 0.003f)]
    [InlineData(RuleKind.LocalHeads, Classes, 0.003f)]
    [InlineData(RuleKind.LocalHeads, Dense, 0.003f)]
    public void Adam_takes_a_higher_rate_for_local_rules_on_a_text(RuleKind rule, string network, float rate)
        => Assert.Equal(rate, Rate(new TrainingSettings { Rule = rule, Update = UpdateKind.Adam }, network));

    [Fact]
    public void A_rate_that_was_given_stays()
    => Assert.Equal(0.5f, Rate(new TrainingSettings { Rule = RuleKind.LocalHeads, Update = UpdateKind.Adam, LearningRate = 0.5f }, Text));

    [Theory]
    [InlineData(Dense, 0.5f)]
    [InlineData(Classes, 0.1f)]
    public void Plain_sgd_takes_a_fifth_where_weights_are_shared(string network, float rate)
    => Assert.Equal(rate, Rate(new TrainingSettings { Rule = RuleKind.Backprop, Update = UpdateKind.Sgd }, network), 1e-6f);
}
