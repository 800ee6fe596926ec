using EdgeLearn.Hub;
using EdgeLearn.Protocol;
using Microsoft.Data.Sqlite;

namespace EdgeLearn.Tests;

/// <summary>The counts of classes that rounds and boards tell, and the hub keeps.</summary>
public sealed class FiguresTests
{
    static CancellationToken Cancel => TestContext.Current.CancellationToken;

    // A network whose outputs are its first three inputs, so that the class that it finds is the place of the greatest.
    static Evaluation Evaluate()
    {
        using var network = new Network(NetworkSpec.Parse("3-3", null, Loss.SoftmaxCrossEntropy)).Initialise(1);
        network.Parameters.Values.Clear();
        for (int i = 0; i < 3; i++) network.Parameters.Values[i * 4] = 1;
        using var model = new Model(network, Preparation.Identity);
        float[] inputs = [1, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 1, 0, 1, 0];
        using var data = new MemoryDataset(inputs, [0, 0, 0, 2, 1], Shape.Vector(3));
        return Evaluator.Score(model, data, 2);
    }

    [Fact]
    public async Task A_round_keeps_which_classes_were_taken_for_which_through_a_restart()
    {
        await using var fleet = await TestFleet.StartAsync(o => o with { Evaluate = _ => new ModelTest(Evaluate(), ["a", "b", "c"]) });
        await fleet.PushAsync(TestFleet.ModelBytes());
        var board = await fleet.AddBoardAsync();
        var opened = await fleet.Operator.RunRoundAsync(TestFleet.RoundOf(), Cancel);
        await board.TrainAsync(w => w);
        await fleet.Operator.WaitForRoundAsync(opened.Round, Cancel);
        await fleet.RestartAsync();
        var figures = (await fleet.Operator.GetRoundAsync(opened.Round, Cancel)).Figures;
        Assert.Equal([2, 1, 0, 0, 1, 0, 0, 0, 1], figures.Confusion);
        Assert.Equal(["a", "b", "c"], figures.Classes);
        Assert.Equal((2.0 / 3 + 1 + 1) / 3, figures.BalancedAccuracy, 1e-12);
        // F1: a 4/5, b 2/3, c 1.
        Assert.Equal((0.8 + (2.0 / 3) + 1) / 3, figures.MacroF1, 1e-12);
        Assert.False(figures.HasR2);
    }

    [Fact]
    public async Task A_boards_figures_are_kept_where_they_are_sound()
    {
        await using var fleet = await TestFleet.StartAsync();
        var board = await fleet.AddBoardAsync("one");
        var sound = FigureMessages.Of(Evaluate(), ["a", "b", "c"])!;
        Figures[] broken =
        [
            new() { Confusion = { 1, 2, 3 } },
            new() { Confusion = { Enumerable.Repeat(1ul, 21 * 21) } },
            new() { Confusion = { ulong.MaxValue, 0, 0, 0 } },
            new() { Confusion = { 1, 0, 0, 1 }, Classes = { "alone" } },
            new() { Confusion = { 1 }, Classes = { new string('x', 100_000) } },
            new() { BalancedAccuracy = double.NaN },
            new() { R2 = double.NegativeInfinity },
        ];
        await board.CheckInAsync(
            [new Telemetry { Figures = sound }, .. broken.Select(figures => new Telemetry { Loss = 1, Figures = figures })]);
        var rows = await fleet.Operator.ListTelemetryAsync(cancel: Cancel);
        Assert.Equal(1 + broken.Length, rows.Count);
        Assert.Equal(sound, rows[^1].Telemetry.Figures);
        Assert.All(rows.SkipLast(1), row => Assert.Null(row.Telemetry.Figures));
    }

    [Fact]
    public async Task A_fleet_from_before_there_were_figures_opens()
    {
        await using var fleet = await TestFleet.StartAsync();
        var board = await fleet.AddBoardAsync("one");
        await board.CheckInAsync(new Telemetry { Loss = 2.5 });
        using (SqliteConnection db = new($"Data Source={Path.Combine(fleet.Folder, "fleet.db")};Pooling=False"))
        {
            db.Open();
            using var command = db.CreateCommand();
            command.CommandText = "ALTER TABLE telemetry DROP COLUMN figures; PRAGMA user_version = 1";
            command.ExecuteNonQuery();
        }

        await fleet.RestartAsync();
        Assert.Equal(2.5, Assert.Single(await fleet.Operator.ListTelemetryAsync(cancel: Cancel)).Telemetry.Loss);
        await board.CheckInAsync(new Telemetry { Figures = FigureMessages.Of(Evaluate(), null) });
        Assert.Equal(9, (await fleet.Operator.ListTelemetryAsync(cancel: Cancel))[0].Telemetry.Figures.Confusion.Count);
    }
}
