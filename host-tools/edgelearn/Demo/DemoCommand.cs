using System.CommandLine;
using System.Diagnostics;
using System.Text.Json;
using EdgeLearn.Commands;
using EdgeLearn.Datasets;
using EdgeLearn.Device;

namespace EdgeLearn.Cli;

/// <summary>
/// <c>edgelearn demo</c>: a hub and a fleet of real agents on this machine, real data, real rounds, and the controls that tell what they
/// are worth.
/// </summary>
static class DemoCommand
{
    const string Fallback = "digits";

    static readonly Option<string> s_data = new("--data")
    {
        Description = "data set: a folder, a file or a known name",
        DefaultValueFactory = _ => "mnist"
    };
    static readonly Option<int> s_devices = new("--devices") { Description = "boards, each a process", DefaultValueFactory = _ => 4 };
    static readonly Option<int> s_rounds = new("--rounds") { Description = "federated rounds", DefaultValueFactory = _ => 10 };
    static readonly Option<double> s_alpha = new("--alpha")
    {
        Description = "concentration of the Dirichlet shares by label: small = unequal",
        DefaultValueFactory = _ => 1
    };
    static readonly Option<ulong> s_seed = new("--seed") { Description = "of weights, shares and orders", DefaultValueFactory = _ => 1 };
    static readonly Option<bool> s_noControls = new("--no-controls") { Description = "leave the controls out" };
    static readonly Option<bool> s_json = new("--json") { Description = "one JSON object on standard output, nothing else" };

    public static Command Create()
    {
        var command = new Command("demo",
            "A hub and four agents on this machine learn one model without backprop, over mutual TLS, each from its own share of real "
            + "data.\n\nExamples:\n  edgelearn demo\n  edgelearn demo --alpha 0.5 --rounds 20\n  edgelearn demo --data digits --json")
        {
            s_data, s_devices, s_rounds, s_alpha, s_seed, s_noControls, s_json,
        };
        command.SetAction((options, stop) => RunAsync(options, stop));
        return command;
    }

    static async Task<int> RunAsync(ParseResult options, CancellationToken stop)
    {
        Check(options);
        bool json = options.GetValue(s_json);
        var view = new DemoView(json);
        string name = options.GetValue(s_data)!;
        using var data = Open(ref name, options.GetResult(s_data)?.Implicit ?? true, view);
        var plan = DemoPlan.For(data, options.GetValue(s_seed)) with
        {
            DeviceCount = options.GetValue(s_devices),
            RoundCount = options.GetValue(s_rounds),
            Alpha = options.GetValue(s_alpha),
        };
        string folder = Directory.CreateTempSubdirectory("edgelearn-demo-").FullName;
        try
        {
            var result = await RunAsync(plan, data, name, folder, !options.GetValue(s_noControls), view, stop);
            if (json) Console.WriteLine(JsonSerializer.Serialize(result, DemoJson.Default.DemoResult));
            else DemoView.Show(result);
            return 0;
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    static void Check(ParseResult options)
    {
        int devices = options.GetValue(s_devices), rounds = options.GetValue(s_rounds);
        double alpha = options.GetValue(s_alpha);
        if (devices is < 1 or > 64) throw new EdgeLearnException($"--devices {devices}: expected 1 to 64");
        if (rounds is < 1 or > 10_000) throw new EdgeLearnException($"--rounds {rounds}: expected 1 to 10000");
        if (!(alpha > 0 && alpha <= 1e6))
            throw new EdgeLearnException($"--alpha {alpha}: expected a number above 0, such as 0.5 (unequal) or 5 (nearly equal)");
    }

    // The first run must work without a network: the bundled digits are the last resort, and the user is told.
    static DataSplit Open(ref string name, bool isDefault, DemoView view)
    {
        try
        {
            view.Say($"Looking for {name}...");
            return DataCatalog.Open(name);
        }
        catch (EdgeLearnException e) when (isDefault)
        {
            view.Say($"{e.Message}\nGoing on with the {Fallback} that come with EdgeLearn (8x8 pixels, 3,823 training examples).");
            name = Fallback;
            return DataCatalog.Open(Fallback);
        }
    }

    static async Task<DemoResult> RunAsync(DemoPlan plan, DataSplit data, string name, string folder, bool controls, DemoView view,
        CancellationToken stop)
    {
        var watch = Stopwatch.StartNew();
        var preparation = Preparation.Standardise(data.Train, perFeature: false);
        var scorer = new ModelScorer(data.Test);
        view.Say($"Starting a hub and {plan.DeviceCount} agents, each with its own share of {data.Train.Count:N0} examples...");
        await using var fleet = await DemoFleet.StartAsync(plan, name, folder, scorer.Score, stop);
        view.Say($"The hub listens on {fleet.Address}; all agents have enrolled with keys of their own. Pushing the signed first "
            + $"model {plan.Network}.");
        string first = Path.Combine(folder, "first.safetensors");
        using (var model = plan.FirstModel(preparation, data.ClassNames)) ModelFile.Save(first, model);
        await fleet.PushAsync(first, stop);
        var rounds = new List<DemoRound>();
        for (int round = 0; round < plan.RoundCount; round++)
        {
            rounds.Add(await fleet.RunRoundAsync(round, stop));
            view.Say(rounds[^1], plan.RoundCount);
        }

        var devices = await fleet.DevicesAsync(stop);
        await fleet.DisposeAsync(); // the controls get the machine for themselves
        return new DemoResult(
            Devices: plan.DeviceCount,
            Rounds: rounds,
            FinalAccuracy: rounds[^1].Accuracy,
            Controls: controls ? await Task.Run(() => RunControls(plan, data, preparation, folder, view, stop), stop) : null,
            Data: data.Name,
            Network: plan.Network.ToString(),
            Rule: plan.Settings.Rule.Word,
            Alpha: plan.Alpha,
            DevicePeakRssBytes: [.. devices.Select(device => device.PeakRssBytes)],
            PerDevice: devices,
            Seconds: watch.Elapsed.TotalSeconds);
    }

    static DemoControls RunControls(DemoPlan plan, DataSplit data, Preparation preparation, string folder, DemoView view,
        CancellationToken stop)
    {
        var simulation = new FederatedSimulation(plan, data.Train, preparation, folder);
        DataShare[] shares = [.. Enumerable.Range(0, plan.DeviceCount).Select(plan.Share)];
        var rule = plan.Settings.Rule;
        var runs = new List<(string Name, RuleSettings Rule, DataShare[] Shares)>
        {
            ("backprop", new BackpropSettings(), shares),
            ("frozen", new FrozenSettings(), shares),
            ("central", rule, [plan.Pooled]),
        };
        for (int i = 0; i < shares.Length; i++) runs.Add(($"alone-{i + 1}", rule, [shares[i]]));
        double[] accuracies = new double[runs.Count];
        view.Say($"Controls: {runs.Count} more trainings on the same data, in this process...");
        Parallel.For(0, runs.Count, new ParallelOptions { MaxDegreeOfParallelism = Environment.ProcessorCount, CancellationToken = stop },
            i =>
        {
            var (name, kind, boards) = runs[i];
            var scorer = new ModelScorer(data.Test);
            accuracies[i] = scorer.Score(simulation.Run(name, kind, boards, stop)).Accuracy;
            view.Say($"control {name,-9} accuracy {accuracies[i]:F4}");
        });
        return new DemoControls(Alone: accuracies[3..].Max(), Central: accuracies[2], Frozen: accuracies[1], Backprop: accuracies[0]);
    }
}
