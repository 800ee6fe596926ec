using System.CommandLine;
using System.Diagnostics;
using EdgeLearn.Datasets;

namespace EdgeLearn.Commands;

/// <summary><c>fewshot</c>: how well a model's features tell classes apart of which a few samples each have a label.</summary>
public sealed class FewShotCommand
{
    const int UsualShots = 5, UsualWays = 5, UsualQueries = 15, UsualEpisodes = 200, Most = 1 << 20;

    readonly DataArguments _data;
    readonly Option<string?> _model = OptionText.Text("--model", "FILE", "a model file, whose last layer with weights is left out");
    readonly Option<int?> _shots = Number("--shots", $"labelled samples of a class (default {UsualShots})", 1);
    readonly Option<int?> _ways = Number("--ways", $"classes of an episode (default {UsualWays})", 2);
    readonly Option<int?> _queries = Number("--queries", $"samples of a class to be classified (default {UsualQueries})", 1);
    readonly Option<double?> _skew = OptionText.Number("--skew",
        "draw each class's part of the samples to be classified from a symmetric Dirichlet distribution of this concentration, such as 1; "
        + "a smaller one gives fewer classes most (default: each class has the same)");
    readonly Option<int?> _episodes = Number("--episodes", $"how many times classes and samples are drawn (default {UsualEpisodes})", 2);
    readonly Option<ulong?> _seed = OptionText.Seed("--seed", "of what is drawn (default 1)");
    readonly Option<int?> _threads = OptionText.Threads();

    FewShotCommand(ExampleCommand command, IImageDecoder? images)
    {
        _data = new DataArguments(images);
        _model.Required = true;
        command.Add("", _model);
        _data.AddTo(command, required: true);
        command.Add("", _shots, _ways, _queries, _skew, _episodes, _seed, _threads, CommandOutput.JsonOption());
    }

    static Option<int?> Number(string name, string description, int least)
        => OptionText.Whole<int>(name, description, least, Most, $"a whole number from {least} to {Most}");

    /// <summary>The command.</summary>
    /// <param name="images">reads images; null = the program reads none</param>
    public static Command Create(IImageDecoder? images = null)
    {
        var command = new ExampleCommand("fewshot",
            "Say how well a model's features tell classes apart of which a few samples each have a label: by the nearest centroid, and "
            + "with the other samples' help (transductive). The classes need not be the model's.",
            "--model letters.safetensors --data ./new-alphabet --shots 1",
            "--model letters.safetensors --data ./new-alphabet --shots 5 --ways 5 --queries 8 --skew 1",
            "--model digits.safetensors --data digits --episodes 500 --seed 2 --json");
        command.SetAction(new FewShotCommand(command, images).Run);
        return command;
    }

    int Run(ParseResult parsed)
    {
        var output = CommandOutput.Of(parsed);
        ThreadTeam.Use(parsed.GetValue(_threads) ?? 1);
        var plan = new FewShotPlan(parsed.GetValue(_ways) ?? UsualWays, parsed.GetValue(_shots) ?? UsualShots,
            parsed.GetValue(_queries) ?? UsualQueries, parsed.GetValue(_skew), parsed.GetValue(_seed) ?? 1);
        plan.Check();
        int episodes = parsed.GetValue(_episodes) ?? UsualEpisodes;
        string path = parsed.GetRequiredValue(_model)!;
        CodePages.Drop();
        using var model = ModelFile.Load(path);
        FewShotFeatures.CheckModel(model, path);
        using var data = _data.OpenWhole(parsed, output, ModelMeaning.Of(model) with { MayDrawHead = true });
        long begin = Stopwatch.GetTimestamp();
        var drawing = new FewShotEpisodes(plan, FewShotFeatures.LabelsOf(data), data.Name);
        var features = FewShotFeatures.Of(model, data);
        using var classifier = new FewShotClassifier(features.Length, plan.Rows, plan.Ways);
        var tally = new FewShotTally(classifier, features, plan);
        using (var line = new ProgressLine(output))
        {
            for (int i = 0; i < episodes; i++)
            {
                if (i % 20 == 0) line.Show($"episode {i + 1} of {episodes}");
                tally.Add(drawing.Draw(i));
            }
        }

        var result = new FewShotResult(
            Model: path,
            Shots: plan.Shots,
            Ways: plan.Ways,
            Queries: plan.Queries,
            Skew: plan.Skew,
            Episodes: episodes,
            NearestCentroid: tally.NearestCentroid,
            Transductive: tally.Transductive,
            Spread: tally.Spread,
            FellBack: tally.FellBack,
            Samples: features.Count,
            Classes: drawing.ClassCount,
            FeatureLength: features.Length,
            FeatureBytes: features.Bytes,
            WorkspaceBytes: classifier.WorkspaceBytes,
            Seconds: Stopwatch.GetElapsedTime(begin).TotalSeconds,
            PeakRssBytes: Machine.PeakRssBytes);
        output.Write(result, ResultJson.Default.FewShotResult, text => result.Write(data.Name, text));
        return 0;
    }
}
