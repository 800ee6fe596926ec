using System.Text.Json;
using Xunit;

namespace EdgeLearn.Tests;

/// <summary><c>fewshot</c> with a network that has learned next to nothing, so that not everything is right.</summary>
public sealed class FewShotCommandTests : IDisposable
{
    readonly TemporaryFolder _folder = new();
    readonly string _data;
    readonly string _model;

    public FewShotCommandTests()
    {
        _data = ThreePlaces.Write(_folder);
        _model = _folder["places.safetensors"];
        Succeed("train", "--data", _data, "--network", "8x8-conv3x3x4:relu-16:relu-3", "--rule", "backprop", "--lr", "1e-9", "--steps",
            "1", "--save", _model);
    }

    public void Dispose() => _folder.Dispose();

    static Invoked Succeed(params string[] arguments)
    {
        var result = Invoked.Run(arguments);
        Assert.True(result.ExitCode == 0, result.Error);
        return result;
    }

    string Fail(params string[] arguments)
    {
        var result = Invoked.Run(["fewshot", "--data", _data, .. arguments]);
        Assert.Equal(1, result.ExitCode);
        return Assert.Single(result.Error.Trim().Split('\n'), line => line.StartsWith("error: ", StringComparison.Ordinal));
    }

    Invoked Run(params string[] arguments)
        => Succeed(["fewshot", "--data", _data, "--model", _model, "--ways", "3", "--episodes", "20", .. arguments]);

    // What does not depend on the clock.
    static string Outcome(JsonElement result) => string.Join(' ', new[] { "nearest_centroid", "transductive", "spread", "fell_back" }
        .Select(name => result.GetProperty(name).GetRawText()));

    [Fact]
    public void Json_has_the_accuracies_of_all_samples()
    {
        var result = Run("--shots", "2", "--queries", "10", "--json").Json();
        Assert.Equal((2, 3, 10, 20), (result.Number("shots"), result.Number("ways"), result.Number("queries"), result.Number("episodes")));
        Assert.InRange(result.Number("nearest_centroid"), 0.5, 1);
        Assert.InRange(result.Number("transductive"), result.Number("nearest_centroid") - 0.02, 1);
        Assert.InRange(result.Number("spread"), 0, 0.5);
        Assert.InRange(result.Number("fell_back"), 0, 1);
        // Both parts of the data, and what the last of three layers reads.
        Assert.Equal((390, 3, 16), (result.Number("samples"), result.Number("classes"), result.Number("feature_length")));
        Assert.Equal(390 * 16 * 4, result.Number("feature_bytes"));
        Assert.Equal(JsonValueKind.Null, result.GetProperty("skew").ValueKind);
    }

    [Theory]
    [InlineData()]
    [InlineData("--skew", "0.5")]
    public void A_seed_repeats_and_another_draws_anew(params string[] skew)
    {
        string Of(string seed) => Outcome(Run([.. skew, "--shots", "1", "--queries", "7", "--seed", seed, "--json"]).Json());
        Assert.Equal(Of("4"), Of("4"));
        Assert.NotEqual(Of("4"), Of("5"));
    }

    [Fact]
    public void People_read_both_accuracies_and_their_difference()
    {
        string output = Run("--shots", "1", "--queries", "8", "--skew", "1").Output;
        foreach (string text in new[]
        {
            "390 samples, 3 classes to draw from, 16 features a sample", "20 of 3 classes, 1 labelled sample a class, 8 to be classified",
            "shared out by Dirichlet(1)", "nearest centroid  0.", "95 % interval", "fell back",
        })
        {
            Assert.Contains(text, output, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Classes_that_the_model_does_not_have_are_classes_all_the_same()
    {
        File.WriteAllLines(Path.Combine(_data, "classes.txt"), ["bin", "box", "cart"]);
        Assert.Equal(3, Run("--json").Json().Number("classes"));
        string one = _folder["one.csv"];
        File.WriteAllLines(one, [string.Join(',', Enumerable.Range(0, 64).Select(i => $"p{i}")) + ",kind",
            .. Enumerable.Range(0, 60).Select(n => string.Join(',', Enumerable.Range(0, 64).Select(i => (i + n) % 7 + (n % 5 * i % 11)))
                + $",kind{n % 5}")]);
        var result = Succeed("fewshot", "--data", one, "--model", _model, "--queries", "6", "--episodes", "5", "--json").Json();
        Assert.Equal((5, 60), (result.Number("classes"), result.Number("samples")));
    }

    [Fact]
    public void What_cannot_be_drawn_is_refused_in_a_line()
    {
        Assert.Contains("--ways 1: expected a whole number from 2", Fail("--model", _model, "--ways", "1"), StringComparison.Ordinal);
        Assert.Contains("--ways 4: places has 3 classes", Fail("--model", _model, "--ways", "4"), StringComparison.Ordinal);
        Assert.Contains("0 of its 3 classes have 205 samples or more (5 shots and 200 queries), and --ways 2 draws 2",
            Fail("--model", _model, "--ways", "2", "--queries", "200"), StringComparison.Ordinal);
        Assert.Contains("are 2,000,010 samples at a time", Fail("--model", _model, "--ways", "2", "--queries", "1000000"),
            StringComparison.Ordinal);
        Assert.Contains("--skew 0: expected a number above 0", Fail("--model", _model, "--ways", "3", "--skew", "0"),
            StringComparison.Ordinal);
        Assert.Contains("--episodes 1: expected", Fail("--model", _model, "--episodes", "1"), StringComparison.Ordinal);
        Assert.Contains("all samples are taken", Fail("--model", _model, "--ways", "3", "--fold", "1/5"), StringComparison.Ordinal);
        Assert.Contains("cannot read", Fail("--model", _folder["none.safetensors"]), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("8x8-3", "cross-entropy", "one layer with weights, which reads the inputs themselves")]
    [InlineData("8x8-pool2-3", "cross-entropy", "one layer with weights, which reads the inputs themselves")]
    [InlineData("8x8-16:relu-1", "mean-square", "it has the loss mean-square and no classes")]
    public void Models_without_features_for_classes_are_refused(string network, string loss, string reason)
    {
        string model = _folder["other.safetensors"];
        Succeed("train", "--data", _data, "--network", network, "--loss", loss, "--rule", "backprop", "--lr", "0.001", "--steps", "1",
            "--save", model);
        Assert.Contains(reason, Fail("--model", model), StringComparison.Ordinal);
    }

    [Fact]
    public void Inputs_of_another_size_are_refused()
    {
        string wide = _folder["wide.csv"];
        File.WriteAllLines(wide, ["a,b,kind", .. Enumerable.Range(0, 60).Select(n => $"{n},{n % 3},k{n % 3}")]);
        var result = Invoked.Run("fewshot", "--data", wide, "--model", _model, "--ways", "3");
        Assert.Equal(1, result.ExitCode);
        Assert.Contains("the model takes 64 (8x8)", result.Error, StringComparison.Ordinal);
    }
}
