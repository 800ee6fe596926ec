namespace EdgeLearn;

/// <summary>What the zeroth-order rules have in common: the probes of a step.</summary>
public abstract record ProbeSettings : RuleSettings
{
    /// <summary>Size of a probe.</summary>
    public float Epsilon { get; init; } = 1e-3f;

    /// <summary>Directions a step, q.</summary>
    public int Directions { get; init; } = 1;

    /// <summary>Distribution of a direction.</summary>
    public NoiseKind Noise { get; init; } = NoiseKind.Sign;

    /// <inheritdoc/>
    public override UpdateSettings UsualUpdate => new SgdSettings();

    /// <summary>The seed of direction i of a step.</summary>
    /// <param name="seed">of all directions of the run</param>
    /// <param name="step">counted from 0</param>
    /// <param name="direction">i, counted from 0</param>
    public static ulong SeedOf(ulong seed, long step, int direction) => EdgeLearn.Noise.Derive(seed, (ulong)step, (ulong)direction);

    /// <summary>(loss+ - loss-) / (2 eps q), in double, rounded once.</summary>
    internal float Scalar(double plus, double minus) => (float)((plus - minus) / (2.0 * Epsilon * Directions));

    /// <summary>The table of a rule with probes, which begins with them.</summary>
    /// <param name="defaults">the record as it is where nobody says anything</param>
    private protected static SettingTable<T> ProbeTable<T>(T defaults)
        where T : ProbeSettings
        => new SettingTable<T>(defaults)
            .Number("epsilon", "size of a probe", s => s.Epsilon, (s, x) => s with { Epsilon = x }, Limits.Above(0))
            .Whole("directions", "directions a step, each two forward passes", s => s.Directions, (s, x) => s with { Directions = x },
                Limits.From(1).To(4096))
            .Word("noise", "distribution of the directions", s => s.Noise, (s, x) => s with { Noise = x },
                [("sign", NoiseKind.Sign), ("gaussian", NoiseKind.Gaussian)]);
}
