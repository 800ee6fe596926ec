using Xunit;

namespace EdgeLearn.Tests;

public sealed class ModelCommandTests : IDisposable
{
    const string Net = "8x8-conv3x3x2:relu-pool2-6-3";

    readonly TemporaryFolder _folder = new();
    readonly string _data;
    readonly string _state;

    public ModelCommandTests()
    {
        _data = ThreePlaces.Write(_folder);
        _state = _folder["state.safetensors"];
        using var model = new Model(new Network(NetworkSpec.Parse(Net, null, Loss.SoftmaxCrossEntropy)).Initialise(7),
            Preparation.Identity);
        File.WriteAllBytes(_state, StateFile.ToArray(model));
    }

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_state_dict_becomes_a_model_file_and_the_same_state_dict_again()
    {
        string model = _folder["m.safetensors"], back = _folder["back.safetensors"];
        var result = Invoked.Run("model", "import", _state, "--network", Net, "--output", model, "--json").Json();
        Assert.Equal((Net, 2 * 9 + 2 + 6 * 18 + 6 + 3 * 6 + 3), (result.Text("network"), (int)result.Number("parameter_count")));
        Invoked.Run("model", "export", model, "--output", back, "--json").Json();
        Assert.Equal(File.ReadAllBytes(_state), File.ReadAllBytes(back));
        using var file = SafeTensors.Open(back); // conv, relu, pool, flatten, linear, tanh, linear
        Assert.Equal(["0.weight", "0.bias", "4.weight", "4.bias", "6.weight", "6.bias"], file.Tensors.Select(tensor => tensor.Name));
        Assert.Equal(0, Invoked.Run("model", "inspect", model).ExitCode);
        Assert.Equal(Net, Invoked.Run("model", "inspect", model, "--json").Json().GetProperty("model").Text("network"));
    }

    [Fact]
    public void Training_goes_on_from_a_state_dict_and_evaluation_takes_it_as_it_is()
    {
        string model = _folder["m.safetensors"], imported = _folder["i.safetensors"];
        var before = Invoked.Run("evaluate", "--data", _data, "--model", _state, "--network", Net, "--json").Json();
        Invoked.Run("model", "import", _state, "--network", Net, "--output", imported, "--json").Json();
        Assert.Equal(before.Number("test_loss"),
            Invoked.Run("evaluate", "--data", _data, "--model", imported, "--json").Json().Number("test_loss"));
        var untouched =
            Invoked.Run("train", "--data", _data, "--model", _state, "--network", Net, "--preparation", "none", "--lr", "1e-20", "--steps",
            "1", "--rule", "backprop", "--json").Json();
        Assert.Equal(before.Number("test_loss"), untouched.Number("test_loss"), 1e-6 * before.Number("test_loss"));
        var trained =
            Invoked.Run("train", "--data", _data, "--model", _state, "--network", Net, "--rule", "backprop", "--save", model, "--json")
            .Json();
        Assert.InRange(trained.Number("test_accuracy"), 0.9, 1);
        Assert.InRange(Invoked.Run("train", "--data", _data, "--model", model, "--steps", "1", "--lr", "1e-9", "--json").Json()
            .Number("test_accuracy"), 0.9, 1);
    }

    [Fact]
    public void The_stated_preparation_is_kept_and_repeated_for_channels()
    {
        string model = _folder["m.safetensors"];
        Invoked.Run("model", "import", _state, "--network", Net, "--mean", "75", "--std", "50", "--output", model, "--json").Json();
        using (var read = ModelFile.Load(model))
            Assert.Equal((75, 1 / 50f, 1), (read.Preparation.Shift[0], read.Preparation.Scale[0], read.Preparation.Shift.Length));
        using var colour = new Model(new Network(NetworkSpec.Parse("2x2x3-conv1x1x2-4", null, Loss.SoftmaxCrossEntropy)).Initialise(7),
            Preparation.Identity);
        File.WriteAllBytes(_state, StateFile.ToArray(colour));
        Invoked.Run("model", "import", _state, "--network", "2x2x3-conv1x1x2-4", "--mean", "1,2,3", "--std", "2", "--output", model,
            "--json").Json();
        using var channels = ModelFile.Load(model);
        Assert.Equal([1, 2, 3, 1, 2, 3, 1, 2, 3, 1, 2, 3], channels.Preparation.Shift.ToArray());
        Assert.All(channels.Preparation.Scale.ToArray(), scale => Assert.Equal(0.5f, scale));
    }

    [Theory]
    [InlineData("import STATE --network 8x8-conv3x3x2:relu-pool2-5-3 --output OUT",
        "STATE: layer 3 (5:tanh) needs bias [5], weight [5, 18], 4 has bias [6], weight [6, 18]")]
    [InlineData("import STATE --network 8x8-10@3x3-3 --output OUT", "random places of their input")]
    [InlineData("import STATE --output OUT", "'--network' is required")]
    [InlineData("import STATE --network 8x8-3 --mean 1,2,3 --output OUT", "--mean and --std have 3 numbers: expected 1, 8 or 64")]
    [InlineData("import STATE --network 8x8-3 --std 0 --output OUT", "--std 0: expected numbers other than 0")]
    [InlineData("import STATE --network 8x8-3 --output FOLDER", "--output FOLDER is a folder")]
    [InlineData("import DATA/none --network 8x8-3 --output OUT", "there is no such file")]
    [InlineData("export STATE --output OUT",
        "has no edgelearn.network in its metadata; if it is a state_dict of PyTorch, give it as --model and its net as --network")]
    [InlineData("import PICKLE --network 8x8-3 --output OUT",
        "convert it with: python3 -c \"import torch, safetensors.torch as s; s.save_file(torch.load('PICKLE', map_location='cpu')")]
    public void One_line_says_what_was_expected(string arguments, string expected)
    {
        string pickle = _folder.Write("net.pt", [.. "PK\u0003\u0004\0\0\0\0\0\0"u8]);
        string Filled(string text)
            => text.Replace("STATE", _state).Replace("OUT", _folder["out.safetensors"]).Replace("FOLDER", _folder.Path)
                .Replace("DATA", _data).Replace("PICKLE", pickle);
        var run = Invoked.Run(["model", .. arguments.Split(' ').Select(Filled)]);
        Assert.Equal((1, ""), (run.ExitCode, run.Output));
        string line = Assert.Single(run.Error.Split('\n', StringSplitOptions.RemoveEmptyEntries));
        Assert.StartsWith("error: ", line);
        Assert.Contains(Filled(expected), line, StringComparison.Ordinal);
        Assert.False(File.Exists(_folder["out.safetensors"]));
    }
}
