using System.Text.Json;
using Xunit;

namespace EdgeLearn.Tests;

/// <summary>
/// Networks with a label for each step: against PyTorch in double (tests/Reference/make_decoder_golden.py), and the head that makes a few
/// outputs at a time against the one that makes all.
/// </summary>
public class TokenHeadTests
{
    static readonly JsonElement s_golden = Golden.Read("decoders.json");

    public static TheoryData<string> Specs => [.. s_golden.Items("decoders").Select(item => item.Text("spec"))];

    static JsonElement Item(string spec) => s_golden.Items("decoders").Single(item => item.Text("spec") == spec);

    static Network Build(string spec)
    {
        var network = new Network(NetworkSpec.Parse(spec, null, Loss.SoftmaxCrossEntropy)).Initialise(1);
        int salt = 10;
        foreach (var slice in network.Parameters.Slices) LayerCase.Values(slice.Length, salt++).CopyTo(network.Parameters[slice]);
        return network;
    }

    [Theory]
    [MemberData(nameof(Specs))]
    public void Loss_and_all_gradients_of_a_decoder_equal_those_of_PyTorch(string spec)
    {
        var item = Item(spec);
        using var network = Build(spec);
        int count = item.GetProperty("batch").GetInt32();
        var batch = new Batch(count, item.Floats("inputs"), item.Integers("labels"), network.Spec.LabelLength);
        using var pass = new BoundPass(network, count, isProbed: true);
        double expected = item.GetProperty("loss").GetDouble();
        Values.AssertNear(item.Doubles("outputs"), pass.Outputs(batch), 1e-5, "outputs");
        var (lossSum, correct) = pass.Pass.Score(batch, network.Loss, new float[pass.Pass.ScoreLength(count)]);
        Assert.Equal(expected, lossSum / count, 1e-6 * expected);
        Assert.Equal(item.GetProperty("correct").GetInt32(), correct);

        var recorder = new GradientRecorder();
        using var run = new RuleRun(network.Parameters, new Backprop(network), recorder, count);
        Assert.Equal(expected, run.Step(batch).Loss, 1e-6 * expected);
        JsonElement[] gradients = [.. item.Items("gradients")];
        Assert.Equal(gradients.Length, network.Parameters.Slices.Count);
        for (int i = 0; i < gradients.Length; i++)
        {
            string tensor = network.Parameters.Slices[i].Name;
            Values.AssertNear([.. gradients[i].EnumerateArray().Select(value => value.GetDouble())], recorder[tensor], 1e-5, tensor);
        }
    }

    [Theory]
    [InlineData(1, 5, 3, 7, true)]
    [InlineData(2, 16, 5, 96, false)]
    [InlineData(7, 9, 4, 97, true)]
    [InlineData(60, 10, 8, 300, false)]
    [InlineData(5, 130, 16, 1000, true)]
    public void A_few_outputs_at_a_time_give_the_loss_and_gradients_of_all_at_once(int samples, int steps, int width, int words,
        bool hasBias)
    {
        using var parameters = new ParameterSet();
        var spec = new TokenHeadSpec(words, false) { HasBias = hasBias };
        var head = (TokenHeadLayer)spec.Build("head", Shape.Sequence(steps, width), parameters);
        parameters.Allocate();
        Values.Fill(parameters[head.Weight], 3);
        if (hasBias) Values.Fill(parameters[head.Bias!], 4);
        float[] x = Values.Random(samples * steps * width, 1), logits = new float[samples * head.OutputLength], dx = Nan(x.Length),
            expectedDx = new float[x.Length], dWeight = Nan(words * width), dBias = hasBias ? Nan(words) : [];
        var batch = new Batch(samples, x, Values.Labels(samples * steps, words, 2), steps);
        head.Forward(samples, parameters, ForwardMode.Evaluation, x, logits, default,
            Nan(head.Needs(samples).ForwardScratch));
        int expectedCorrect = Loss.SoftmaxCrossEntropy.CountCorrect(batch, logits);
        double expected = Loss.SoftmaxCrossEntropy.Gradient(batch, logits);
        var trace = new ForwardTrace(samples, parameters, ForwardMode.Evaluation, x, default, default);
        var recorder = new GradientRecorder();
        head.InputGradient(trace, logits, expectedDx, Nan(head.Needs(samples).InputScratch));
        head.ParameterGradient(trace, logits, Nan(head.Needs(samples).ParameterScratch), recorder);

        Assert.Equal(expected, head.Loss(batch, parameters, Probe.None, x, out int correct, Nan(head.LossScratchLength(samples))),
            1e-6 * expected);
        Assert.Equal(expectedCorrect, correct);
        Assert.Equal(expected,
            head.LossGradient(batch, parameters, x, dWeight, dBias, dx, Nan(head.LossGradientScratchLength(samples))), 1e-6 * expected);
        Values.AssertNear([.. expectedDx.Select(value => (double)value)], dx, 3e-6, "input gradient");
        Values.AssertNear([.. recorder["head.weight"].Select(value => (double)value)], dWeight, 3e-6, "weight gradient");
        if (hasBias) Values.AssertNear([.. recorder["head.bias"].Select(value => (double)value)], dBias, 3e-6, "bias gradient");

        // Some words for all steps give the same bits, as a whole and handed on a panel at a time.
        float[] other = Nan(words * width), otherBias = hasBias ? Nan(words) : [], otherDx = Nan(x.Length);
        double byWords = head.LossGradientByWords(batch, parameters, x, other, otherBias, otherDx, null,
            Nan(head.ByWordsScratchLength(samples, handsOn: false)));
        Assert.Equal(expected, byWords, 1e-6 * expected);
        Values.AssertSameBits(dWeight, other, "weight gradient by words");
        Values.AssertSameBits(dBias, otherBias, "bias gradient by words");
        Values.AssertSameBits(dx, otherDx, "input gradient by words");
        var panels = new GradientRecorder();
        head.LossGradientByWords(batch, parameters, x, default, default, default, panels,
            Nan(head.ByWordsScratchLength(samples, handsOn: true)));
        Values.AssertSameBits(dWeight, panels["head.weight"], "weight gradient in panels");
        if (hasBias) Values.AssertSameBits(dBias, panels["head.bias"], "bias gradient in panels");
    }

    [Fact]
    public void Of_equal_outputs_the_first_is_the_choice()
    {
        using var parameters = new ParameterSet();
        var head = (TokenHeadLayer)new TokenHeadSpec(200, false).Build("head", Shape.Sequence(4, 3), parameters);
        parameters.Allocate();
        var batch = new Batch(1, new float[12], [0, 1, 150, 199], 4);
        head.Loss(batch, parameters, Probe.None, batch.Inputs, out int correct, new float[head.LossScratchLength(1)]);
        Assert.Equal(1, correct);
    }

    [Fact]
    public void A_probe_gives_the_loss_of_weights_that_were_really_changed()
    {
        const string Spec = "6-embed20x8-positions-attn2:causal:block-mlp16:block-layernorm-tokens20:tied";
        using Network probed = Build(Spec), changed = Build(Spec);
        var probe = new Probe(NoiseKind.Gaussian, 9, 0.02f);
        foreach (var slice in changed.Parameters.Slices)
        {
            Noise.Add(probe.Kind, Noise.Key(probe.Seed, slice.NameHash), 0, probe.Scale, changed.Parameters[slice],
                changed.Parameters[slice]);
        }
        var batch = new Batch(3, [.. Values.Labels(18, 20, 1).Select(token => (float)token)], Values.Labels(18, 20, 2), 6);
        using BoundPass one = new(probed, 3, isProbed: true), other = new(changed, 3, isProbed: true);
        Span<double> losses = stackalloc double[3];
        one.Pass.Losses([probe, Probe.None, probe.Opposite()], batch, probed.Loss, losses);
        Span<double> expected = stackalloc double[1];
        other.Pass.Losses([Probe.None], batch, changed.Loss, expected);
        Assert.Equal(expected[0], losses[0]);
        Assert.NotEqual(losses[0], losses[1]);
    }

    [Theory]
    [InlineData("6-embed20x8-tokens30:tied",
        "layer 2 (tokens30:tied) shares the weights of an embedding of 30 words and 8 values, "
            + "but the network begins with embed20x8: begin it with embed30x8, or write tokens30")]
    [InlineData("6x8-stepwise8-tokens8:tied", "but the network begins with stepwise8")]
    [InlineData("6-embed20x8-tokens20-stepwise4",
        "layer 2 (tokens20) has 1 layers behind it, but it is a head: put it last, or use stepwise20 there")]
    [InlineData("6-tokens20", "layer 1 (tokens20) needs a sequence")]
    public void A_head_in_the_wrong_place_is_refused(string spec, string message)
        => Assert.Contains(message,
            Assert.Throws<EdgeLearnException>(() => NetworkSpec.Parse(spec, null, Loss.SoftmaxCrossEntropy)).Message);

    [Fact]
    public void Rules_that_cannot_learn_a_label_for_each_step_or_shared_weights_say_so()
    {
        NetworkSpec plain = NetworkSpec.Parse("6-embed20x8-tokens20", null, Loss.SoftmaxCrossEntropy),
            tied = NetworkSpec.Parse("6-embed20x8-tokens20:tied", null, Loss.SoftmaxCrossEntropy);
        Assert.Contains("tpsgd with this --local-loss has one target a sample, the network has a label for each of 6 steps: use "
            + "--local-loss cross-entropy or hinge", Refusal(plain, "tpsgd", "l2"));
        Assert.Contains("local-heads cannot train weights that the first and the last layer share", Refusal(tied, "local-heads"));
        Assert.Contains("layers.0 leaves 8, on which a local head cannot classify 6 steps",
            Refusal(NetworkSpec.Parse("20-8-24-reshape6x4-gru4:sequence-stepwise3", null, Loss.SoftmaxCrossEntropy), "local-heads"));
        Assert.Contains("frozen cannot train weights that the first and the last layer share: use backprop or zo, or end the network with "
            + "tokens20", Refusal(tied, "frozen"));

        static TrainingSettings Of(string rule) => new() { Rule = LearningRules.Named(rule) };

        static string Refusal(NetworkSpec spec, string rule, string? loss = null)
            => Assert.Throws<EdgeLearnException>(() =>
                TrainingPlan.MemoryOf(spec, loss is null ? Of(rule) : Of(rule).With("local-loss", loss))).Message;
    }

    [Theory]
    [InlineData("backprop", 0.05)]
    [InlineData("frozen", 2.0)]
    public void A_decoder_learns_to_repeat_what_it_sees(string rule, double mostLoss)
    {
        // The next token is the one before, plus one.
        const int Words = 11, Steps = 9, Samples = 64;
        float[] inputs = new float[Samples * Steps];
        int[] labels = new int[Samples * Steps];
        for (int i = 0; i < inputs.Length; i++)
        {
            inputs[i] = (i / Steps + i % Steps) % Words;
            labels[i] = ((int)inputs[i] + 1) % Words;
        }

        var spec = NetworkSpec.Parse($"{Steps}-embed{Words}x16-positions-attn2:causal:block-mlp32:block-layernorm-tokens{Words}", null,
            Loss.SoftmaxCrossEntropy);
        using var network = new Network(spec).Initialise(1);
        using var data = new MemoryDataset(inputs, labels, Shape.Vector(Steps), labelLength: Steps);
        using var session = new TrainingSession(network,
            new TrainingSettings
            {
                Rule = LearningRules.Named(rule),
                Update = new AdamSettings(),
                Epochs = 40,
                Batch = 16,
                LearningRate = 0.01f
            }, data,
            Preparation.Identity);
        while (!session.IsDone) session.Step();
        var result = session.Evaluate(data);
        Assert.InRange(result.Loss, 0, mostLoss);
        Assert.InRange(result.Accuracy, rule == "backprop" ? 1 : 0.3, 1);
    }

    [Fact]
    public void Data_with_another_number_of_labels_is_refused()
    {
        using Network sequence = new(NetworkSpec.Parse("4-embed9x5-tokens9", null, Loss.SoftmaxCrossEntropy)),
            one = new(NetworkSpec.Parse("4-embed9x5-globalavg-9", null, Loss.SoftmaxCrossEntropy));
        using MemoryDataset single = new(new float[8], [0, 8], Shape.Vector(4)),
            many = new(new float[8], new int[8], Shape.Vector(4), 9, labelLength: 4);
        Assert.Contains("has 1 label a sample, the network's outputs are 4x9 and need 4 labels: put globalavg",
            Assert.Throws<EdgeLearnException>(() => TrainingSession.CheckFit(sequence, single)).Message);
        Assert.Contains("has 4 labels a sample, the network's outputs are 9 and need 1 label: end it with tokens9 or stepwise9",
            Assert.Throws<EdgeLearnException>(() => TrainingSession.CheckFit(one, many)).Message);
        TrainingSession.CheckFit(sequence, many);
        TrainingSession.CheckFit(one, single);
    }

    static float[] Nan(long length) => LayerCase.Buffer(length);
}
