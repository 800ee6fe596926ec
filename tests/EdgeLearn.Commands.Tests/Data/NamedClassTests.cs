using System.Text;
using Xunit;

namespace EdgeLearn.Tests;

/// <summary>A class is its name, a column is its name: whoever reads data beside a model reads them by the model's.</summary>
public sealed class NamedClassTests : IDisposable
{
    readonly TemporaryFolder _folder = new();
    readonly string _names;
    readonly string _numbers;
    readonly string _model;
    readonly string _numbered;

    public NamedClassTests()
    {
        _names = Write("names.csv", new PlainTable());
        _numbers = Write("numbers.csv", new PlainTable { Classes = ["0", "1", "2"] });
        _model = Train(_names, "m.safetensors");
        _numbered = Train(_numbers, "n.safetensors");
    }

    public void Dispose() => _folder.Dispose();

    string Write(string name, PlainTable table) => _folder.Write(name, Encoding.UTF8.GetBytes(table.ToString()));

    // Without the rows of the class in the middle.
    static PlainTable Two(params string[] classes) => new()
    {
        Classes = classes,
        Line = (cells, i) => i >= 0 && i % 3 == 1 ? ["", "", "", "", ""] : cells,
    };

    string Train(string data, string name, params string[] more)
    {
        string path = _folder[name];
        var run = Invoked.Run(["train", "--data", data, "--steps", "40", "--save", path, .. more]);
        Assert.True(run.ExitCode == 0, run.Error);
        return path;
    }

    static double Loss(string model, string data)
        => Invoked.Run("evaluate", "--model", model, "--data", data, "--json").Json().Number("test_loss");

    static double Accuracy(string model, string data)
        => Invoked.Run("evaluate", "--model", model, "--data", data, "--json").Json().Number("test_accuracy");

    [Fact]
    public void Data_may_lack_a_class()
    {
        string two = Write("two.csv", Two("cold", "hot", "warm")), twoNumbers = Write("twon.csv", Two("0", "1", "2"));
        Assert.Equal(Loss(_numbered, twoNumbers), Loss(_model, two));
        string later = Train(two, "m2.safetensors", "--network", _model);
        string laterNumbered = Train(twoNumbers, "n2.safetensors", "--network", _numbered);
        Assert.Equal(Loss(laterNumbered, _numbers), Loss(later, _names));
        using var model = ModelFile.Load(later);
        Assert.Equal(["cold", "hot", "warm"], model.ClassNames!);
    }

    [Fact]
    public void A_class_that_the_model_does_not_know_is_refused_by_name()
    {
        string other = Write("other.csv", new PlainTable { Classes = ["cold", "icy", "warm"] });
        var run = Invoked.Run("train", "--data", other, "--network", _model, "--steps", "2");
        Assert.Contains("the label 'icy' in 'state' is none of the classes of the model (cold, hot, warm)", run.Error);
        Assert.Contains("model add-class", run.Error);
        Assert.Contains("have no names", Invoked.Run("evaluate", "--model", _numbered, "--data", _names).Error);
        Assert.Contains("the label '0'", Invoked.Run("evaluate", "--model", _model, "--data", _numbers).Error);
    }

    [Fact]
    public void An_added_class_is_found_in_a_file_with_another_order()
    {
        string wider = _folder["wider.safetensors"];
        Invoked.Run("model", "add-class", _model, "--name", "icy", "--output", wider);
        string extra = Write("extra.csv", new PlainTable { Classes = ["icy", "cold", "warm"] });
        string later = Train(extra, "later.safetensors", "--network", wider, "--lr", "1e-9");
        using var model = ModelFile.Load(later);
        Assert.Equal(["cold", "hot", "warm", "icy"], model.ClassNames!);
        Assert.Equal(Accuracy(_model, _names), Accuracy(later, _names));
    }

    [Fact]
    public void What_could_not_be_read_again_is_refused_before_the_first_step()
    {
        var run = Invoked.Run("train", "--data", _names, "--network", "4-8-5", "--steps", "2", "--save", _folder["w.safetensors"]);
        Assert.Contains("has the 3 classes cold, hot, warm, the network tells 5 apart", run.Error);
        Assert.False(File.Exists(_folder["w.safetensors"]));
    }

    [Fact]
    public void Columns_are_found_by_name_in_any_order()
    {
        string turned = Write("turned.csv", new PlainTable
        {
            Line = (cells, i) => [cells[4], cells[2], i < 0 ? "extra" : "7", cells[0], cells[3], cells[1]],
        });
        var run = Invoked.Run("evaluate", "--model", _model, "--data", turned, "--json");
        Assert.Equal(Loss(_model, _names), run.Json().Number("test_loss"));
        Assert.Contains("the model does not know them: extra", run.Error);
        string without = Write("without.csv", new PlainTable { Line = (cells, _) => [cells[0], cells[1], cells[3], cells[4]] });
        Assert.Contains("has no column 'press', which the model was trained with",
            Invoked.Run("evaluate", "--model", _model, "--data", without).Error);
    }

    [Fact]
    public void Predictions_are_a_line_a_row_with_the_names()
    {
        string[] lines = Invoked.Run("predict", "--model", _model, "--data", _names, "--csv").Output.TrimEnd().Split('\n');
        Assert.Equal("row,class,probability", lines[0]);
        Assert.Equal(91, lines.Length);
        string[] classes = ["cold", "hot", "warm"];
        int right = Enumerable.Range(0, 90).Count(i => lines[i + 1].Split(',')[1] == classes[i % 3]);
        double accuracy = Invoked.Run("evaluate", "--model", _model, "--data", _names, "--test-fraction", "0.99", "--json").Json()
            .Number("test_accuracy");
        Assert.Equal(accuracy, right / 90.0, 0.03);
    }

    [Fact]
    public void Nothing_is_written_over_what_is_read()
    {
        byte[] before = File.ReadAllBytes(_names);
        string link = _folder["link.csv"];
        File.CreateSymbolicLink(link, _names);
        Assert.Contains("would write over what --data reads", Refuse("train", "--data", link, "--steps", "2", "--save", _names));
        Assert.Contains("a file of another kind", Refuse("model", "export", _model, "--output", _names));
        Assert.Contains("two results need two files", Refuse("train", "--data", _names, "--steps", "2", "--save", _folder["x.safetensors"],
            "--past", _folder["x.safetensors"], "--replay-bytes", "20kB"));
        Assert.Contains("would write over", Refuse("train", "--data", _names, "--model", _model, "--train", "lora:2", "--rule", "backprop",
            "--steps", "2", "--save-adaptor", _model));
        Assert.Equal(before, File.ReadAllBytes(_names));
    }

    static string Refuse(params string[] arguments)
    {
        var run = Invoked.Run(arguments);
        Assert.Equal(1, run.ExitCode);
        return run.Error;
    }
}
