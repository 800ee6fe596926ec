using System.CommandLine;
using System.Text.Json;
using EdgeLearn.Commands;
using EdgeLearn.Protocol;
using Xunit;

namespace EdgeLearn.Tests;

/// <summary>
/// The three doors to a rate: the command line, a program, and a board of a fleet take the same one for the same network.
/// </summary>
public sealed class OneRateTests
{
    const string Dense = "8x8-20-10", Windows = "8x8-20@4x4-10", Convolution = "8x8-conv3x3x4:relu-10";

    public static TheoryData<string, string, string> Cases
    {
        get
        {
            var cases = new TheoryData<string, string, string>();
            foreach (string network in (string[])[Dense, Windows, Convolution])
            {
                foreach (var rule in LearningRules.All)
                {
                    foreach (var update in UpdateRules.All) cases.Add(network, rule.Word, update.Word);
                }
            }

            return cases;
        }
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public async Task Command_line_program_and_board_take_the_same_rate(string network, string rule, string update)
    {
        using var digits = new Digits();
        var settings = new TrainingSettings { Rule = LearningRules.Named(rule), Update = UpdateRules.Named(update), Steps = 1, Batch = 8 };
        var spec = NetworkSpec.Parse(network, digits.Train.InputShape, Loss.SoftmaxCrossEntropy);
        using var learner = new Network(spec).Initialise(1);
        using var session = new TrainingSession(learner, settings, digits.Train, Preparation.Identity);
        float program = session.Settings.LearningRate!.Value;

        float board = RoundTraining.From(settings).ToSettings(spec, 1, 1).LearningRate!.Value;
        Assert.Equal(program, board);

        using StringWriter output = new(), error = new();
        RootCommand root = [TrainCommand.Create()];
        int code = await CommandProgram.RunAsync(root, "test",
            ["train", "--data", "digits", "--network", network, "--rule", rule, "--update", update,
            "--steps", "1", "--batch", "8", "--json"], output, error, TestContext.Current.CancellationToken);
        Assert.True(code == 0, error.ToString());
        Assert.Equal(program, JsonDocument.Parse(output.ToString()).RootElement.GetProperty("learning_rate").GetSingle());
    }

    // The rate of dense nets is 0.5, at which this net learns nothing: the mistake that one function of rates ends.
    [Fact]
    public void A_board_learns_a_convolution_net_with_sgd_at_the_rate_of_the_command_line()
    {
        using var digits = new Digits();
        byte[] start = digits.NewModel("8x8-conv3x3x16:same:relu-conv3x3x32:same:relu-pool2-128:relu-10");
        var task = new TrainTask
        {
            Round = 1,
            Codec = Codec.Float32,
            Training = RoundTraining.From(new TrainingSettings { Rule = new BackpropSettings(), Epochs = 2, Batch = 16 })
        };
        using var trained = Digits.TrainWithTheCore(start, task, 1, digits.Train);
        Assert.InRange(Evaluator.Score(trained, digits.Test, 64).Accuracy, 0.8, 1);
    }
}
