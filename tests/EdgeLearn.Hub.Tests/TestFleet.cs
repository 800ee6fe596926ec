using EdgeLearn.Hub;
using EdgeLearn.Protocol;

namespace EdgeLearn.Tests;

/// <summary>A real hub on loopback in a folder of its own, with an operator connected.</summary>
sealed class TestFleet : IAsyncDisposable
{
    public const string Network = "6-5-3";

    /// <summary>How long a test waits for what must happen: no measure of speed, only an end for a test that hangs.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromMinutes(5);

    readonly List<TestBoard> _boards = [];

    TestFleet(FleetHub hub, string folder, HubOptions options)
    {
        Hub = hub;
        Folder = folder;
        Options = options;
        Operator = hub.ConnectOperator();
    }

    public FleetHub Hub { get; private set; }

    public string Folder { get; }

    public HubOptions Options { get; }

    public OperatorClient Operator { get; private set; }

    public static async Task<TestFleet> StartAsync(Func<HubOptions, HubOptions>? change = null, string? folder = null)
    {
        folder ??= NewFolder();
        HubOptions options = new() { Folder = folder, BusyInterval = TimeSpan.FromMilliseconds(5) };
        options = change?.Invoke(options) ?? options;
        return new TestFleet(await FleetHub.StartAsync(options, TestContext.Current.CancellationToken), folder, options);
    }

    public static string NewFolder() => Directory.CreateTempSubdirectory("edgelearn-hub-").FullName;

    /// <summary>Stops the hub and starts another over the same folder and port.</summary>
    public async Task RestartAsync()
    {
        Operator.Dispose();
        await Hub.StopAsync();
        Hub = await FleetHub.StartAsync(Options with { Port = new Uri(Hub.Address).Port }, TestContext.Current.CancellationToken);
        Operator = Hub.ConnectOperator();
    }

    /// <summary>The bytes of a small model; the seed decides its weights.</summary>
    public static byte[] ModelBytes(ulong seed = 1, string network = Network)
    {
        using Model model = new(new Network(NetworkSpec.Parse(network, null, Loss.SoftmaxCrossEntropy)).Initialise(seed),
            Preparation.Identity);
        return ModelFile.ToArray(model);
    }

    public static float[] WeightsOf(byte[] model)
    {
        using var read = ModelFile.Load(model, "test");
        return read.Network.Parameters.Values.ToArray();
    }

    public static UpdateShape ShapeOf(byte[] model)
    {
        using var read = ModelFile.Load(model, "test");
        return new UpdateShape(read.Network.Parameters);
    }

    public async Task<PushAnswer> PushAsync(byte[] model, string group = "", uint generationLimit = 100)
    {
        string path = Path.Combine(Folder, "push.safetensors");
        await File.WriteAllBytesAsync(path, model, TestContext.Current.CancellationToken);
        return await Operator.PushAsync(path, group, generationLimit, cancel: TestContext.Current.CancellationToken);
    }

    public async Task<TestBoard> AddBoardAsync(string name = "board", string group = "")
    {
        var token = await Operator.CreateTokenAsync(group, cancel: TestContext.Current.CancellationToken);
        var board = await TestBoard.EnrolAsync(EnrolmentToken.Parse(token.Token), name);
        _boards.Add(board);
        return board;
    }

    /// <summary>Settings with plain numbers for a round.</summary>
    public static RunRoundRequest RoundOf(Codec codec = Codec.Float32, RuleSettings? rule = null) => new()
    {
        Codec = codec,
        Training = RoundTraining.From(new TrainingSettings
        {
            Rule = rule ?? new TargetProjectionSettings(),
            LearningRate = 0.5f,
            Epochs = 1
        }),
    };

    public async ValueTask DisposeAsync()
    {
        foreach (var board in _boards)
            board.Dispose();
        Operator.Dispose();
        await Hub.StopAsync();
        Directory.Delete(Folder, recursive: true);
    }
}
