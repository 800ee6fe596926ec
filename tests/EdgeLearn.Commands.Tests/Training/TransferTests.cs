using Xunit;

namespace EdgeLearn.Tests;

/// <summary>From a base to an adaptor and back, by the commands alone.</summary>
public sealed class TransferTests : IDisposable
{
    readonly TemporaryFolder _folder = new();
    readonly string _data;
    readonly string _base;

    public TransferTests()
    {
        _data = ThreePlaces.Write(_folder);
        _base = _folder["base.safetensors"];
        Succeed("train", "--data", _data, "--network", "8x8-conv3x3x4:relu-16:relu-3", "--rule", "backprop", "--lr", "0.05", "--steps",
            "20", "--save", _base);
    }

    public void Dispose() => _folder.Dispose();

    static Invoked Succeed(params string[] arguments)
    {
        var result = Invoked.Run(arguments);
        Assert.True(result.ExitCode == 0, result.Error);
        return result;
    }

    static string Fail(params string[] arguments)
    {
        var result = Invoked.Run(arguments);
        Assert.Equal(1, result.ExitCode);
        return Assert.Single(result.Error.Trim().Split('\n'), line => line.StartsWith("error: ", StringComparison.Ordinal));
    }

    Invoked Train(params string[] arguments)
        => Succeed(["train", "--data", _data, "--model", _base, "--rule", "backprop", "--lr", "0.05", "--steps", "15", "--json",
            .. arguments]);

    double Loss(string model, params string[] arguments)
        => Succeed(["evaluate", "--data", _data, "--model", model, "--json", .. arguments]).Json().Number("test_loss");

    [Theory]
    [InlineData("lora:2")]
    [InlineData("scale")]
    [InlineData("bias")]
    [InlineData("residual:2")]
    [InlineData("head")]
    [InlineData("layers.1.bias,head")]
    public void An_adaptor_is_trained_applied_and_merged(string keys)
    {
        string adaptor = _folder["site.adaptor"], saved = _folder["saved.safetensors"], merged = _folder["merged.safetensors"];
        byte[] before = File.ReadAllBytes(_base);
        var result = Train("--train", keys, "--save-adaptor", adaptor, "--save", saved).Json();
        var transfer = result.GetProperty("transfer");
        Assert.Equal((keys, (double)new FileInfo(adaptor).Length), (transfer.Text("train"), transfer.Number("adaptor_bytes")));
        Assert.InRange(transfer.Number("adaptor_bytes"), 500, 6000);
        Assert.Equal(before, File.ReadAllBytes(_base));
        double trained = result.Number("test_loss");
        Assert.True(trained < Loss(_base));
        Assert.Equal(trained, Loss(_base, "--adaptor", adaptor), 1e-5);
        Succeed("model", "merge", _base, adaptor, "--output", merged);
        Assert.Equal(trained, Loss(merged), 1e-5);
        Assert.Equal(File.ReadAllBytes(saved), File.ReadAllBytes(merged));
        Assert.Contains("an adaptor for a base of SHA-256", Fail("evaluate", "--data", _data, "--model", merged, "--adaptor", adaptor),
            StringComparison.Ordinal);
    }

    [Fact]
    public void A_class_is_added_and_learned()
    {
        string wider = _folder["wider.safetensors"];
        var added = Succeed("model", "add-class", _base, "--name", "crate", "--output", wider, "--json").Json();
        Assert.Equal("8x8-conv3x3x4:relu-16:relu-4", added.Text("network"));
        Assert.Contains("classes  0, 1, 2, crate", Succeed("info", "--model", wider).Output, StringComparison.Ordinal);
        Assert.Contains("knows the classes", Fail("model", "add-class", wider, "--name", "crate", "--output", _folder["again.safetensors"]),
            StringComparison.Ordinal);
        Assert.Contains("choose another name", Fail("model", "add-class", wider, "--name", "box", "--output", wider),
            StringComparison.Ordinal);
    }

    [Fact]
    public void A_head_for_other_classes_is_drawn_only_where_the_head_learns()
    {
        string wider = _folder["wider.safetensors"];
        Succeed("model", "add-class", _base, "--name", "crate", "--output", wider);
        string[] train = ["train", "--data", _data, "--model", wider, "--rule", "backprop", "--lr", "0.05", "--steps", "10"];
        // Data that lack a class of the model are its data all the same.
        Assert.Contains("8x8-conv3x3x4:relu-16:relu-4", Succeed([.. train, "--train", "head"]).Output, StringComparison.Ordinal);
        File.WriteAllLines(Path.Combine(_data, "classes.txt"), ["bin", "box", "cart"]);
        Assert.Contains("class 'bin' is none of the classes of the model (0, 1, 2, crate)", Fail([.. train, "--train", "lora:2"]),
            StringComparison.Ordinal);
        var result = Succeed([.. train, "--train", "head"]);
        Assert.Contains("a new head is drawn", result.Error, StringComparison.Ordinal);
        Assert.Contains("8x8-conv3x3x4:relu-16:relu-3", result.Output, StringComparison.Ordinal);
    }

    [Fact]
    public void What_cannot_be_saved_or_learned_is_refused_before_the_run()
    {
        Assert.Contains("needs --train", Fail("train", "--data", _data, "--model", _base, "--save-adaptor", _folder["a"]),
            StringComparison.Ordinal);
        Assert.Contains("needs a model", Fail("train", "--data", _data, "--train", "bias", "--save-adaptor", _folder["a"]),
            StringComparison.Ordinal);
        Assert.Contains("leave --weights out",
            Fail("train", "--data", _data, "--model", _base, "--weights", "bf16", "--train", "bias", "--save-adaptor", _folder["a"]),
            StringComparison.Ordinal);
        Assert.Contains("leave --preparation out",
            Fail("train", "--data", _data, "--model", _base, "--preparation", "none", "--train", "bias", "--save-adaptor", _folder["a"]),
            StringComparison.Ordinal);
        Assert.Contains("give one of them", Fail("train", "--data", _data, "--model", _base, "--network", "64-3"),
            StringComparison.Ordinal);
        Assert.Contains("no such file", Fail("train", "--data", _data, "--model", _folder["none.safetensors"]), StringComparison.Ordinal);
        Assert.Contains("fits no tensor", Fail("train", "--data", _data, "--model", _base, "--train", "hed"), StringComparison.Ordinal);
    }

    [Fact]
    public void Plan_shows_what_is_frozen_and_how_little_it_takes()
    {
        var all = Succeed("plan", "--network", _base, "--rule", "backprop", "--json").Json();
        var part = Succeed("plan", "--network", _base, "--rule", "backprop", "--train", "head", "--json").Json();
        Assert.True(part.Number("least_bytes") < all.Number("least_bytes"));
        Assert.Equal(["frozen", "frozen", "trainable"],
            part.GetProperty("layers").EnumerateArray().Select(layer => layer.Text("training")));
    }

    [Fact]
    public void A_run_with_adaptors_goes_on_after_a_stop()
    {
        string[] arguments = ["--train", "lora:2", "--checkpoint", _folder["run"], "--save"];
        Train([.. arguments, _folder["whole.safetensors"]]);
        Train([.. arguments, _folder["again.safetensors"], "--resume"]);
        Assert.Equal(File.ReadAllBytes(_folder["whole.safetensors"]), File.ReadAllBytes(_folder["again.safetensors"]));
    }
}
