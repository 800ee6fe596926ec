using System.CommandLine;
using System.Net;
using EdgeLearn.Commands;
using EdgeLearn.Datasets;
using EdgeLearn.Hub;

namespace EdgeLearn.Cli;

/// <summary>What <c>serve --json</c> prints once the hub listens.</summary>
/// <param name="Address">what boards and operators dial</param>
/// <param name="Fleet">fingerprint of the fleet: SHA-256 of its authority's public key</param>
/// <param name="Folder">the hub's</param>
/// <param name="OperatorFolder">release key and operator certificate</param>
/// <param name="ProcessId">of the hub</param>
sealed record ServeResult(string Address, string Fleet, string Folder, string OperatorFolder, int ProcessId);

/// <summary><c>edgelearn serve</c>: the hub, until it is stopped.</summary>
static class ServeCommand
{
    /// <summary>The port when none is named: boards must find the hub again after a restart.</summary>
    const int UsualPort = 7443;

    public static Command Create()
    {
        var folder = HubLocation.FolderOption("where the hub keeps keys, database and models; made at the first start");
        var listen = OptionText.Parsed<IPAddress?>("--listen", "ADDRESS",
            "address to listen on: 0.0.0.0 or :: for every network (default 127.0.0.1: this machine only)", ParseAddress);
        var port = OptionText.Whole("--port", $"port to listen on, 0 = a free one (default {UsualPort})", 0, IPEndPoint.MaxPort,
            $"0 to {IPEndPoint.MaxPort}");
        var publicHost = OptionText.Text("--public-host", "NAME",
            "name or address by which boards reach this machine (default: the address it listens on)");
        var testData = OptionText.Text("--test-data", "DATA",
            "score the model of every round on the test part of this: a folder, a file or a known name");
        var command = new ExampleCommand(
            "serve",
            "run the hub of a fleet until Ctrl-C",
            "",
            "--listen 0.0.0.0 --public-host hub.example",
            "--folder ./hub --port 0 --test-data digits")
        {
            folder, listen, port, publicHost, testData, CommandOutput.JsonOption(),
        };
        command.SetAction((parsed, stop) => RunAsync(
            new HubOptions
            {
                Folder = HubLocation.Folder(parsed.GetValue(folder)),
                Listen = parsed.GetValue(listen) ?? IPAddress.Loopback,
                Port = parsed.GetValue(port) ?? UsualPort,
                PublicHost = parsed.GetValue(publicHost),
            },
            parsed.GetValue(testData),
            CommandOutput.Of(parsed),
            stop));
        return command;
    }

    static async Task<int> RunAsync(HubOptions options, string? testData, CommandOutput output, CancellationToken stop)
    {
        var tests = testData is null ? null : new TestData(testData, output.Error.WriteLine);
        var error = TextWriter.Synchronized(output.Error);
        options = options with
        {
            Evaluate = tests is null ? null : tests.Score,
            Log = line => error.WriteLine($"{NumberText.Time(DateTimeOffset.Now)} {line.ReplaceLineEndings(" ")}"),
        };
        await using var hub = await FleetHub.StartAsync(options, stop);
        var result = new ServeResult(hub.Address, hub.Fleet.ToString(), options.Folder, hub.OperatorFolder, Environment.ProcessId);
        output.Write(result, FleetJson.Default.ServeResult, text => Introduce(hub, options, tests, text));
        output.Output.Flush();
        try
        {
            await Task.Delay(Timeout.Infinite, stop);
        }
        catch (OperationCanceledException)
        {
            // Ctrl-C or SIGTERM is how a hub ends.
        }

        await hub.StopAsync();
        error.WriteLine("the hub has stopped; open rounds go on at its next start");
        return 0;
    }

    static void Introduce(FleetHub hub, HubOptions options, TestData? tests, TextWriter output)
    {
        // The commands below find the hub by themselves where it is in the usual folder.
        string where = options.Folder == HubLocation.Folder(null) ? "" : $" --folder {options.Folder}";
        output.WriteLine($"""
            hub       {hub.Address}{(IPAddress.IsLoopback(options.Listen) ? "   (this machine only; --listen 0.0.0.0 lets boards in)" : "")}
            fleet     {hub.Fleet}
            folder    {options.Folder}
            operator  {hub.OperatorFolder}   (release key and operator certificate: keep a copy)
            tests     {(tests is null
                ? "none (--test-data DATA scores the model of every round)"
                : $"{NumberText.Counted(tests.Count, "sample")} of {tests.Name}")}

            next      edgelearn device token{where}
                      edgelearn-device run --token TOKEN --data DATA     (on the board)
                      edgelearn push MODEL{where}
                      edgelearn round run --rounds 10{where}
            """);
    }

    static IPAddress ParseAddress(string text) =>
        text == "localhost" ? IPAddress.Loopback
        : IPAddress.TryParse(text.Trim('[', ']'), out var address) ? address
        : throw new EdgeLearnException($"--listen {text}: expected an address of this machine, such as 127.0.0.1, 0.0.0.0 or ::");
}
