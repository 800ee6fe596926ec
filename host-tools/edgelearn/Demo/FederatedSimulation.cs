using EdgeLearn.Device;
using EdgeLearn.Hub;
using EdgeLearn.Protocol;

namespace EdgeLearn.Cli;

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
            var update = board.Train(task, (ulong)i, path, stop);
            return new UpdateReport((ulong)i, update.ExampleCount, update.Content);
        }));
        DurableFile.Replace(path, model.ToBytes());
    }
}
