using System.Globalization;
using System.Text;
using EdgeLearn.Datasets;
using Xunit;

namespace EdgeLearn.Tests;

public sealed class RowSourceTests : IDisposable
{
    readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    string Write(string name, string text)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(_folder[name])!);
        byte[] bytes = Encoding.UTF8.GetBytes(text);
        return _folder.Write(name, name.EndsWith(".gz", StringComparison.Ordinal) ? ArrayBytes.Gzip(bytes) : bytes);
    }

    static string Rows(int count, Func<int, string> row) => string.Concat(Enumerable.Range(0, count).Select(i => row(i) + "\n"));

    // Values, answer and complaint of each row as one text.
    static List<string> All(RowSource source)
    {
        var rows = new List<string>();
        source.ReadAll((values, answers, complaint) => rows.Add(complaint ?? string.Create(CultureInfo.InvariantCulture,
            $"{string.Join(' ', values.ToArray().Select(value => value.ToString(CultureInfo.InvariantCulture)))} -> {answers[0]}")),
            CancellationToken.None);
        return rows;
    }

    [Fact]
    public void Rows_come_in_the_order_of_the_file_with_classes_that_were_read_ahead()
    {
        string path = Write("s.csv.gz", "a,b,state\n1,2,low\n3,4,low\n5,6,high\n7,8,\n");
        using var source = RowSource.Open(path, new DataOptions());
        Assert.Equal((2, 2, 0, 4L), (source.ValueCount, source.ClassCount, source.TargetCount, source.Count));
        Assert.Equal(["high", "low"], source.ClassNames!);
        string[] expected = ["1 2 -> 1", "3 4 -> 1", "5 6 -> 0", "7 8 -> NaN"];
        Assert.Equal(expected, All(source));
        Assert.Equal(expected, All(source)); // again from the beginning
    }

    [Fact]
    public void Tables_of_a_folder_follow_each_other_by_their_dates_and_are_read_by_names()
    {
        Write("days/a.csv", "when,x,y\n2024-03-02,3,1\n2024-03-03,4,0\n");
        Write("days/b.txt", "y,x,when\n0,1,2024-02-01\n1,2,2024-02-02\n");
        Write("days/c.csv", "when,y,x\n2024-05-02,1,5\n");
        Write("days/README.md", "no table");
        using var source = RowSource.Open(_folder["days"], new DataOptions { LabelColumn = "y" });
        Assert.Equal("b.txt and 2 more", source.Name);
        Assert.Equal(["1", "2", "3", "4", "5"], All(source).Select(row => row.Split(' ')[^3]));
        Assert.Equal(["0", "1", "1", "0", "1"], All(source).Select(row => row.Split(' ')[^1]));
    }

    [Fact]
    public void Tables_without_dates_follow_each_other_by_their_names()
    {
        Write("days/2.csv", "x,y\n2,1\n");
        Write("days/1.csv", "x,y\n1,0\n");
        using var source = RowSource.Open(_folder["days"], new DataOptions());
        Assert.Equal(["1 -> 0", "2 -> 1"], All(source));
    }

    [Fact]
    public void Rows_that_cannot_be_used_are_told_of_with_their_lines()
    {
        string path = Write("s.csv", "a,b,y\n" + Rows(60, i => i switch
        {
            10 => "1,oops,0",
            20 => "1,2",
            30 => "1,,0",
            40 => "1,NA,1",
            50 => "1,2,3,4",
            _ => $"{i},{i % 7},{i % 2}",
        }));
        using var source = RowSource.Open(path, new DataOptions());
        var rows = All(source);
        Assert.Equal(60, rows.Count);
        Assert.Equal("s.csv, line 12: column 'b': 'oops' is no number", rows[10]);
        Assert.StartsWith("s.csv, line 22: ", rows[20], StringComparison.Ordinal);
        Assert.Equal(("1 NaN -> 0", "1 NaN -> 1"), (rows[30], rows[40]));
        Assert.Contains("4 cells where 3 are expected", rows[50], StringComparison.Ordinal);
    }

    [Fact]
    public void Types_are_those_of_the_first_rows()
    {
        // Text that comes later than the rows that decide is no reason to stop.
        string path = Write("s.csv",
            "a,kind,y\n" + Rows(1200, i => $"{(i == 1100 ? "broken" : i)},{(i % 3 == 0 ? "new" : "old")},{i % 2}"));
        using var source = RowSource.Open(path, new DataOptions());
        Assert.Equal(["a", "kind"], source.Columns!.Inputs.Select(column => column.Name));
        var rows = All(source);
        Assert.Equal("1 1 -> 1", rows[1]);
        Assert.Equal("s.csv, line 1102: column 'a': 'broken' is no number", rows[1100]);
    }

    [Fact]
    public void Real_targets_are_numbers()
    {
        string path = Write("s.csv", "a;p;q\n1,5;2;3\n4;;6\n5;7;8\n");
        using var source = RowSource.Open(path, new DataOptions { Regression = true, LabelColumn = "p,q" });
        Assert.Equal((1, 0, 2), (source.ValueCount, source.ClassCount, source.TargetCount));
        Assert.Equal(["1.5 -> 2", "4 -> NaN", "5 -> 7"], All(source));
    }

    [Fact]
    public void Arrays_of_a_folder_follow_each_other_by_their_names()
    {
        Directory.CreateDirectory(_folder["set"]);
        _folder.Write("set/batch02-features.npy", ArrayBytes.Npy("<f4", "(1, 2)", 5, 6));
        _folder.Write("set/batch02-labels.npy", ArrayBytes.Npy("|u1", "(1,)", 2));
        _folder.Write("set/batch01-features.npy", ArrayBytes.Npy("<f4", "(2, 2)", 1, 2, 3, 4));
        _folder.Write("set/batch01-labels.npy", ArrayBytes.Npy("|u1", "(2,)", 0, 1));
        _folder.Write("set/batch01-concentration.npy", ArrayBytes.Npy("<f4", "(2,)", 9, 9));
        _folder.Write("set/notes.txt", Encoding.UTF8.GetBytes("a,b\n1,2\n"));
        using var source = RowSource.Open(_folder["set"], new DataOptions());
        Assert.Equal((2, 3, 3L), (source.ValueCount, source.ClassCount, source.Count));
        Assert.Equal(["1 2 -> 0", "3 4 -> 1", "5 6 -> 2"], All(source));
    }

    [Theory]
    [InlineData("a,y\n1,0\n2,0\n", "only one class")]
    [InlineData("a,y\n", "no rows")]
    [InlineData("a,y,z\n1,0,1\n2,1,0\n", "several label columns", "y,z")]
    public void What_cannot_be_learned_is_refused(string text, string expected, string? label = null)
    {
        string path = Write("s.csv", text);
        Assert.Contains(expected, Assert.ThrowsAny<EdgeLearnException>(
            () => RowSource.Open(path, new DataOptions { LabelColumn = label })).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_later_table_without_a_column_is_refused_by_its_name()
    {
        Write("days/1.csv", "x,z,y\n1,2,0\n2,3,1\n");
        Write("days/2.csv", "x,y\n1,0\n");
        Assert.Contains("2.csv has no column 'z'", Assert.Throws<EdgeLearnException>(
            () => RowSource.Open(_folder["days"], new DataOptions())).Message, StringComparison.Ordinal);
    }
}
