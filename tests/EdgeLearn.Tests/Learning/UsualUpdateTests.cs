using Xunit;

namespace EdgeLearn.Tests;

/// <summary>The table of docs/choosing.md: the least state within half a point of the best on held-back samples.</summary>
public class UsualUpdateTests
{
    [Theory]
    [InlineData("8x8-200@4x4-128-10", "signsgd", "signsgd")]
    [InlineData("28x28-conv5x5x16:relu-pool2-128:relu-10", "signum, weight-decay = 0.3", "signum, weight-decay = 0.3")]
    [InlineData("32x32x3-conv3x3x32-batchnorm-relu-10", "adam", "adam")]
    [InlineData("49x10-conv9x128:same-layernorm-relu-globalmax-12", "signsgd, weight-decay = 0.3", "signsgd, weight-decay = 0.3")]
    [InlineData("128x6-gru32:sequence-lstm8-12", "signum, weight-decay = 0.3", "signum, weight-decay = 0.3")]
    [InlineData("16-embed8-sinusoids-attn2:causal:block-tokens256", "adam", "adam")]
    [InlineData("16x6-conv3x4-gru3-12", "adam", "adam")]
    [InlineData("8x8-conv3x3x4-local3x3x4-12", "adam", "adam")]
    public void Local_rules_take_the_least_state_that_suits_a_kind_of_network(string network, string localHeads, string tpsgd)
    {
        var kind = NetworkSpec.Parse(network, null, Loss.SoftmaxCrossEntropy).KindOf();
        string[] usual = [localHeads, tpsgd, "adam", "adam", "sgd", "sgd"];
        RuleSettings[] rules = [new LocalHeadsSettings(), new TargetProjectionSettings(), new BackpropSettings(), new FrozenSettings(),
            new ZerothOrderSettings(), new ElasticZerothOrderSettings()];
        Assert.Equal(usual, rules.Select(rule => Text(rule.UsualUpdate(kind))));

        static string Text(UpdateSettings update)
            => update.ToString() is { Length: > 0 } changes ? $"{update.Word}, {changes}" : update.Word;
    }

    [Fact]
    public void Real_numbers_were_not_measured()
        => Assert.Equal(NetworkKind.Other, NetworkSpec.Parse("8-6-1", null, Loss.Named("mean-square")).KindOf());
}
