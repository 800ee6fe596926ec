using EdgeLearn.Commands;
using EdgeLearn.Datasets;
using EdgeLearn.Device;
using EdgeLearn.Hub;
using EdgeLearn.Protocol;

namespace EdgeLearn.Cli;

/// <summary>What a demonstration runs: the same rounds for the real fleet and for its controls.</summary>
sealed record DemoPlan
{
    /// <summary>A share so small that a board can still tell a broken model from a good one.</summary>
    const double HeldOutFraction = 0.02;

    public required NetworkSpec Network { get; init; }

    public required TrainingSettings Settings { get; init; }

    public int DeviceCount { get; init; } = 4;

    public int RoundCount { get; init; } = 10;

    public double Alpha { get; init; } = 1;

    public Codec Codec { get; init; } = Codec.Float32;

    /// <summary>The plan for a data set: windows of 10x10 for images like MNIST's, of 4x4 for small ones.</summary>
    public static DemoPlan For(DataSplit data, ulong seed)
    {
        var shape = data.InputShape;
        bool small = shape.Height < 20;
        string network = small ? $"{shape}-200@4x4-{data.ClassCount}" : $"{shape}-1000@10x10-{data.ClassCount}";
        return new DemoPlan
        {
            Network = NetworkSpec.Parse(network, shape, Loss.SoftmaxCrossEntropy),
            // One epoch a round is short: momentum, whose state is reset with every round, makes more of it.
            Settings = new TrainingSettings
            {
                Epochs = 1,
                Batch = small ? 16 : 64,
                LearningRate = 0.3f,
                Seed = seed,
                Rule = new TargetProjectionSettings { LocalLoss = LocalLoss.L2, HiddenRate = 2 },
                Update = new SgdSettings { Momentum = 0.9f }
            },
        };
    }

    /// <summary>Share i (from 0) of the training set, the same in the fleet and in the controls.</summary>
    public DataShare Share(int index)
        => new() { Part = index + 1, PartCount = DeviceCount, Alpha = Alpha, Seed = Settings.Seed, HeldOutFraction = HeldOutFraction };

    /// <summary>All of the training set, less as much as all boards hold out.</summary>
    public DataShare Pooled => new() { Seed = Settings.Seed, HeldOutFraction = HeldOutFraction };

    /// <summary>How to train in a round (from 0): the rate falls linearly over the rounds and is constant within one.</summary>
    public RoundTraining Training(int round, RuleSettings rule)
    {
        var settings = Settings.Rule.Word == rule.Word ? Settings : Settings with { Rule = rule, LearningRate = null };
        return RoundTraining.From(settings, 1 - (float)round / RoundCount);
    }

    /// <summary>The model that every run starts from.</summary>
    public Model FirstModel(Preparation preparation, IReadOnlyList<string>? classNames)
        => new(new Network(Network).Initialise(Settings.Seed), preparation, classNames);
}

/// <summary>
/// The rounds of a plan inside this process: the boards' own local training and the hub's own sums, without network or processes. Serves
/// the controls.
/// </summary>
sealed class FederatedSimulation(DemoPlan plan, Dataset train, Preparation preparation, string folder)
{
    /// <summary>Runs all rounds and returns the path of the final model.</summary>
    /// <param name="name">of the run; a file in the folder</param>
    /// <param name="rule">what every board trains with</param>
    /// <param name="shares">one a board</param>
    /// <param name="stop">gives up</param>
    public string Run(string name, RuleSettings rule, IReadOnlyList<DataShare> shares, CancellationToken stop)
    {
        string path = Path.Combine(folder, name + ".safetensors");
        using (var first = plan.FirstModel(preparation, null)) ModelFile.Save(path, first);
        var boards = shares.Select(share => new BoardTraining(train, share)).ToArray();
        for (int round = 0; round < plan.RoundCount; round++) RunRound(round, rule, boards, path, stop);
        return path;
    }

    void RunRound(int round, RuleSettings rule, BoardTraining[] boards, string path, CancellationToken stop)
    {
        var task = new TrainTask { Round = (ulong)round + 1, Codec = plan.Codec, Training = plan.Training(round, rule) };
        using var model = new RoundModel(ModelFile.Load(path), task.Training);
        var aggregation = new RoundAggregation(task.Round, task.Codec, "", Math.Max(1, (int)task.Training.Directions));
        aggregation.Apply(model, boards.Select((board, i) =>
        {
            using var update = board.Train(task, (ulong)i, path, stop);
            var content = new MemoryStream();
            update.Write(content);
            content.Position = 0;
            return new UpdateReport((ulong)i, update.ExampleCount, () => content);
        }));
        DurableFile.Replace(path, model.Write);
    }
}
