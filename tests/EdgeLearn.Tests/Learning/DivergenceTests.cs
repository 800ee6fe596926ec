using Xunit;

namespace EdgeLearn.Tests;

public sealed class DivergenceTests
{
    static readonly MemoryDataset s_data = new([1, 2, 3, 4], [0, 1], Shape.Vector(2));

    static TrainingSession Session(Network network, string rule = "backprop", Preparation? preparation = null)
        => new(network, new TrainingSettings { Rule = LearningRules.Named(rule), Steps = 10, Batch = 2, LearningRate = 0.1f }, s_data,
            preparation ?? Preparation.Identity);

    static Network NewNetwork(string spec = "2-3:relu-3:relu-2")
        => new Network(NetworkSpec.Parse(spec, null, Loss.SoftmaxCrossEntropy)).Initialise(1);

    [Fact]
    public void Outputs_that_overflow_name_their_layer_and_change_no_weight()
    {
        using var network = NewNetwork();
        foreach (int layer in (int[])[0, 1]) network.Parameters[network.Layers[layer].Slices[0]].Fill(1e20f);
        using var session = Session(network);
        byte[] before = network.Parameters.ContentHash();
        Assert.True(session.Step().Diverged);
        Assert.Equal(before, network.Parameters.ContentHash());
        Assert.Equal(new Divergence(DivergenceCause.Output, "layers.1", 4), session.FindDivergence());
    }

    [Theory]
    [InlineData("backprop")]
    [InlineData("tpsgd")]
    public void The_first_weight_that_is_not_finite_is_named(string rule)
    {
        using var network = NewNetwork("2-3-3-2");
        network.Parameters[network.Layers[1].Slices[0]][2] = float.NaN;
        using var session = Session(network, rule);
        Assert.True(session.Step().Diverged);
        Assert.Equal((DivergenceCause.Weight, "layers.1.weight"), (session.FindDivergence().Cause, session.FindDivergence().Place));
    }

    [Fact]
    public void Inputs_that_their_preparation_makes_infinite_are_named_first()
    {
        using var network = NewNetwork();
        using var session = Session(network, preparation: new Preparation([0], [3e38f]));
        Assert.True(session.Step().Diverged);
        var divergence = session.FindDivergence();
        Assert.Equal((DivergenceCause.Input, true), (divergence.Cause, divergence.HasLargeInputs));
        Assert.StartsWith("an input is not finite once it is prepared", divergence.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void A_loss_that_merely_grew_has_no_place()
    {
        using var network = NewNetwork();
        using var session = Session(network);
        session.Step();
        Assert.Equal(new Divergence(DivergenceCause.Loss, null, 4), session.FindDivergence());
    }
}
