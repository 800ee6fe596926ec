using System.Globalization;
using System.Text;
using Xunit;

namespace EdgeLearn.Tests;

/// <summary>A motion whose classes differ in how fast it swings: windows tell them apart, rows alone do not.</summary>
public sealed class WindowCommandTests : IDisposable
{
    static readonly string[] s_classes = ["calm", "quick", "still"];

    readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    string Motion(string name, int seed, int runs = 24, int rows = 100)
    {
        var random = new Random(seed);
        var text = new StringBuilder("x,z,what\n");
        for (int run = 0; run < runs; run++)
        {
            double step = (run % 3) switch { 0 => 0.25, 1 => 1.1, _ => 2.6 }, phase = random.NextDouble() * 6;
            for (int i = 0; i < rows; i++)
            {
                double angle = phase + (step * i), noise = random.NextDouble() - 0.5;
                text.Append(CultureInfo.InvariantCulture, $"{Math.Sin(angle) + (noise / 5):F4},{Math.Cos(angle) - (noise / 5):F4},");
                text.Append(s_classes[run % 3]).Append('\n');
            }
        }

        return _folder.Write(name, Encoding.UTF8.GetBytes(text.ToString()));
    }

    [Fact]
    public void A_model_of_windows_reads_later_tables_and_pipes_as_it_learned()
    {
        string data = Motion("motion.csv", 1), model = _folder["m.safetensors"];
        var alone = Invoked.Run("train", "--data", data, "--steps", "200", "--json").Json();
        Assert.InRange(alone.Number("test_accuracy"), 0.2, 0.55);
        Assert.Contains(alone.GetProperty("data").GetProperty("notes").EnumerateArray(),
            note => note.GetString()!.Contains("--window", StringComparison.Ordinal));
        var run = Invoked.Run("train", "--data", data, "--window", "16", "--steps", "200", "--save", model, "--json").Json();
        Assert.InRange(run.Number("test_accuracy"), 0.97, 1);

        string later = Motion("later.csv", 2, runs: 6);
        var evaluated = Invoked.Run("evaluate", "--model", model, "--data", later, "--json").Json();
        Assert.InRange(evaluated.Number("test_accuracy"), 0.97, 1);
        var info = Invoked.Run("info", "--model", model, "--json").Json().GetProperty("model");
        Assert.Equal((16, 8), (info.Number("window"), info.Number("hop")));

        string[] answers = Invoked.Run("predict", "--model", model, "--data", later, "--csv").Output.Trim().Split('\n')[1..];
        // Every eighth row ends a window once there are sixteen; a pipe does not know where labels change.
        Assert.Equal(Enumerable.Range(0, ((600 - 16) / 8) + 1).Select(i => $"{16 + (8 * i)}"), answers.Select(line => line.Split(',')[0]));
        var inner = answers.Select(line => line.Split(',')).Select(cells => (Row: int.Parse(cells[0], CultureInfo.InvariantCulture) - 1,
            Class: cells[1])).Where(answer => answer.Row % 100 >= 16).ToArray();
        Assert.InRange(inner.Count(answer => answer.Class == s_classes[answer.Row / 100 % 3]) / (double)inner.Length, 0.97, 1);
        Assert.Contains("the model takes windows of 16 rows",
            Invoked.Run("evaluate", "--model", model, "--data", later, "--window", "8").Error, StringComparison.Ordinal);
    }

    [Fact]
    public void A_pipe_shorter_than_a_window_is_said()
    {
        string data = Motion("motion.csv", 1, runs: 6), model = _folder["m.safetensors"];
        Assert.Equal(0, Invoked.Run("train", "--data", data, "--window", "16", "--steps", "5", "--save", model).ExitCode);
        string few = _folder.Write("few.csv", "x,z\n1,2\n3,4\n"u8.ToArray());
        var run = Invoked.Run("predict", "--model", model, "--data", few);
        Assert.Equal(1, run.ExitCode);
        Assert.Contains("16", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void Windows_are_for_tables()
    {
        var run = Invoked.Run("train", "--data", "digits", "--window", "4");
        Assert.Equal(1, run.ExitCode);
        Assert.Contains("--window takes whole rows together, not inputs of 8x8", run.Error, StringComparison.Ordinal);
    }
}
