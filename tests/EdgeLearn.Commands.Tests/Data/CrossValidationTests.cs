using System.Text;
using System.Text.Json;
using Xunit;

namespace EdgeLearn.Tests;

/// <summary>The runs of a cross-validation are those of each fold by itself.</summary>
public sealed class CrossValidationTests : IDisposable
{
    readonly TemporaryFolder _folder = new();
    readonly string _data;

    public CrossValidationTests() => _data = _folder.Write("table.csv", Encoding.UTF8.GetBytes(new PlainTable().ToString()));

    public void Dispose() => _folder.Dispose();

    JsonElement Train(params string[] more) => Invoked.Run(["train", "--data", _data, "--steps", "25", "--json", .. more]).Json();

    [Fact]
    public void Folds_are_tested_in_turn_and_their_figures_have_mean_and_deviation()
    {
        var all = Train("--cross-validate", "3", "--controls");
        double[] accuracies = new double[3], frozen = new double[3];
        for (int fold = 1; fold <= 3; fold++)
        {
            var one = Train("--fold", $"{fold}/3", "--controls");
            var same = all.GetProperty("folds")[fold - 1];
            foreach (string figure in (string[])["train_examples", "test_examples", "test_accuracy", "test_loss"])
                Assert.Equal(one.Number(figure), same.Number(figure));
            accuracies[fold - 1] = one.Number("test_accuracy");
            frozen[fold - 1] = one.GetProperty("controls").GetProperty("frozen").Number("test_accuracy");
        }

        double mean = accuracies.Sum() / 3;
        Assert.Equal(mean, all.GetProperty("accuracy").Number("mean"), 1e-12);
        Assert.Equal(Math.Sqrt(((accuracies[0] - mean) * (accuracies[0] - mean)) + ((accuracies[1] - mean) * (accuracies[1] - mean))
            + ((accuracies[2] - mean) * (accuracies[2] - mean))) / Math.Sqrt(2), all.GetProperty("accuracy").Number("deviation"), 1e-12);
        Assert.Equal(frozen.Sum() / 3, all.GetProperty("frozen").Number("mean"), 1e-12);
    }

    [Fact]
    public void A_regression_has_R2_in_place_of_accuracy()
    {
        string rows = string.Concat(Enumerable.Range(0, 60).Select(i => $"{i % 7},{i % 5},{(i % 7) + (2 * (i % 5))}.5\n"));
        string path = _folder.Write("line.csv", Encoding.UTF8.GetBytes("a,b,y\n" + rows));
        var all = Invoked.Run("train", "--data", path, "--loss", "mean-square", "--cross-validate", "4", "--steps", "150", "--json").Json();
        Assert.InRange(all.GetProperty("r2").Number("mean"), 0.8, 1);
        Assert.False(all.TryGetProperty("accuracy", out _));
        var shown = Invoked.Run("train", "--data", path, "--loss", "mean-square", "--cross-validate", "2", "--steps", "5");
        Assert.Contains("deviation", shown.Output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--save", "m.safetensors")]
    [InlineData("--checkpoint", "run")]
    [InlineData("--fold", "1/3")]
    [InlineData("--test-fraction", "0.3")]
    [InlineData("--validation", "0.3")]
    public void What_does_not_go_with_it_is_said(string option, string value)
    {
        var run = Invoked.Run("train", "--data", _data, "--cross-validate", "3", option, value);
        Assert.Equal(1, run.ExitCode);
        Assert.Contains(option, run.Error, StringComparison.Ordinal);
        Assert.Equal(["table.csv"], Directory.GetFileSystemEntries(Path.GetDirectoryName(_data)!).Select(Path.GetFileName));
    }

    [Fact]
    public void Data_with_a_test_part_of_their_own_are_not_divided()
        => Assert.Contains("has a test part of its own", Invoked.Run("train", "--data", "digits", "--cross-validate", "3").Error,
            StringComparison.Ordinal);
}
