using Xunit;

namespace EdgeLearn.Tests;

/// <summary>A training step allocates nothing, for every rule with every update.</summary>
public class AllocationTests
{
    const int Batch = 6;

    static readonly string[] s_rules = ["backprop", "frozen", "tpsgd", "tpsgd hinge", "local-heads", "local-heads hidden",
        "local-heads similarity", "tpsgd l1", "tpsgd linear gaussian", "tpsgd layer by layer", "zo", "zo gaussian", "elastic-zo"];

    public static TheoryData<string, string> Cases
    {
        get
        {
            var cases = new TheoryData<string, string>();
            foreach (string rule in s_rules)
            {
                foreach (string update in UpdateRuleTests.Everyone.Select(row => row.Data)) cases.Add(rule, update);
            }

            return cases;
        }
    }

    static LearningRule Named(string name, Network network) => name switch
    {
        "backprop" => new Backprop(network),
        "frozen" => new Frozen(network),
        "tpsgd" => new TargetProjection(network, new TargetProjectionSettings()),
        "tpsgd l1" => new TargetProjection(network, new TargetProjectionSettings { LocalLoss = LocalLoss.L1 }),
        "tpsgd linear gaussian" =>
            new TargetProjection(network, new TargetProjectionSettings { LocalLoss = LocalLoss.Linear, Targets = NoiseKind.Gaussian }),
        "tpsgd hinge" => new TargetProjection(network, new TargetProjectionSettings { LocalLoss = LocalLoss.Hinge }),
        "local-heads" => new LocalHeads(network, new(), new RuleContext(OwnUpdate: new Adam(new()))),
        "local-heads hidden" => new LocalHeads(network, new() { HeadUnits = 5 }),
        "local-heads similarity" => new LocalHeads(network, new() { Similarity = 0.5f }),
        "tpsgd layer by layer" => new TargetProjection(network, new() { LayerByLayer = true }, new RuleContext(TotalSteps: 90)),
        "zo" => new ZerothOrder(new NetworkForwardPass(network), network.Loss, new ZerothOrderSettings { Directions = 2 }),
        "zo gaussian" =>
            new ZerothOrder(new NetworkForwardPass(network), network.Loss, new ZerothOrderSettings { Noise = NoiseKind.Gaussian }),
        _ => new ElasticZerothOrder(network, new() { Directions = 2 }),
    };

    static readonly string[] s_networks =
    [
        "6x6-21@3x3-18@5-8-4",
        "8x8-conv3x3x4-pool2-depthwise3x3:same-batchnorm-relu-local2x2x3-globalavg-8-layernorm-gelu-dropout0.2-4",
        "8x8-conv3x3x4:stride2-residual(conv3x3x4:same-batchnorm-silu-conv3x3x4:same|conv1x1x4)-leakyrelu-avgpool2-flatten-4",
        "12x5-conv3x6:same-rmsnorm-pool2-conv3x4:groups2-globalmax-4",
        "12x5-residual(conv3x6:same-relu-conv3x6:same|conv1x6)-scale(conv3x4:same)-globalmax-4",
        "9x3-gru6:sequence-lstm5:sequence-rnn4-4",
        "9x3-gru6:sequence:truncate2-lstm5:truncate3-4",
        "8x8-lora2(conv3x3x4:tanh)-pool2-scale(conv3x3x4:same)-bottleneck3(conv1x1x4)-globalavg-lora2(6:relu)-bottleneck2(7:tanh)-scale(4)",
        "9x3-lora2(gru6:sequence)-lora2(lstm5:sequence)-lora3(rnn4:sequence)-lora2(attn2:block)-lora2(mlp7)-4",
        "6x8-positions-attn2:causal:block-mlp12:block-sinusoids-attn4-mlp5-stepwise20-layernorm-4",
    ];

    // A label for each step, for the rules that can learn them.
    static readonly string[] s_sequences = ["5-embed9x8-attn2:causal:block-stepwise9", "5-embed9x8-attn2:causal:block-tokens9",
        "5-embed9x4-rnn4:sequence-tokens2000", "5-embed9x8-attn2:causal:block-tokens9:tied"];

    // The runtime itself may allocate when it needs something for the first time, in whatever step that is. What a step allocates it
    // allocates again in the same step of a new run.
    static long BytesPerSteps(string rule, Func<UpdateRule> update, string loss, string spec)
    {
        long bytes = BytesOfRun(rule, update(), loss, spec);
        return bytes == 0 ? 0 : BytesOfRun(rule, update(), loss, spec);
    }

    static long BytesOfRun(string rule, UpdateRule update, string loss, string spec)
    {
        using var network = new Network(NetworkSpec.Parse(spec, null, Loss.Named(loss))).Initialise(1);
        var samples = new SampleSet(network, Batch);
        using var run = new RuleRun(network.Parameters, Named(rule, network), update, Batch);
        void Steps(int count)
        {
            for (int step = 0; step < count; step++) run.Step(samples.Rows(1 + step % Batch), 1e-3f);
        }

        Steps(30);
        long before = GC.GetAllocatedBytesForCurrentThread();
        Steps(60);
        return GC.GetAllocatedBytesForCurrentThread() - before;
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void A_step_allocates_nothing(string rule, string update)
    {
        foreach (string network in s_networks)
            Assert.Equal(0, BytesPerSteps(rule, () => UpdateRuleTests.Named(update), "cross-entropy", network));
        Assert.Equal(0, BytesPerSteps(rule, () => UpdateRuleTests.Named(update), "mean-square", s_networks[0]));
        foreach (string network in s_sequences)
        {
            bool learns = network.Contains(":tied", StringComparison.Ordinal)
                ? rule is "backprop" or "zo"
                : rule is not ("tpsgd l1" or "tpsgd linear gaussian");
            if (learns) Assert.Equal(0, BytesPerSteps(rule, () => UpdateRuleTests.Named(update), "cross-entropy", network));
        }
    }

    sealed class WastefulUpdate : UpdateRule
    {
        public object? Waste { get; private set; }

        protected override long StateLengthOf(ParameterSet parameters) => 0;

        public override void BeginStep(in StepClock clock)
        {
            base.BeginStep(clock);
            if (clock.Step == 80) Waste = new object();
        }

        public override void Accept(ParameterSlice slice, int offset, ReadOnlySpan<float> gradient)
        {
        }
    }

    [Fact]
    public void The_measurement_sees_a_single_object()
    => Assert.InRange(BytesPerSteps("backprop", () => new WastefulUpdate(), "cross-entropy", s_networks[0]), 16, 64);
}
