using System.Text;
using Xunit;

namespace EdgeLearn.Tests;

/// <summary>State_dicts and files that are none, through the commands: one line on standard error, and the exit code.</summary>
public sealed class StateCommandTests : IDisposable
{
    const string Net = "4-4:relu-4:relu-4:relu-3";

    readonly TemporaryFolder _folder = new();
    readonly string _data;

    public StateCommandTests()
    {
        _data = Directory.CreateDirectory(_folder["data"]).FullName;
        var random = new Random(1);
        foreach (string part in (string[])["train", "test"])
        {
            var text = new StringBuilder("a,b,c,d,state\n");
            for (int i = 0; i < 60; i++)
            {
                string[] values = [.. Enumerable.Range(0, 4).Select(_ => $"{(random.NextDouble() * 4) - 2:F3}")];
                text.Append(System.Globalization.CultureInfo.InvariantCulture, $"{string.Join(",", values)},{i % 3}\n");
            }
            File.WriteAllText(Path.Combine(_data, part + ".csv"), text.ToString());
        }
    }

    public void Dispose() => _folder.Dispose();

    // Layers in the order of their names here, each with weights of its own.
    static StateBytes State(string tensors)
        => StateBytes.Of(tensors, module => module switch { "beta" or "l1" => 0.25f, "alpha" or "l2" => 0.5f, "head" => -1, _ => 0.75f });

    string Write(StateBytes state, string name = "s.safetensors") => _folder.Write(name, state.ToArray());

    Invoked Evaluate(string model) => Invoked.Run("evaluate", "--model", model, "--network", Net, "--data", _data, "--json");

    static string LineOf(Invoked run)
    {
        Assert.Equal((1, ""), (run.ExitCode, run.Output));
        string line = Assert.Single(run.Error.Split('\n', StringSplitOptions.RemoveEmptyEntries));
        Assert.StartsWith("error: ", line);
        return line["error: ".Length..];
    }

    [Fact]
    public void Order_and_numbers_give_the_same_figures_and_a_sorted_file_is_refused()
    {
        double loss = Evaluate(Write(State("beta alpha zeta head"))).Json().Number("test_loss");
        foreach (string numbered in (string[])["l3 l1/F16 l2/F16 head", "l1 l2 l3/F64 head"])
        {
            var run = Evaluate(Write(State(numbered).InLibraryOrder()));
            Assert.Equal((loss, ""), (run.Json().Number("test_loss"), run.Error));
        }

        foreach (string sorted in (string[])["alpha beta head zeta", "alpha/F16 beta/F16 head zeta"])
        {
            string path = Write(State(sorted).InLibraryOrder());
            Assert.StartsWith($"{path}: alpha, beta and zeta cannot be told apart", LineOf(Evaluate(path)), StringComparison.Ordinal);
        }
    }

    [Fact]
    public void What_is_left_out_is_said_in_one_line_by_every_command_that_reads_it()
    {
        double loss = Evaluate(Write(State("beta alpha zeta head"))).Json().Number("test_loss");
        string path = Write(new StateBytes().Add("n_averaged", "I64", []).Add(State("beta alpha zeta head")).Add("mask", "BOOL", [2])
            .Add("cache", "F32", [0, 7])), imported = _folder["i.safetensors"], back = _folder["b.safetensors"];
        string line = $"{path}: left out, since no layer is made of them: n_averaged, mask and cache\n";
        foreach (string[] arguments in (string[][])[["evaluate", "--model", path, "--network", Net, "--data", _data],
            ["model", "import", path, "--network", Net, "--output", imported],
            ["model", "export", imported, "--like", path, "--output", back]])
        {
            var run = Invoked.Run(arguments);
            Assert.Equal((0, line), (run.ExitCode, run.Error));
        }

        Assert.Equal(loss, Evaluate(path).Json().Number("test_loss"));
        Assert.Equal(loss, Evaluate(back).Json().Number("test_loss"));
        var trained = Invoked.Run("train", "--model", path, "--network", Net, "--data", _data, "--steps", "1", "--controls");
        Assert.Equal(0, trained.ExitCode);
        Assert.Single(trained.Error.Split('\n'), text => text + "\n" == line);
    }

    [Fact]
    public void A_float_tensor_that_is_left_over_is_refused()
    {
        string path = Write(State("beta alpha zeta head other.weight"));
        Assert.StartsWith($"{path}: other.weight is left over", LineOf(Evaluate(path)), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("evaluate --model FILE --network 4-3 --data DATA")]
    [InlineData("evaluate --model FILE --data DATA")]
    [InlineData("train --model FILE --network 4-3 --data DATA")]
    [InlineData("train --network FILE --data DATA")]
    [InlineData("info --model FILE")]
    [InlineData("model inspect FILE")]
    [InlineData("model import FILE --network 4-3 --output OUT")]
    [InlineData("model export FILE --output OUT")]
    [InlineData("model export MODEL --like FILE --output OUT")]
    [InlineData("model merge FILE FILE --output OUT")]
    [InlineData("model merge MODEL FILE --output OUT")]
    public void A_file_that_is_something_else_is_called_what_it_is(string arguments)
    {
        using var model = new Model(new Network(NetworkSpec.Parse("4-3", null, Loss.SoftmaxCrossEntropy)).Initialise(7),
            Preparation.Identity);
        ModelFile.Save(_folder["model"], model);
        foreach (var (content, expected) in ((string, string)[])[("version https://git-lfs.github.com/spec/v1\n", "a Git LFS pointer: "),
            ("\n<!DOCTYPE html>", "a web page (HTML): "), ("", "an empty file: "), ("{\"a\":1}", "a JSON file, where a safetensors file")])
        {
            string path = _folder.Write("m.safetensors", Encoding.UTF8.GetBytes(content));
            string line = LineOf(Invoked.Run([.. arguments.Split(' ').Select(word => word.Replace("FILE", path).Replace("DATA", _data)
                .Replace("OUT", _folder["out"]).Replace("MODEL", _folder["model"]))]));
            Assert.StartsWith($"{path} is {expected}", line, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void A_description_of_a_network_that_is_something_else_is_too()
    {
        string path = _folder.Write("net.json", Encoding.UTF8.GetBytes("<!DOCTYPE html><html>"));
        Assert.StartsWith($"{path} is a web page (HTML), where a description of a network is expected: ",
            LineOf(Invoked.Run("plan", "--network", path)), StringComparison.Ordinal);
        File.WriteAllText(path, "{");
        Assert.Contains("broken network description", LineOf(Invoked.Run("plan", "--network", path)), StringComparison.Ordinal);
    }
}
