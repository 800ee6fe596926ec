using System.Globalization;

namespace EdgeLearn.Gesture;

/// <summary>What the command line asks for.</summary>
sealed record GestureOptions
{
    public const string Usage = """
        gesture [options]

        Learns two motions of an MPU-6050 accelerometer while they are made, and counts how many it knew before it learned from them.

          --simulate        a simulated sensor; also taken, with a note, where the bus is missing
          --bus N           I2C bus (1)
          --address X       address of the sensor, 0x68 or 0x69 (0x68)
          --windows N       motions to be made (600 simulated, 120 real)
          --rule NAME       tpsgd, elastic-zo, zo, backprop, frozen (tpsgd)
          --update NAME     sgd, signsgd (sgd); both remember nothing between steps
          --lr X            learning rate (the rule's own)
          --seed N          of starting weights and motions (1)
          --json            one JSON object on standard output
        """;

    public bool Simulate { get; init; }

    public int Bus { get; init; } = 1;

    public int Address { get; init; } = 0x68;

    public int? Windows { get; init; }

    public RuleSettings Rule { get; init; } = new TargetProjectionSettings();

    public UpdateSettings Update { get; init; } = new SgdSettings();

    public float? LearningRate { get; init; }

    public int Seed { get; init; } = 1;

    public bool Json { get; init; }

    /// <summary>Reads the command line.</summary>
    /// <exception cref="EdgeLearnException">An option is unknown or out of range.</exception>
    public static GestureOptions Parse(string[] args)
    {
        var options = new GestureOptions();
        for (int i = 0; i < args.Length; i++)
        {
            string name = args[i];
            string Value() => ++i < args.Length ? args[i] : throw new EdgeLearnException($"{name} needs a value: see gesture --help");
            options = name switch
            {
                "--simulate" => options with { Simulate = true },
                "--json" => options with { Json = true },
                "--bus" => options with { Bus = Whole(name, Value(), 0, 255) },
                "--address" => options with { Address = Whole(name, Value(), 0x68, 0x69) },
                "--windows" => options with { Windows = Whole(name, Value(), 4, 1_000_000) },
                "--rule" => options with { Rule = LearningRules.Named(Value()) },
                "--update" => options with { Update = StateFree(Value()) },
                "--lr" => options with { LearningRate = Rate(name, Value()) },
                "--seed" => options with { Seed = Whole(name, Value(), 0, int.MaxValue) },
                _ => throw new EdgeLearnException($"unknown argument '{name}': see gesture --help"),
            };
        }

        return options;
    }

    static UpdateSettings StateFree(string name)
        => UpdateRules.Named(name) is var update and (SgdSettings or SignSgdSettings)
            ? update
            : throw new EdgeLearnException($"--update {name} keeps state between steps: expected sgd or signsgd");

    static int Whole(string name, string text, int low, int high)
    {
        bool isHex = text.StartsWith("0x", StringComparison.Ordinal);
        bool isNumber = int.TryParse(isHex ? text.AsSpan(2) : text, isHex ? NumberStyles.AllowHexSpecifier : NumberStyles.None,
            CultureInfo.InvariantCulture, out int value);
        return isNumber && value >= low && value <= high
            ? value
            : throw new EdgeLearnException($"{name} {text}: expected a whole number from {low} to {high}");
    }

    static float Rate(string name, string text)
        => float.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out float value) && value > 0 && float.IsFinite(value)
            ? value : throw new EdgeLearnException($"{name} {text}: expected a positive number");
}
