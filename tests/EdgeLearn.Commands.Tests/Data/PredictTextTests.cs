using System.Globalization;
using System.Text;
using Xunit;

namespace EdgeLearn.Tests;

/// <summary>What comes through a pipe is answered as it is meant, or not at all.</summary>
public sealed class PredictTextTests : IDisposable
{
    readonly TemporaryFolder _folder = new();
    readonly string _model;

    public PredictTextTests()
    {
        // Dear from 1,000 on; the site tells nothing.
        string rows = string.Concat(Enumerable.Range(0, 60).Select(i => string.Create(CultureInfo.InvariantCulture,
            $"{(i % 2 == 0 ? 100 + (i * 5) : 1300 + (i * 5))}.5,{"nsw"[i % 3]},{(i % 2 == 0 ? "cheap" : "dear")}\n")));
        string data = Write("prices.csv", "price,site,kind\n" + rows);
        _model = _folder["m.safetensors"];
        Assert.Equal(0, Invoked.Run("train", "--data", data, "--steps", "150", "--save", _model).ExitCode);
    }

    public void Dispose() => _folder.Dispose();

    string Write(string name, string text) => _folder.Write(name, Encoding.UTF8.GetBytes(text));

    (string Answers, Invoked Run) Predict(string text)
    {
        var run = Invoked.Run("predict", "--model", _model, "--data", Write("new.csv", text), "--csv");
        return (string.Join(' ', run.Output.Trim().Split('\n').Skip(1).Select(line => line.Split(',')[1])), run);
    }

    [Theory]
    [InlineData("price,site\n250,n\n1500.5,s\n", "cheap dear")]
    [InlineData("250,n\n1500.5,s\n", "cheap dear")]
    [InlineData("250,n\n", "cheap")]
    [InlineData("price;site\n250,5;n\n1500,5;s\n", "cheap dear")]
    [InlineData("site,price\nn,250\ns,1500.5\n", "cheap dear")]
    public void One_row_is_as_good_as_many_and_a_header_is_known_by_its_names(string text, string expected)
        => Assert.Equal(expected, Predict(text).Answers);

    [Theory]
    [InlineData("price;site\n1.373;n\n0,5;s\n", " cheap", "has a decimal comma")]
    [InlineData("price,site\n\"1,373\",n\n250,s\n", " cheap", "separator of thousands")]
    [InlineData("price,site\n1500,5,n\n250,s\n", " cheap", "the row has 3 cells where 2 are expected")]
    public void A_number_or_row_that_may_mean_something_else_has_no_answer(string text, string expected, string complaint)
    {
        var (answers, run) = Predict(text);
        Assert.Equal(1, run.ExitCode);
        Assert.Contains(complaint, run.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("dear", answers, StringComparison.Ordinal);
        Assert.Equal(expected.Trim(), answers.Trim().Split(' ')[^1]);
    }

    [Theory]
    [InlineData("price,site,colour\n250,n,red\n", "left aside, for the model does not know them: colour")]
    [InlineData("price,site\n250,x\n", "'site' has values that the model has not seen, such as 'x'")]
    [InlineData("price,site,price\n250,n,1500\n", "two columns called 'price'")]
    [InlineData("cost,site\n250,n\n", "no column 'price'")]
    public void What_the_model_does_not_know_is_said(string text, string expected)
        => Assert.Contains(expected, Predict(text).Run.Error, StringComparison.Ordinal);
}
