using System.Text;
using EdgeLearn.Datasets;
using Xunit;

namespace EdgeLearn.Tests;

public class TableDataTests
{
    [Fact]
    public void Columns_become_inputs_and_the_last_one_the_label()
    {
        using var folder = new TemporaryFolder();
        using var split = Open(folder, "a,b,y\n1,2.5,0\n-3e2,4,2\n5,6,1\n");
        Assert.Equal((3, Shape.Vector(2), "x.csv"), (split.ClassCount, split.InputShape, split.Name));
        Assert.Null(split.ClassNames);
        Assert.Equal([(1f, 2.5f, 0), (-300f, 4f, 2), (5f, 6f, 1)], Rows(split));
    }

    [Theory]
    [InlineData("a;y;b\n1;0;2\n3;1;4\n")]
    [InlineData("a\ty\tb\n1\t0\t2\n3\t1\t4\n")]
    [InlineData("\"a\",\"y\",\"b\"\n\"1\",\"0\",\"2\"\n 3 , 1 , 4 \n")]
    [InlineData("a,y,b\r\n1,0,2\r\n3,1,4\r\n\r\n\r\n")]
    [InlineData("\uFEFFa,y,b\n1,0,2\n\n3,1,4")]
    [InlineData("a|y|b\n1|0|2\n3|1|4\n")]
    [InlineData("  a   y b \n 1  0\t2\n3 1    4\n")]
    [InlineData("a,y,b,\n1,0,2,\n3,1,4,\n")]
    [InlineData("a,y,b\n1,0,2,\n3,1,4,\n")]
    [InlineData(",a,y,b\n0,1,0,2\n1,3,1,4\n2,5,NA,6\n")]
    [InlineData("a,y,b\n\"1\",1,0,2\n\"2\",3,1,4\n\"3\",5,,6\n")]
    [InlineData("# a logger\na,y,b\n1,0,2\n3,1,4\n")]
    [InlineData("sep=;\na;y;b\n1;0;2\n3;1;4\n")]
    [InlineData("a,y,b\n,,\n1,0,2\n3,1,4\n,,\n")]
    [InlineData("a,y,b\n1,0,2\n3,1,4\n5,0")]
    [InlineData("a,y,b\n1,0,2\n3,\0\0\0\0\n3,1,4\n\0\0\0")]
    [InlineData("a\ty\tb\n1,0\t0\t2,0\n3,0\t1\t4,0\n")]
    [InlineData("\"a\",\"y\",\"b\"\n\"1,0\",\"0\",\"2,0\"\n\"3,0\",\"1\",\"4,0\"\n")]
    [InlineData("a,y,b\r1,0,2\r3,1,4\r")]
    public void A_label_column_is_found_by_name_whatever_the_separators_and_line_ends(string text)
    {
        using var folder = new TemporaryFolder();
        using var split = Open(folder, text, new DataOptions { LabelColumn = "y" });
        Assert.Equal([(1f, 2f, 0), (3f, 4f, 1)], Rows(split));
    }

    [Fact]
    public void Names_of_classes_are_numbered_in_sorted_order_and_kept()
    {
        using var folder = new TemporaryFolder();
        using var split = Open(folder, "a,b,kind\n1,2,wolf\n3,4,Ape\n5,6,bear\n7,8,wolf\n");
        Assert.Equal(["Ape", "bear", "wolf"], split.ClassNames);
        Assert.Equal([(1f, 2f, 2), (3f, 4f, 0), (5f, 6f, 1), (7f, 8f, 2)], Rows(split));
    }

    [Fact]
    public void Real_targets_are_read_for_regression()
    {
        using var folder = new TemporaryFolder();
        using var split = Open(folder, "a,b,y\n1,2,0.5\n3,4,-7\n", new DataOptions { Regression = true });
        Assert.Equal((0, 1), (split.ClassCount, split.TargetLength));
        float[] target = new float[1];
        var targets = new List<float>();
        foreach (var part in (Dataset[])[split.Train, split.Test])
        {
            part.ReadTarget(0, target);
            targets.Add(target[0]);
        }

        Assert.Equal([-7f, 0.5f], targets.Order());
    }

    [Theory]
    [InlineData("", "empty")]
    [InlineData("a,b,y\n", "no rows")]
    [InlineData("a,b,y", "no rows")]
    [InlineData("a,b,y\n\n\n", "no rows")]
    [InlineData("y\n1\n", "1 column")]
    [InlineData("a,b,y\n1,2,0\n3,4\n5,6,0\n", "line 3: 2 cells; expected 3")]
    [InlineData("a,b,y\n1,2,0\n3,4,5,6\n", "line 3: 4 cells; expected 3")]
    [InlineData("a,b,y\n1,2,0\n3,red,1\n", "line 3, column 'b': 'red' is not a number")]
    [InlineData("a,b,y\n1,2,0\n3,,1\n", "line 3, column 'b': there is no value, and 1 row has such a cell")]
    [InlineData("a,b,y\n1,nan,0\n3,4,1\n", "line 2, column 'b': there is no value")]
    [InlineData("a,b,y\n1,inf,0\n3,4,1\n", "line 2, column 'b': 'inf' is not a number here")]
    [InlineData("a,b,y\n1,1e999,0\n3,4,1\n", "line 2, column 'b': '1e999' is not a number here")]
    [InlineData("a,b,y\n1,1 234,0\n3,4,1\n", "line 2, column 'b': '1 234' is not a number here")]
    [InlineData("a,b,y\n1,2,0\n1,2,1.5\n", "fractions, such as 1.5")]
    [InlineData("a,b,y\n1,2,nan\n", "no row with a label")]
    [InlineData("a,b,y\n1,2,0\n", "1 sample")]
    [InlineData("a,b,y\n\"1,2,0\n3,4,1\n", "the quote of line 2 does not end")]
    [InlineData("a,b,y\n5\" pipe,2,0\n3,4,1\n", "line 2: a quote inside a cell")]
    [InlineData("a,b,y\n\"1\"x,2,0\n3,4,1\n", "line 2: text follows a closing quote")]
    [InlineData("a,,b,y\n1,9,2,0\n3,8,4,1\n", "column 2 has no name")]
    [InlineData("year,2019,2020\nA,5,1\nA,4,2\nB,4,2\nB,4,2\n", "is the first line a header?")]
    [InlineData("red,blue,green\nleft,right,middle\n", "is the first line a header?")]
    [InlineData("a;b;y\n1,234;2;0\n2,345;4;1\n", "may be read in two ways")]
    [InlineData("a;b;y\n1,5;2.5;0\n2,3;4;1\n", "has a decimal comma, but '2.5'")]
    public void A_bad_csv_is_refused_in_one_line_that_says_where(string text, string reason)
    {
        using var folder = new TemporaryFolder();
        var error = Assert.ThrowsAny<EdgeLearnException>(() => Open(folder, text));
        Assert.Contains(reason, error.Message);
        Assert.Contains("x.csv", error.Message);
        Assert.DoesNotContain('\n', error.Message);
    }

    [Fact]
    public void A_missing_label_column_is_named_with_those_that_are_there()
    {
        using var folder = new TemporaryFolder();
        var error = Assert.Throws<EdgeLearnException>(() => Open(folder, "a,b,y\n1,2,0\n", new DataOptions { LabelColumn = "z" }));
        Assert.Contains("no column 'z'; its columns are a, b, y", error.Message);
    }

    [Fact]
    public void A_line_without_end_is_refused_before_it_fills_the_memory()
    {
        using var folder = new TemporaryFolder();
        byte[] bomb = ArrayBytes.Gzip([.. "a,b,y\n"u8, .. Enumerable.Repeat((byte)'1', 20_000_000)]);
        string path = folder.Write("bomb.csv.gz", bomb);
        var error = Assert.Throws<EdgeLearnException>(() => DataCatalog.Open(path, new DataOptions { CacheFolder = folder["cache"] }));
        Assert.Contains("line 2 is longer than", error.Message);
        Assert.Empty(Directory.GetFiles(folder["cache"]));
    }

    [Fact]
    public void Text_beyond_its_limit_is_refused()
    {
        using var text = new TableText(new MemoryStream(Encoding.ASCII.GetBytes("a\nb\nc\n")), "x.csv", limitBytes: 5);
        Assert.Throws<EdgeLearnException>(() => text.Read(new byte[100]));
    }

    [Fact]
    public void A_damaged_gzip_csv_is_refused()
    {
        using var folder = new TemporaryFolder();
        byte[] gzip =
            ArrayBytes.Gzip(
            Encoding.ASCII.GetBytes("a,b,y\n"
            + string.Concat(Enumerable.Range(0, 5000).Select(i => $"{i * i % 997},{i * 7 % 31},{i % 2}\n"))));
        gzip[gzip.Length / 2] ^= 16;
        string path = folder.Write("flipped.csv.gz", gzip);
        var error = Assert.Throws<EdgeLearnException>(() => DataCatalog.Open(path, new DataOptions { CacheFolder = folder["cache"] }));
        Assert.DoesNotContain('\n', error.Message);
    }

    [Fact]
    public void A_csv_is_converted_once_for_each_meaning()
    {
        using var folder = new TemporaryFolder();
        string path = folder.Write("x.csv", Encoding.UTF8.GetBytes("a,b,y\n1,2,0\n3,4,1\n"));
        var options = new DataOptions { CacheFolder = folder["cache"] };
        DataCatalog.Open(path, options).Dispose();
        var first = Directory.GetFiles(folder["cache"]).ToDictionary(f => f, File.GetLastWriteTimeUtc);
        Assert.Single(first);
        DataCatalog.Open(path, options with { Seed = 5 }).Dispose();
        Assert.Equal(first, Directory.GetFiles(folder["cache"]).ToDictionary(f => f, File.GetLastWriteTimeUtc));
        using var other = DataCatalog.Open(path, options with { LabelColumn = "a" });
        Assert.Equal(2, other.ClassCount);
        Assert.Equal(2, Directory.GetFiles(folder["cache"]).Length);
    }

    [Fact]
    public void Without_a_cache_the_converted_csv_is_held_in_memory_with_a_notice()
    {
        using var folder = new TemporaryFolder();
        string blocked = Path.Combine(folder.Write("blocked", []), "cache");
        using var split = Open(folder, "a,b,y\n1,2,0\n3,4,1\n", new DataOptions { CacheFolder = blocked });
        Assert.Equal([(1f, 2f, 0), (3f, 4f, 1)], Rows(split));
        Assert.Contains(split.Notes, note => note.Contains("held in memory"));
    }

    [Fact]
    public void A_damaged_converted_file_is_named()
    {
        using var folder = new TemporaryFolder();
        string path = folder.Write("x.csv", Encoding.UTF8.GetBytes("a,b,y\n1,2,0\n3,4,1\n"));
        var options = new DataOptions { CacheFolder = folder["cache"] };
        DataCatalog.Open(path, options).Dispose();
        string table = Assert.Single(Directory.GetFiles(folder["cache"]));
        byte[] whole = File.ReadAllBytes(table);
        for (int length = 0; length < whole.Length; length++)
        {
            File.WriteAllBytes(table, whole[..length]);
            Assert.Contains(table, Assert.Throws<EdgeLearnException>(() => DataCatalog.Open(path, options)).Message);
        }
    }

    static DataSplit Open(TemporaryFolder folder, string text, DataOptions? options = null)
    {
        options ??= new DataOptions();
        return DataCatalog.Open(folder.Write("x.csv", Encoding.UTF8.GetBytes(text)),
            options with { CacheFolder = options.CacheFolder ?? folder["cache"] });
    }

    static List<(float A, float B, int Label)> Rows(DataSplit split)
    {
        var rows = new SortedDictionary<int, (float, float, int)>();
        float[] row = new float[2];
        foreach (var part in (Dataset[])[split.Train, split.Test])
        {
            for (int i = 0; i < part.Count; i++)
            {
                part.ReadInput(i, row);
                rows.Add(part.SourceRow(i), (row[0], row[1], part.Label(i)));
            }
        }

        return [.. rows.Values];
    }
}
