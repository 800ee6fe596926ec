using System.Globalization;
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
    [InlineData("a,b,y", "{0}|x,1.5,{1}", 3)]
    [InlineData("a,b,y", "u;{0},{2}.5,{1}", 3)]
    [InlineData("a;b;y", "{0},5;u, v;{1}", 3)]
    [InlineData("a;b;y", "{0};u, v;{1}", 3)]
    [InlineData("a|b|y", "{0}|u, v|{1}", 3)]
    public void The_separator_is_not_what_stands_in_each_row_of_a_text(string header, string row, int width)
    {
        string text = header + "\n" + Rows(20, i => string.Format(CultureInfo.InvariantCulture, row, i % 7, i % 2, i % 5));
        using var split = Open(text);
        Assert.Equal(width, split.Columns!.Inputs.Count + split.Columns.LeftOut.Count + 1);
        Assert.Equal(2, split.ClassCount);
        using var unnamed = Open(text[(header.Length + 1)..], new DataOptions { Header = HeaderChoice.No });
        Assert.Equal(width, unnamed.Columns!.Inputs.Count + unnamed.Columns.LeftOut.Count + 1);
    }

    [Theory]
    [InlineData(';', "1.475", "984", true)]
    [InlineData('\t', "12.300", "984", true)]
    [InlineData(';', "1.475", "98", false)] // 1,475 would be rare beside numbers below 100
    [InlineData(';', "1.475", "1984", false)]
    [InlineData(';', "1.47", "984", false)]
    [InlineData(',', "1.475", "984", false)]
    public void A_point_that_may_separate_thousands_is_refused(char separator, string one, string other, bool isRefused)
    {
        string text = "a;y\n" + Rows(20, i => $"{(i % 3 == 0 ? one : other)};{i % 2}");
        text = text.Replace(';', separator);
        if (isRefused) Assert.Contains($"line 2, column 'a': '{one}' may be read in two ways", Refusal(text), StringComparison.Ordinal);
        else Open(text).Dispose();
    }

    [Fact]
    public void Labels_that_a_double_merges_are_classes_of_their_own()
    {
        string text = "a,y\n" + Rows(20, i => $"{i % 7},{(i % 2 == 0 ? "9007199254740992" : "9007199254740993")}");
        using var split = Open(text);
        Assert.Equal(["9007199254740992", "9007199254740993"], split.ClassNames!);
        var later = new DataOptions { Columns = split.Columns, ModelClassCount = 2, ModelClassNames = split.ClassNames, TakesWhole = true };
        using var again = Open(text, later);
        Assert.Equal([0, 1, 0], Enumerable.Range(0, 3).Select(again.Train.Label));
        string other = text.Replace("993", "994", StringComparison.Ordinal);
        Assert.Contains("'9007199254740994'", Refusal(other, later), StringComparison.Ordinal);
    }

    [Fact]
    public void Rows_without_a_value_are_left_out_for_a_model_that_was_trained_on_whole_rows()
    {
        InputColumns whole, dropping;
        using (var split = Open("a,y\n" + Rows(20, i => $"{i % 7},{i % 2}"))) whole = split.Columns!;
        string gaps = "a,y\n" + Rows(20, i => $"{(i == 4 ? "" : i % 7)},{i % 2}");
        using (var split = Open(gaps, new DataOptions { Missing = MissingChoice.Drop })) dropping = split.Columns!;
        var options = new DataOptions { Columns = whole, ModelClassCount = 2, TakesWhole = true };
        Assert.Contains("line 6, column 'a'", Refusal(gaps, options), StringComparison.Ordinal);
        using var dropped = Open(gaps, options with { Missing = MissingChoice.Drop });
        Assert.Equal(19, dropped.Train.Count);
        Assert.Contains("t.csv: 1 row with a missing value left out", dropped.Notes);
        Assert.Contains("--missing mean", Refusal(gaps, options with { Missing = MissingChoice.Mean }), StringComparison.Ordinal);
        Assert.Contains("no means to fill in", Refusal(gaps, options with { Columns = dropping, Missing = MissingChoice.Mean }),
            StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--window", 3)]
    [InlineData("--label", null)]
    [InlineData("--missing", null)]
    [InlineData("--audio", null)]
    public void Options_of_tables_and_sound_are_refused_beside_text(string word, int? window)
    {
        var options = new DataOptions
        {
            Window = window,
            LabelColumn = word == "--label" ? "y" : null,
            Missing = word == "--missing" ? MissingChoice.Drop : MissingChoice.Refuse,
            Audio = word == "--audio" ? AudioKind.Mfcc : null,
        };
        string path = _folder.Write("t.txt", Encoding.UTF8.GetBytes(Rows(400, i => $"line {i}")));
        Assert.StartsWith(word, Assert.Throws<EdgeLearnException>(() => DataCatalog.Open("text:" + path, options)).Message,
            StringComparison.Ordinal);
    }

    [Fact]
    public void A_target_that_never_varies_is_said()
    {
        using var split = Open("a,p,q\n" + Rows(20, i => $"{i % 7},{i % 5},3"), new DataOptions { LabelColumn = "p,q", Regression = true });
        Assert.Equal(["the same in all training samples, so that there is nothing to predict: 'q'"],
            DataDoubts.Of(split, null, null, isNew: true));
    }

    [Fact]
    public void Utf_32_is_called_what_it_is()
        => Assert.Contains("UTF-32", Assert.Throws<EdgeLearnException>(
            () => Open([0xFF, 0xFE, 0, 0, .. Encoding.UTF32.GetBytes("a,b,y\n1,2,0\n")]).Dispose()).Message, StringComparison.Ordinal);

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
