using System.Text;
using EdgeLearn.Datasets;
using Xunit;

namespace EdgeLearn.Tests;

/// <summary>Tables that look right and are not: what cannot be told is refused, and what only numbers the rows teaches nothing.</summary>
public sealed class TableDoubtTests : IDisposable
{
    readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    DataSplit Open(byte[] bytes, DataOptions? options = null, string name = "t.csv")
        => DataCatalog.Open(_folder.Write(name, bytes), (options ?? new DataOptions()) with { CacheFolder = _folder["cache"] });

    DataSplit Open(string text, DataOptions? options = null) => Open(Encoding.UTF8.GetBytes(text), options);

    string Refusal(string text, DataOptions? options = null)
        => Assert.ThrowsAny<EdgeLearnException>(() => Open(text, options).Dispose()).Message;

    static string Rows(int count, Func<int, string> row) => string.Concat(Enumerable.Range(0, count).Select(i => row(i) + "\n"));

    [Theory]
    [InlineData("03/24/2024")]
    [InlineData("x7")]
    public void A_column_of_time_that_is_no_time_is_refused(string cell)
    {
        string text = "when,a,y\n" + Rows(20, i => $"{(i == 3 ? cell : $"2024-03-{i + 1:00}")},{i},{i % 2}");
        string error = Refusal(text, new DataOptions { TimeColumn = "when", SplitByTime = true });
        Assert.Contains($"line 5, column 'when': '{cell}' is no time", error, StringComparison.Ordinal);
    }

    [Fact]
    public void A_first_line_of_numbers_whose_label_stands_nowhere_else_is_refused()
    {
        string text = "350,351,352,353\n" + Rows(30, i => $"{i % 7}.5,{i % 5}.25,{i % 3}.125,{i % 2}");
        Assert.Contains("--header yes or --header no", Refusal(text), StringComparison.Ordinal);
        using var named = Open(text, new DataOptions { Header = HeaderChoice.Yes });
        Assert.Equal((30, 2), (named.Train.Count + named.Test.Count, named.ClassCount));
    }

    [Theory]
    [InlineData("Unnamed: 0", 7)]
    [InlineData("", 7)]
    [InlineData("id", -1)]
    [InlineData("PassengerId", 2)]
    [InlineData("sample_id", 1)]
    public void A_number_of_the_row_is_no_input(string name, int step)
    {
        string text = $"{name},a,y\n" + Rows(20, i => $"{100 + (((i * step % 20) + 20) % 20)},{i % 6},{i % 2}");
        if (step == 2) text = $"{name},a,y\n" + Rows(20, i => $"{100 + (2 * i)},{i % 6},{i % 2}");
        using var split = Open(text);
        Assert.Equal(["a"], split.Columns!.Inputs.Select(input => input.Name));
    }

    [Fact]
    public void A_first_column_without_a_name_that_repeats_its_numbers_may_be_an_input()
        => Assert.Contains("column 1 has no name", Refusal(",a,y\n" + Rows(20, i => $"{20 + (i % 4)},{i % 6},{i % 2}")),
            StringComparison.Ordinal);

    [Theory]
    [InlineData("a,b,y,y")]
    [InlineData("y,b,a,y")]
    public void Two_columns_of_the_labels_name_are_refused(string header)
        => Assert.Contains("two columns called 'y'", Refusal(header + "\n" + Rows(20, i => $"{i % 2},{i % 3},{i % 5},{i % 2}"),
            new DataOptions { LabelColumn = "y" }), StringComparison.Ordinal);

    [Fact]
    public void Two_columns_of_a_name_that_a_model_wants_are_refused()
    {
        InputColumns columns;
        using (var split = Open("a,b,y\n" + Rows(20, i => $"{i % 3},{i % 5},{i % 2}"))) columns = split.Columns!;
        Assert.Contains("two columns called 'a'", Refusal("a,a,b,y\n" + Rows(20, i => $"{i},{i % 3},{i % 5},{i % 2}"),
            new DataOptions { Columns = columns, ModelClassCount = 2 }), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(8, "cut short")]
    [InlineData(60, "cut short")]
    [InlineData(0, null)]
    public void A_gzip_file_that_is_cut_short_is_no_whole_table(int lost, string? expected)
    {
        byte[] whole = ArrayBytes.Gzip(Encoding.UTF8.GetBytes("a,b,y\n" + Rows(300, i => $"{i * 7919 % 1000},{i * 31 % 77},{i % 2}")));
        var error = Record.Exception(() => Open(whole[..^lost], name: "t.csv.gz").Dispose());
        if (expected is null) Assert.Null(error);
        else Assert.Contains(expected, Assert.IsType<EdgeLearnException>(error).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Gzip_files_that_were_joined_are_one_table()
    {
        byte[] one = ArrayBytes.Gzip(Encoding.UTF8.GetBytes("a,b,y\n" + Rows(30, i => $"{i},{i % 4},{i % 2}")));
        byte[] two = ArrayBytes.Gzip(Encoding.UTF8.GetBytes(Rows(10, i => $"{i},{i % 4},{i % 2}")));
        using var split = Open([.. one, .. two], name: "t.csv.gz");
        Assert.Equal(40, split.Train.Count + split.Test.Count);
    }

    [Theory]
    [InlineData("t.csv", "version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 12345\n", "Git LFS pointer")]
    [InlineData("t.csv", "<!DOCTYPE html>\n<html><head><title>Sign in</title></head><body>a, b</body></html>\n", "web page")]
    [InlineData("t.json", "[{\"a\": 1, \"b\": 2},\n {\"a\": 3, \"b\": 4}]\n", "JSON")]
    [InlineData("t.parquet", "PAR1\u0015\u0004\u0015", "Parquet")]
    [InlineData("t.gguf", "GGUF\u0003\0\0\0", "GGUF")]
    [InlineData("t.xlsx", "PK\u0003\u0004\u0014\0", "workbook")]
    public void What_is_no_data_is_called_what_it_is(string name, string content, string expected)
    {
        string error = Assert.Throws<EdgeLearnException>(() => Open(Encoding.Latin1.GetBytes(content), name: name).Dispose()).Message;
        Assert.Contains(expected, error, StringComparison.Ordinal);
    }
}
