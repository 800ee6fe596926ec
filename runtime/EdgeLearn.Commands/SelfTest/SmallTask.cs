namespace EdgeLearn.Commands;

/// <summary>
/// The task of the selftest: 6x6 images of three classes, made from the noise; tests/Reference/make_selftest_golden.py makes the same.
/// </summary>
static class SmallTask
{
    const int Side = 6;
    const int Samples = 32;
    const int Classes = 3;
    const ulong DataSeed = 7;

    /// <summary>Seed of weights, targets and directions.</summary>
    public const ulong Seed = 11;

    /// <summary>Windows with tanh, a dense layer with ReLU, a dense head.</summary>
    public static NetworkSpec Network { get; } = NetworkSpec.Parse("6x6-12@3x3-8:relu-3", null, Loss.SoftmaxCrossEntropy);

    /// <summary>Uniform in -1..1, plus a half at every third value that is the class's.</summary>
    public static MemoryDataset Data()
    {
        ulong key = Noise.Key(DataSeed, Noise.TensorHash("selftest.inputs"));
        float[] inputs = new float[Samples * Side * Side];
        int[] labels = new int[Samples];
        for (int n = 0; n < Samples; n++)
        {
            labels[n] = n % Classes;
            for (int j = 0; j < Side * Side; j++)
            {
                int i = (n * Side * Side) + j;
                inputs[i] = (2 * Noise.UniformAt(key, i)) - 1 + (j % Classes == labels[n] ? 0.5f : 0);
            }
        }

        return new MemoryDataset(inputs, labels, new Shape(Side, Side), Classes);
    }

    /// <summary>The same inputs with two real targets a sample: their mean and their first value.</summary>
    public static MemoryDataset Regression()
    {
        var data = Data();
        float[] inputs = new float[Samples * Side * Side];
        float[] targets = new float[Samples * 2];
        for (int n = 0; n < Samples; n++)
        {
            var row = inputs.AsSpan(n * Side * Side, Side * Side);
            data.ReadInput(n, row);
            foreach (float value in row) targets[2 * n] += value / row.Length;
            targets[(2 * n) + 1] = row[0];
        }

        return new MemoryDataset(inputs, targets, new Shape(Side, Side), 2);
    }

    /// <summary>Every update in the forms that differ in state.</summary>
    public static IEnumerable<(string Name, TrainingSettings Settings)> Updates()
    {
        yield return With("sgd", new SgdSettings());
        yield return With("sgd with momentum", new SgdSettings { Momentum = 0.9f });
        yield return With("signsgd", new SignSgdSettings());
        yield return With("signum", new SignumSettings());
        yield return With("adam", new AdamSettings());
        yield return With("frugal with rho 0", new FrugalSettings { Rho = 0 });
        yield return With("frugal by columns", new FrugalSettings { Rho = 0.5, RefreshSteps = 3, StateFull = "*.bias" });
        yield return With("frugal by block", new FrugalSettings
        {
            Rho = 0.4,
            RefreshSteps = 3,
            Selection = FrugalSelection.Block,
            Remainder = FrugalRemainder.Plain
        });

        static (string, TrainingSettings) With(string name, UpdateSettings update)
            => (name, new TrainingSettings
            {
                Update = update with { WeightDecay = 0.01f },
                Seed = Seed,
                Batch = 7,
                Steps = 14,
                LearningRate = 0.01f
            });
    }

    // With two directions, and two layers of exact gradients.
    static RuleSettings[] Rules =>
    [
        .. LearningRules.All.Select(rule => rule switch
        {
            ZerothOrderSettings zerothOrder => zerothOrder with { Directions = 2 },
            ElasticZerothOrderSettings elastic => elastic with { Directions = 2, ExactLayers = 2 },
            _ => rule,
        }),
    ];

    public static IEnumerable<(string Name, TrainingSettings Settings)> RulesAndUpdates()
        => from rule in Rules
           from update in Updates()
           select ($"{rule.Word} with {update.Name}", update.Settings with { Rule = rule });

    public static byte[] Bits(Network network) => System.Runtime.InteropServices.MemoryMarshal.AsBytes(network.Parameters.Values).ToArray();

    /// <summary>Throws unless two runs have the same bits.</summary>
    public static void ExpectEqual(ReadOnlySpan<byte> expected, ReadOnlySpan<byte> actual, string what)
    {
        int at = expected.CommonPrefixLength(actual);
        if (at < expected.Length || expected.Length != actual.Length)
            throw new SelfTestException($"{what}: {actual.Length} bytes differ from {expected.Length} expected at byte {at}");
    }
}
