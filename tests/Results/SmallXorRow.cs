using System.Globalization;

namespace EdgeLearn.Results;

/// <summary>
/// XOR with 2-3-1, sigmoid, mean square error, 100 steps of Adam over all four samples: how many seeds solve it, in how many bytes.
/// </summary>
/// <remarks>Source: an example of AIfES 2.2.0, which solved 160 of 200 seeds in 752 bytes with Adam and needs 328 with SGD, weights
/// included; its dense layers start as Glorot and Bengio 2010 have them, biases at zero, and so do these.</remarks>
sealed record SmallXorRow(string Name) : ResultRow(Name)
{
    const string Shorthand = "2-3:identity-sigmoid-1:identity-sigmoid";
    const int SeedCount = 2000, AdamBytes = 752, SgdBytes = 328;

    /// <inheritdoc/>
    public override string Section => "Small tasks of other projects";

    static TrainingSettings Settings(UpdateSettings update, ulong seed)
        => new()
        {
            Rule = new BackpropSettings(),
            Update = update,
            LearningRate = 0.1f,
            Epochs = 100,
            Batch = 4,
            Schedule = ScheduleKind.Constant,
            Seed = seed
        };

    static NetworkSpec Spec => NetworkSpec.Parse(Shorthand, null, Loss.MeanSquareError);

    /// <inheritdoc/>
    public override IEnumerable<ResultJob> Jobs(ResultScope scope)
        => [new ResultJob(Name, "adam", $"{Shorthand} {SeedCount} Glorot {Settings(new AdamSettings(), 1)}", 1e8, Run)];

    /// <inheritdoc/>
    public override void Render(ResultScope scope, ResultValues values, ResultDocument document)
    {
        double solved = values.Value("adam", "solved");
        var (adamWeights, adam) = Bytes(new AdamSettings());
        var (sgdWeights, sgd) = Bytes(new SgdSettings());
        var text = CultureInfo.InvariantCulture;
        document.Write(
            string.Create(text,
            $"\n### {Name}\n\n`{Shorthand}`, mean square error, Adam at 0.1, 100 steps of four samples, starting weights uniform within "
            + $"sqrt(6 / (inputs + outputs)), biases at zero: {solved:N0} of {SeedCount:N0} seeds solved (every output on its side of "
            + $"0.5). Weights and workspace are {adam} bytes with Adam and {sgd} with SGD, without the buffers of an evaluation; in a "
            + $"plan every buffer begins at a multiple of {MemoryPlan.AlignmentBytes} bytes.\n"));
        document.Add(
            new ResultTarget(Name, "80 % of the seeds solved", string.Create(text, $"{solved:N0} of {SeedCount:N0}"),
            solved >= 0.8 * SeedCount));
        document.Add(
            new ResultTarget(Name, $"{AdamBytes} bytes or less with Adam", string.Create(text, $"{adam} ({adamWeights} of them weights)"),
            adam <= AdamBytes));
        document.Add(
            new ResultTarget(Name, $"{SgdBytes} bytes or less with SGD", string.Create(text, $"{sgd} ({sgdWeights} of them weights)"),
            sgd <= SgdBytes));
    }

    static (long Weights, long Total) Bytes(UpdateSettings update)
    {
        var plan = TrainingPlan.MemoryOf(Spec, Settings(update, 1));
        return (plan.BytesOf(MemoryCategory.Parameters), plan.TotalBytes);
    }

    static Dictionary<string, double> Run(CancellationToken stop)
    {
        var data = new MemoryDataset([0, 0, 0, 1, 1, 0, 1, 1], [0, 1, 1, 0], Shape.Vector(2), targetLength: 1);
        int solved = 0;
        for (ulong seed = 1; seed <= SeedCount; seed++)
        {
            stop.ThrowIfCancellationRequested();
            using var network = new Network(Spec).Initialise(seed);
            StartingWeights.Draw(network, seed,
                slice => slice.Shape is [int outputs, int inputs] ? Math.Sqrt(6.0 / (inputs + outputs)) : 0);
            using var session = new TrainingSession(network, Settings(new AdamSettings(), seed), data, Preparation.Identity);
            while (!session.IsDone) session.Step();
            if (IsSolved(session)) solved++;
        }

        return new() { ["solved"] = solved };
    }

    // The loss of one sample is half its squared error, which says on which side of 0.5 the output lies.
    static bool IsSolved(TrainingSession session)
    {
        for (int i = 0; i < 4; i++)
        {
            if (!(session.Evaluate(new DatasetView(session.Data, [i])).Loss < 0.5 * 0.5 * 0.5)) return false;
        }

        return true;
    }
}
