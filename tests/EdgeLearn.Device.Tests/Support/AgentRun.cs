using EdgeLearn.Device;

namespace EdgeLearn.Tests;

/// <summary>Runs an agent against a fake hub with short waits.</summary>
static class AgentRun
{
    static readonly TimeSpan s_limit = TimeSpan.FromMinutes(10);

    public static DeviceAgentOptions Options(string folder, string? token, TextWriter? log = null) => new()
    {
        Folder = folder,
        Token = token,
        Name = "board",
        Data = new FixedBoardData(new MemoryDataset(new float[4], [0, 1, 0, 1], Shape.Vector(1))),
        ExitWhenDone = true,
        PollInterval = TimeSpan.FromMilliseconds(2),
        FirstBackOff = TimeSpan.FromMilliseconds(20),
        LongestBackOff = TimeSpan.FromMilliseconds(100),
        Log = log ?? TextWriter.Null,
    };

    /// <summary>Until the hub has nothing more to do for the board.</summary>
    public static async Task<DeviceRun> UntilDoneAsync(string folder, string? token, BoardLearner learner, TextWriter? log = null,
        Func<DeviceAgentOptions, DeviceAgentOptions>? change = null)
    {
        using var limit = new CancellationTokenSource(s_limit);
        var options = Options(folder, token, log);
        var run = await DeviceAgent.RunAsync(change?.Invoke(options) ?? options, learner, limit.Token);
        if (limit.IsCancellationRequested) throw new TimeoutException($"the agent did not end within {s_limit}");
        return run;
    }

    /// <summary>The state that an agent has left.</summary>
    public static DeviceState StateOf(string folder)
    {
        using var opened = new DeviceFolder(folder);
        return opened.ReadState();
    }
}
