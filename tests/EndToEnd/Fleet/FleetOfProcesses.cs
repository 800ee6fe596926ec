using System.Globalization;
using System.Text.Json;
using Xunit;

namespace EdgeLearn.Tests;

/// <summary>A hub process in a folder of its own, and the boards and commands that talk to it. Everything ends with it.</summary>
sealed class FleetOfProcesses : IDisposable
{
    readonly string _root = Directory.CreateTempSubdirectory("edgelearn-fleet-").FullName;
    readonly List<RunningProgram> _boards = [];
    readonly string[] _options;

    /// <summary>Starts a hub on a free port.</summary>
    /// <param name="options">of <c>serve</c></param>
    public FleetOfProcesses(params string[] options)
    {
        _options = options;
        StartHub();
    }

    /// <summary>The hub's folder.</summary>
    public string HubFolder => Path.Combine(_root, "hub");

    /// <summary>The running hub.</summary>
    public RunningProgram Hub { get; private set; } = null!;

    /// <summary>https://127.0.0.1:port; the same after a restart.</summary>
    public string Address { get; private set; } = "";

    /// <summary>What <c>serve --json</c> has printed.</summary>
    public JsonElement Served { get; private set; }

    /// <summary>A file or folder of this fleet.</summary>
    public string PathOf(string name) => Path.Combine(_root, name);

    /// <summary>Starts the hub, at the address it had before.</summary>
    public void StartHub()
    {
        string port = Address.Length == 0 ? "0" : new Uri(Address).Port.ToString(CultureInfo.InvariantCulture);
        Hub?.Dispose();
        Hub = RunningProgram.Start(Programs.Cli, _root, ["serve", "--folder", HubFolder, "--port", port, "--json", .. _options]);
        Served = JsonDocument.Parse(Hub.WaitForOutput("{")).RootElement;
        Address = Served.GetProperty("address").GetString()!;
    }

    /// <summary>Runs a command of the operator to its end.</summary>
    public Run Cli(params string[] arguments) => RunningProgram.Run(Programs.Cli, _root, [.. arguments, "--folder", HubFolder]);

    /// <summary>Starts a command of the operator.</summary>
    public RunningProgram StartCli(params string[] arguments)
        => RunningProgram.Start(Programs.Cli, _root, [.. arguments, "--folder", HubFolder]);

    /// <summary>Runs a command of the operator that must succeed and returns its JSON.</summary>
    public JsonElement Ask(params string[] arguments)
    {
        var run = Cli([.. arguments, "--json"]);
        Assert.True(run.ExitCode == 0, $"edgelearn {string.Join(' ', arguments)}: exit code {run.ExitCode}\n{run.Output}{run.Error}");
        return JsonDocument.Parse(run.Output).RootElement;
    }

    /// <summary>Runs a command of the operator that must fail with one line, and returns the line.</summary>
    public string Refusal(params string[] arguments) => OneLine(Cli(arguments));

    /// <summary>A fresh token.</summary>
    public string Token(params string[] options) => Ask(["device", "token", .. options]).GetProperty("token").GetString()!;

    /// <summary>Starts an agent on a half of the digits; it has a folder by its name.</summary>
    /// <param name="name">of the board</param>
    /// <param name="options">of <c>run</c>, such as its token</param>
    public RunningProgram StartBoard(string name, params string[] options)
    {
        string part = name.EndsWith('2') ? "2/2" : "1/2";
        string[] arguments = ["run", "--folder", PathOf(name), "--name", name, "--data", "digits", "--part", part, .. options];
        var board = RunningProgram.Start(Programs.Device, _root, arguments);
        _boards.Add(board);
        return board;
    }

    /// <summary>Runs an agent to its end.</summary>
    public Run Board(string name, params string[] options) => StartBoard(name, options).WaitForExit();

    /// <summary>Saves an untrained model for the digits and returns its path.</summary>
    public string Model(ulong seed = 1)
    {
        string path = PathOf($"model-{seed}.safetensors");
        using var model = new Model(new Network(NetworkSpec.Parse("8x8-100@4x4-10", null, Loss.SoftmaxCrossEntropy)).Initialise(seed),
            Preparation.ScaleBy(16));
        ModelFile.Save(path, model);
        return path;
    }

    /// <summary>What a program that met bad input must leave: exit code 1, and on standard error one line that says what.</summary>
    public static string OneLine(Run run)
    {
        Assert.True(run.ExitCode == 1, $"exit code {run.ExitCode}\n{run.Output}{run.Error}");
        string line = run.Error.TrimEnd('\n').Split('\n')[^1];
        Assert.StartsWith("error: ", line, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", run.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("Exception", run.Error, StringComparison.Ordinal);
        return line;
    }

    public void Dispose()
    {
        foreach (var board in _boards) board.Dispose();
        Hub.Dispose();
        Directory.Delete(_root, recursive: true);
    }
}
