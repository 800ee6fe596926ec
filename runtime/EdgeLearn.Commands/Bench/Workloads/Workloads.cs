namespace EdgeLearn.Commands;

/// <summary>The workloads by name. A change of one makes its older figures worthless: give it another name instead.</summary>
public static class Workloads
{
    const string Small = "784-256-128-10";
    const string Convolution = "28x28x1-conv5x5x8:relu-pool2-conv5x5x16:relu-pool2-128:relu-10";
    const string Recurrent = "128x9-gru64-6";
    const string Block = "attn4:causal:block-mlp512:block";
    const string Decoder = $"64-embed8192x128-positions-{Block}-{Block}-{Block}-{Block}-layernorm-tokens8192:tied";
    const string Deep = "512-512-512-512-512-512-512-10";

    static readonly TargetProjectionSettings s_targets = new() { LocalLoss = LocalLoss.L2, HiddenRate = 1 };

    /// <summary>All of them, in the order of a report.</summary>
    public static IReadOnlyList<Workload> All { get; } =
    [
        new("W1", Small, 32),
        new("W1a", Small, 32) { Update = new AdamSettings(), Rate = 1e-4f },
        new("W1t", Small, 32) { Rule = s_targets },
        new("W1s", Deep, 32),
        new("W1st", Deep, 32) { Rule = s_targets },
        new("W2", Convolution, 32),
        new("W2t", Convolution, 32) { Rule = s_targets },
        new("W3", Small, 1) { Rate = 1e-3f },
        new("W3t", Small, 1) { Rule = s_targets, Rate = 1e-3f },
        new("W3s", "64-32-10", 1) { Rate = 1e-3f },
        new("W4b1", Small, 1) { Rule = null },
        new("W4b32", Small, 32) { Rule = null },
        new("W4q32", Small, 32) { Rule = null, Weights = WeightStorage.Int8 },
        new("W2fb1", Convolution, 1) { Rule = null },
        new("W2fb32", Convolution, 32) { Rule = null },
        new("W5", Recurrent, 32),
        new("W5f", Recurrent, 32) { Rule = null },
        new("W6", Decoder, 8) { Rate = 1e-3f },
        new("W6z", Decoder, 8) { Rule = new ZerothOrderSettings(), Rate = 1e-6f },
        .. ZerothOrder("Zs", Small),
        .. ZerothOrder("Zd", Deep),
        // From ten thousand to ten million weights.
        new("S4", "96-96-10", 32),
        new("S5", "304-304-10", 32),
        new("S6", "992-992-10", 32),
        new("S7", "3136-3136-10", 32),
        new("start", "784-500-10", 64),
    ];

    /// <summary>The workload of this name.</summary>
    /// <exception cref="EdgeLearnException">There is none; the message lists all.</exception>
    public static Workload Named(string id)
    {
        foreach (var workload in All)
        {
            if (string.Equals(workload.Id, id, StringComparison.OrdinalIgnoreCase)) return workload;
        }

        throw new EdgeLearnException($"unknown workload '{id}': expected {string.Join(", ", All.Select(workload => workload.Id))}");
    }

    // For batches from one sample to many: a forward pass (f), the two probes of a step by sign noise (p) and by Gaussian noise (g), and
    // the whole step with its update (s).
    static IEnumerable<Workload> ZerothOrder(string id, string network)
    {
        foreach (int batch in (int[])[1, 32, 128])
        {
            yield return new Workload($"{id}b{batch}f", network, batch) { Rule = null };
            yield return new Workload($"{id}b{batch}p", network, batch) { Rule = null, IsProbed = true };
            yield return new Workload($"{id}b{batch}g", network, batch) { Rule = null, IsProbed = true, Noise = NoiseKind.Gaussian };
            yield return new Workload($"{id}b{batch}s", network, batch) { Rule = new ZerothOrderSettings(), Rate = 1e-6f };
        }
    }
}
