using System.Globalization;
using Xunit;

namespace EdgeLearn.Tests;

/// <summary>
/// Two inequalities on networks that nobody chose, drawn from a seed: depth 1 to 12, layers of all kinds, batches of 1 to 128, every
/// update. A forward-only rule without what its heads take needs no more than backprop with the rows that suit it best; and without a limit
/// a run takes at most 1.25 times inference, its state and its heads; but for the exceptions below.
/// </summary>
public class MemorySweepTests
{
    const int Networks = 120, ManyNetworks = 600;

    // The exceptions, each with its bound. Small panels weigh in small networks. Attention, mlp and recurrent layers keep the gradients of
    // all their weights until the pass is over, and what they save. With few rows there is little to cut: a map, its gradient and what a
    // norm or a recurrent layer saves of it stay as they are.
    const double PanelBytes = 8192, FewRows = 8, MostWithFewRows = 1.5, MostRecurrentWithFewRows = 1.9;

    // Backprop is one unit: behind a map that no gradient reads it needs only what a pool left of it, and one batch norm in it has one map
    // for the whole batch, where units apart hand on theirs.
    const double MostOfBackprop = 1.55, MostOfBackpropWithBatchNorm = 4.5;

    // Layers that keep the shape's rank, by the rank they read: vectors, sequences, maps.
    static readonly string[][] s_layers =
    [
        ["dense"],
        ["gru", "lstm", "rnn", "conv1d", "attn", "mlp", "stepwise"],
        ["conv2d", "depthwise", "strided", "local"],
    ];

    static readonly string[][] s_between = [["relu", "dropout0.2", "layernorm"], ["relu", "batchnorm", "layernorm", "pool2"],
        ["relu", "batchnorm", "layernorm", "pool2"]];

    /// <summary>The networks of the sweep.</summary>
    public static TheoryData<int> Seeds => [.. Enumerable.Range(0, Networks)];

    /// <summary>Many more.</summary>
    public static TheoryData<int> MoreSeeds => [.. Enumerable.Range(Networks, ManyNetworks - Networks)];

    sealed class Draw(int seed)
    {
        readonly ulong _key = Noise.Key((ulong)seed, 77);
        long _at;

        public int Whole(int from, int to) => from + (int)(Noise.UniformAt(_key, _at++) * (to - from + 1));

        public string Of(params string[] values) => values[Whole(0, values.Length - 1)];
    }

    // A network in shorthand, and the batch.
    static (string Spec, int Batch) Network(int seed)
    {
        var draw = new Draw(seed);
        int rank = draw.Whole(0, 2), depth = draw.Whole(1, 12), batch = 1 << draw.Whole(0, 7);
        int side = rank == 2 ? draw.Whole(8, 24) : 16;
        string text = rank switch
        {
            0 => I($"{draw.Whole(4, 400)}"),
            1 => I($"{draw.Whole(8, 64)}x{draw.Whole(1, 12)}"),
            _ => I($"{side}x{side}x{draw.Whole(1, 4)}"),
        };
        int pools = 0;
        for (int layer = 1; layer < depth; layer++)
        {
            string kind = draw.Of(s_layers[rank]);
            int units = 4 * draw.Whole(1, 16);
            text += "-" + kind switch
            {
                "dense" => I($"{units}:{draw.Of("relu", "tanh", "identity")}"),
                "gru" or "lstm" or "rnn" => I($"{kind}{units}:sequence"),
                "conv1d" => I($"conv{2 * draw.Whole(0, 3) + 1}x{units}:same:{draw.Of("relu", "identity")}"),
                "attn" => I($"stepwise{units}-attn2:block"),
                "mlp" => I($"mlp{units}:block"),
                "stepwise" => I($"stepwise{units}:relu"),
                "depthwise" => "depthwise3x3:same",
                "strided" when pools < 2 => I($"conv3x3x{units}:stride2:same:relu"),
                "local" => I($"conv3x3x{units}:same"),
                _ => I($"conv{2 * draw.Whole(0, 2) + 1}x{2 * draw.Whole(0, 1) + 1}x{units}:same:{draw.Of("relu", "identity")}"),
            };
            if (kind == "strided" && pools < 2) pools++;
            if (draw.Whole(0, 1) == 0) continue;
            string between = draw.Of(s_between[rank]);
            if (between == "pool2" && pools++ >= 2) continue;
            text += "-" + between;
        }

        if (rank > 0 && draw.Whole(0, 1) == 1) text += "-globalavg";
        return (text + I($"-{draw.Whole(2, 12)}"), batch);

        static string I(FormattableString value) => value.ToString(CultureInfo.InvariantCulture);
    }

    [Theory]
    [MemberData(nameof(Seeds))]
    public void Forward_only_rules_take_little_more_than_inference_and_no_more_than_backprop(int seed) => Check(seed);

    [Theory]
    [Trait("speed", "slow")]
    [MemberData(nameof(MoreSeeds))]
    public void Nor_do_they_on_many_more_networks(int seed) => Check(seed);

    // Most networks are no exception.
    [Fact]
    public void On_nine_networks_of_ten_they_take_no_more_than_backprop_at_all()
    {
        const int Some = Networks / 2;
        int within = Enumerable.Range(0, Some).Sum(Check);
        Assert.True(within >= 0.9 * 2 * Some, $"{within} of {2 * Some}");
    }

    // Returns how many of the two rules take no more than backprop, but for a fiftieth.
    static int Check(int seed)
    {
        int within = 0;
        var (text, batch) = Network(seed);
        var spec = NetworkSpec.Parse(text, null, Loss.SoftmaxCrossEntropy);
        double inference = TrainingPlan.MemoryOfInference(spec, batch).TotalBytes;
        var update = UpdateRules.All[seed % UpdateRules.All.Count];
        var settings = new TrainingSettings { Rule = new BackpropSettings(), Update = update, Batch = batch };
        var backprop = TrainingPlan.MemoryOf(spec, settings, 0);
        foreach (string rule in (string[])["tpsgd", "local-heads"])
        {
            var own = settings with { Rule = LearningRules.Named(rule) };
            MemoryPlan least = TrainingPlan.MemoryOf(spec, own, 0), usual = TrainingPlan.MemoryOf(spec, own);
            double heads = least.BytesOf(MemoryCategory.UpdateState) - backprop.BytesOf(MemoryCategory.UpdateState) + HeadBytes(least);
            double ofBackprop = (least.TotalBytes - heads) / backprop.TotalBytes;
            double ofInference = (usual.TotalBytes - usual.BytesOf(MemoryCategory.UpdateState) - HeadBytes(usual)) / inference;
            string name = $"{rule} {update.Word} {batch} {text}";
            bool hasBatchNorm = text.Contains("batchnorm", StringComparison.Ordinal);
            double mostOfBackprop = (hasBatchNorm ? MostOfBackpropWithBatchNorm : MostOfBackprop) + PanelBytes / backprop.TotalBytes;
            Assert.True(ofBackprop <= mostOfBackprop, $"{name}: {ofBackprop:F3} of backprop");
            double most = MostOfInference(spec, batch) + PanelBytes / inference;
            Assert.True(ofInference <= most, $"{name}: {ofInference:F3} of inference, at most {most:F3}");
            within += ofBackprop <= 1.02 ? 1 : 0;
        }

        return within;
    }

    static double MostOfInference(NetworkSpec spec, int batch)
    {
        using var network = new Network(spec);
        var heavy = network.Layers.Where(layer => layer is StepwiseLayer or RecurrentLayer).ToList();
        double weights = heavy.Select(layer => layer.Slices.Sum(slice => slice.Bytes)).DefaultIfEmpty().Max();
        bool isRecurrent = heavy.Any(layer => layer is RecurrentLayer);
        double most = batch > FewRows ? 1.25 : isRecurrent ? MostRecurrentWithFewRows : MostWithFewRows;
        return most + 2 * weights / TrainingPlan.MemoryOfInference(spec, batch).TotalBytes;
    }

    // The most that the buffers of heads hold at one moment.
    static double HeadBytes(MemoryPlan plan)
    {
        var heads = plan.Buffers.Where(buffer => buffer.Name.Contains(".head.", StringComparison.Ordinal)).ToList();
        return heads.Select(at => heads.Where(buffer => buffer.FirstUse <= at.FirstUse && at.FirstUse <= buffer.LastUse)
            .Sum(buffer => buffer.Bytes)).DefaultIfEmpty().Max();
    }
}
