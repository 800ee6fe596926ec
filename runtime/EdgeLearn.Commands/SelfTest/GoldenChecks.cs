namespace EdgeLearn.Commands;

/// <summary>Values that another program computed.</summary>
static class GoldenChecks
{
    public static void NoiseWords()
    {
        foreach (var (key, index, word) in GoldenValues.Words)
        {
            if (Noise.Word(key, index) != word)
                throw new SelfTestException($"word {index} of key {key:X} is {Noise.Word(key, index):X}, expected {word:X}");
            // The vectorised form must give the same bits at every alignment.
            if (index < 1 << 20) CheckSigns(key, (long)index * 32);
        }
    }

    static void CheckSigns(ulong key, long first)
    {
        Span<float> values = stackalloc float[77];
        values.Clear();
        first = Math.Max(0, first - 5);
        Noise.Add(NoiseKind.Sign, key, first, 0.5f, values, values);
        for (int i = 0; i < values.Length; i++)
        {
            float expected = (Noise.Word(key, (ulong)(first + i) >> 5) >> (int)((first + i) & 31) & 1) == 0 ? 0.5f : -0.5f;
            if (values[i] != expected) throw new SelfTestException($"sign {first + i} of key {key:X} is {values[i]}, expected {expected}");
        }
    }

    public static void NormalNoise()
    {
        foreach (var (key, first, bits) in GoldenValues.Gaussians)
        {
            for (int i = 0; i < bits.Length; i++)
            {
                uint actual = BitConverter.SingleToUInt32Bits(Noise.GaussianAt(key, first + i));
                if (actual != bits[i])
                    throw new SelfTestException($"value {first + i} of key {key:X} has the bits {actual:X}, expected {bits[i]:X}");
            }
        }
    }

    public static void EpochOrders()
    {
        foreach (var (seed, epoch, count, expected) in GoldenValues.Orders)
        {
            var order = new EpochOrder(seed, epoch, count);
            for (int i = 0; i < expected.Length; i++)
            {
                if (order[i] != expected[i])
                    throw new SelfTestException($"position {i} of epoch {epoch} of {count} is {order[i]}, expected {expected[i]}");
            }
        }
    }

    /// <summary>Five steps of one batch each.</summary>
    public static IEnumerable<(string Name, Action Run)> TrainingRuns()
    {
        var settings = new TrainingSettings { Seed = SmallTask.Seed, Batch = 32, Steps = 5, Schedule = ScheduleKind.Constant };
        var backprop = settings with { Rule = new BackpropSettings() };
        yield return ("backprop with momentum", () => Compare(GoldenValues.BackpropMomentum,
            backprop with { LearningRate = 0.1f, Update = new SgdSettings { Momentum = 0.9f, WeightDecay = 0.01f } }));
        yield return ("backprop with adam", () => Compare(GoldenValues.BackpropAdam,
            backprop with { LearningRate = 0.01f, Update = new AdamSettings() }));
        yield return ("frozen", () => Compare(GoldenValues.Frozen, settings with { Rule = new FrozenSettings(), LearningRate = 0.5f }));
        TrainingSettings Local(LocalLoss loss) => settings with
        {
            LearningRate = 0.5f,
            Rule = new TargetProjectionSettings { LocalLoss = loss, HiddenRate = 0.15f, TargetScale = 0.9f }
        };
        yield return ("tpsgd", () => Compare(GoldenValues.TargetProjectionL2, Local(LocalLoss.L2)));
        yield return ("tpsgd with linear loss", () => Compare(GoldenValues.TargetProjectionLinear, Local(LocalLoss.Linear)));
        // The slope of two float losses is known to about 1e-7 / (2 eps).
        yield return ("zo", () => Compare(GoldenValues.ZerothOrder,
            settings with { Rule = new ZerothOrderSettings { Epsilon = 1e-2f, Directions = 2 }, LearningRate = 0.01f }));
    }

    static void Compare((double[] Losses, double[] Sums, double[] Squares) expected, TrainingSettings settings)
    {
        const double Tolerance = 2e-5;
        using var network = new Network(SmallTask.Network).Initialise(settings.Seed);
        using var data = SmallTask.Data();
        using var session = new TrainingSession(network, settings, data, Preparation.Identity);
        for (int i = 0; i < expected.Losses.Length; i++) Expect(expected.Losses[i], session.Step().Loss, Tolerance, $"loss of step {i}");
        for (int s = 0; s < expected.Sums.Length; s++)
        {
            var slice = network.Parameters.Slices[s];
            double sum = 0, squares = 0;
            foreach (float weight in network.Parameters[slice])
            {
                sum += weight;
                squares += (double)weight * weight;
            }

            Expect(expected.Sums[s], sum, Tolerance * Math.Sqrt(slice.Length), $"sum of {slice.Name}");
            Expect(expected.Squares[s], squares, Tolerance, $"sum of squares of {slice.Name}");
        }
    }

    static void Expect(double expected, double actual, double tolerance, string what)
    {
        if (!(Math.Abs(actual - expected) <= tolerance * Math.Max(1, Math.Abs(expected))))
            throw new SelfTestException($"{what} is {actual}, expected {expected} within {tolerance}");
    }
}
