using EdgeLearn.Hub;
using EdgeLearn.Protocol;

namespace EdgeLearn.Cli;

/// <summary>A hub in this process and the boards of a plan as processes beside it, all in one temporary folder.</summary>
sealed class DemoFleet : IAsyncDisposable
{
    static readonly TimeSpan s_enrolmentPatience = TimeSpan.FromSeconds(60);

    readonly DemoPlan _plan;
    readonly FleetHub _hub;
    readonly OperatorClient _operator;
    readonly List<DeviceProcess> _devices = [];

    DemoFleet(DemoPlan plan, FleetHub hub)
    {
        _plan = plan;
        _hub = hub;
        _operator = hub.ConnectOperator();
    }

    public string Address => _hub.Address;

    /// <summary>Starts the hub on a free port, starts the boards, and waits until all are enrolled.</summary>
    public static async Task<DemoFleet> StartAsync(DemoPlan plan, string data, string folder, Func<string, Evaluation> score,
        CancellationToken stop)
    {
        var hub = await FleetHub.StartAsync(
            new HubOptions
            {
                Folder = Path.Combine(folder, "hub"),
                Evaluate = model => new ModelTest(score(model), null),
                IdleInterval = TimeSpan.FromMilliseconds(300),
            }, stop);
        var fleet = new DemoFleet(plan, hub);
        try
        {
            await fleet.EnrolAsync(data, folder, stop);
            return fleet;
        }
        catch
        {
            await fleet.DisposeAsync();
            throw;
        }
    }

    async Task EnrolAsync(string data, string folder, CancellationToken stop)
    {
        for (int i = 0; i < _plan.DeviceCount; i++)
        {
            string name = $"device-{i + 1}";
            var token = await _operator.CreateTokenAsync(cancel: stop);
            _devices.Add(new DeviceProcess(name, Path.Combine(folder, name), token.Token, data, _plan.Share(i)));
        }

        var deadline = DateTime.UtcNow + s_enrolmentPatience;
        // A board reports its example count at its first check-in: from then on it can be given work.
        while ((await _operator.ListDevicesAsync(cancel: stop)).Count(device => device.ExampleCount > 0) < _plan.DeviceCount)
        {
            foreach (var device in _devices) device.CheckAlive();
            if (DateTime.UtcNow > deadline)
            {
                throw new EdgeLearnException($"not all devices were enrolled after {s_enrolmentPatience.TotalSeconds:F0} s: is the "
                    + $"machine overloaded?");
            }
            await Task.Delay(20, stop);
        }
    }

    /// <summary>Signs the first model and offers it to all boards.</summary>
    public async Task PushAsync(string path, CancellationToken stop) => await _operator.PushAsync(path, cancel: stop);

    /// <summary>Runs one round (from 0) to its end.</summary>
    /// <exception cref="EdgeLearnException">The round was abandoned, or a board has ended.</exception>
    public async Task<DemoRound> RunRoundAsync(int round, CancellationToken stop)
    {
        var opened = await _operator.RunRoundAsync(
            new RunRoundRequest
            {
                Codec = _plan.Codec,
                Training = _plan.Training(round, _plan.Settings.Rule),
                ExpectedDevices = (uint)_plan.DeviceCount,
                MinimumReports = (uint)_plan.DeviceCount
            },
            stop);
        var view = await _operator.WaitForRoundAsync(opened.Round, stop);
        if (view.State != RoundView.Types.State.Committed)
        {
            foreach (var device in _devices) device.CheckAlive();
            throw new EdgeLearnException($"round {round + 1} was abandoned: {view.Reason}");
        }

        return new DemoRound(round + 1, view.Accuracy, (long)view.BytesUp, (long)view.BytesDown, (int)view.Accepted, view.Seconds);
    }

    /// <summary>What the hub knows of each board.</summary>
    public async Task<IReadOnlyList<DemoDevice>> DevicesAsync(CancellationToken stop)
    {
        var devices = new List<DemoDevice>();
        foreach (var device in await _operator.ListDevicesAsync(cancel: stop))
        {
            var telemetry = (await _operator.ListTelemetryAsync(device.DeviceId, cancel: stop)).Select(entry => entry.Telemetry).ToList();
            long peak = telemetry.Where(entry => entry.HasRssBytes).Select(entry => (long)entry.RssBytes).DefaultIfEmpty().Max();
            double stepMs = telemetry.Where(entry => entry.HasStepMs).Select(entry => entry.StepMs).FirstOrDefault();
            devices.Add(new DemoDevice(device.Name, (long)device.ExampleCount, peak, stepMs));
        }

        return [.. devices.OrderBy(device => device.Name, StringComparer.Ordinal)];
    }

    /// <summary>Ends the boards, then the hub.</summary>
    public async ValueTask DisposeAsync()
    {
        foreach (var device in _devices) device.Dispose();
        _operator.Dispose();
        await _hub.DisposeAsync();
    }
}
