using System.Text.Json;
using Xunit;

namespace EdgeLearn.Tests;

/// <summary>Boards that share a csv by person.</summary>
public sealed class GroupedSharesTests
{
    [Fact]
    public void Boards_share_a_csv_by_whole_groups()
    {
        using var fleet = new FleetOfProcesses();
        string data = Directory.CreateDirectory(fleet.PathOf("people")).FullName;
        // ann has 30 samples, bob has 10.
        File.WriteAllLines(Path.Combine(data, "train.csv"),
            ["x,y,z,person,kind", .. Enumerable.Range(0, 40).Select(i => $"{i},{i * i},{-i},{(i % 4 == 0 ? "bob" : "ann")},{i % 3}")]);
        File.WriteAllLines(Path.Combine(data, "test.csv"), ["x,y,z,person,kind", "1,2,3,ann,0"]);
        int[] examples = [.. ((string[])["1/2", "2/2"]).Select(part => Examples(fleet, data, part))];
        Assert.Equal([10, 30], examples.Order());
    }

    static int Examples(FleetOfProcesses fleet, string data, string part)
    {
        string name = $"board-{part[0]}";
        var run = RunningProgram.Run(
            Programs.Device, fleet.PathOf("."),
            ["run", "--folder", fleet.PathOf(name), "--name", name, "--token", fleet.Token(), "--data", data, "--part", part,
            "--group-column", "person", "--held-out", "0", "--once", "--json"]);
        Assert.True(run.ExitCode == 0, run.Error);
        return JsonDocument.Parse(run.Output).RootElement.GetProperty("examples").GetInt32();
    }
}
