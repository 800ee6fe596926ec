using EdgeLearn.Commands;
using EdgeLearn.Datasets;
using EdgeLearn.Device;
using EdgeLearn.Protocol;

namespace EdgeLearn.Tests;

/// <summary>The bundled digits with a small network, and tasks on them.</summary>
sealed class Digits : IDisposable
{
    readonly DataSplit _split = DataCatalog.Open("digits");

    public Dataset Train => _split.Train;

    public Dataset Test => _split.Test;

    /// <summary>A model with starting weights, as the bytes of its file.</summary>
    public byte[] NewModel(string network = "8x8-100@4x4-10")
    {
        using var model = new Model(new Network(NetworkSpec.Parse(network, Train.InputShape, Loss.SoftmaxCrossEntropy)).Initialise(1),
            Preparation.ScaleBy(16));
        return ModelFile.ToArray(model);
    }

    public static TrainTask Task(Codec codec, ulong round = 1, Action<RoundTraining>? change = null)
    {
        var training = codec == Codec.ZerothOrder
            ? RoundTraining.From(new TrainingSettings
            {
                Rule = new ZerothOrderSettings { Directions = 2 },
                LearningRate = 2e-3f,
                Steps = 40,
                Batch = 32,
                Seed = 5
            })
            : RoundTraining.From(new TrainingSettings
            {
                Update = new SgdSettings { Momentum = 0.9f },
                LearningRate = 0.1f,
                Epochs = 1,
                Batch = 32,
                Seed = 5
            });
        change?.Invoke(training);
        return new TrainTask
        {
            Round = round,
            Attempt = TestFleet.NewAttempt(),
            Codec = codec,
            Training = training,
            RemainingMs = 3_600_000,
            ExampleLimit = 1 << 20,
        };
    }

    /// <summary>The model after the task, by the core's own session on the same examples.</summary>
    public static Model TrainWithTheCore(byte[] start, TrainTask task, ulong device, Dataset examples)
    {
        var model = ModelFile.Load(start, "start");
        using var session = new TrainingSession(model.Network, task.Training.ToSettings(model.Network.Spec, task.Round, device), examples,
            model.Preparation);
        while (!session.IsDone) session.Step();
        return model;
    }

    /// <summary>Turns a base into a round's result, with a model and a replay that are not the hub's.</summary>
    public static byte[] Aggregate(byte[] start, TrainTask task, IEnumerable<(ulong Device, ulong Examples, byte[] Content)> reports)
    {
        using var model = ModelFile.Load(start, "base");
        using var target = new NetworkTarget(model.Network, task.Training.ToSettings(model.Network.Spec, task.Round, 0));
        var aggregation = new RoundAggregation(task.Round, task.Codec, "", task.Training.Directions);
        aggregation.Apply(target, reports.Select(report =>
            new UpdateReport(report.Device, report.Examples, () => new MemoryStream(report.Content))));
        return ModelFile.ToArray(model);
    }

    /// <summary>What a hub does with a result: scores the file on the test rows, all but one in ten of them.</summary>
    public Evaluation Evaluate(string path)
    {
        var score = new BoardTraining(Test, new DataShare { HeldOutFraction = 0.9 }).Score(path, default);
        return new Evaluation(score.Accuracy!.Value, score.Loss, score.Count);
    }

    public void Dispose() => _split.Dispose();

    sealed class NetworkTarget : UpdateTarget, IDisposable
    {
        readonly Network _network;
        readonly TrainingSettings _settings;
        readonly UpdateRule _update;
        readonly Workspace _workspace;
        readonly float[] _chunk = new float[1024];
        long _step;

        public NetworkTarget(Network network, TrainingSettings settings)
        {
            _network = network;
            _settings = settings;
            Shape = new UpdateShape(network.Parameters);
            _update = settings.BuildUpdate();
            var plan = new MemoryPlan();
            _update.Plan(network.Parameters, plan);
            _workspace = new Workspace(plan);
        }

        public override UpdateShape Shape { get; }

        public override Span<float> Weights => _network.Parameters.Values;

        public override void Replay(ReadOnlySpan<ZerothOrderRecord> records, int directions)
        {
            for (int at = 0; at < records.Length; at += directions)
            {
                _update.BeginStep(new StepClock(_step++, _settings.LearningRate!.Value));
                ZerothOrderRecord.Apply(_network.Parameters.Slices, ((ProbeSettings)_settings.Rule).Noise, records.Slice(at, directions),
                    _update, _chunk);
            }
        }

        public void Dispose() => _workspace.Dispose();
    }
}
