using System.Text;
using EdgeLearn.Datasets;
using Xunit;

namespace EdgeLearn.Tests;

public class CsvDataTests
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
    [InlineData("0,y,1\n1,0,2\n3,1,4\n")]
    [InlineData("\uFEFFa,y,b\n1,0,2\n\n3,1,4")]
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
    [InlineData("1,2,0\n3,4,1\n", "starts with numbers")]
    [InlineData("5.1,3.5,setosa\n4.9,3.0,setosa\n", "starts with numbers")]
    [InlineData("y\n1\n", "1 column")]
    [InlineData("a,a,y\n1,2,0\n", "header")]
    [InlineData("a,b,y\n1,2,0\n3,4\n", "line 3: 2 cells; expected 3")]
    [InlineData("a,b,y\n1,2,0\n3,4,5,6\n", "line 3: 4 cells; expected 3")]
    [InlineData("a,b,y\n1,2,0\n3,red,1\n", "line 3, column 'b': 'red' is not a number")]
    [InlineData("a,b,y\n1,2,0\n3,,1\n", "line 3, column 'b': the cell is empty")]
    [InlineData("a,b,y\n1,nan,0\n", "line 2, column 'b': 'nan' is not a finite number")]
    [InlineData("a,b,y\n1,inf,0\n", "line 2, column 'b'")]
    [InlineData("a,b,y\n1,1e999,0\n", "line 2, column 'b': '1e999' is not a finite number")]
    [InlineData("a,b,y\n1,2,0\n1,2,1.5\n", "line 3, column 'y': the label is 1.5")]
    [InlineData("a,b,y\n1,2,0\n1,2,-1\n", "line 3, column 'y': the label is -1")]
    [InlineData("a,b,y\n1,2,65536\n", "line 2, column 'y': the label is 65536")]
    [InlineData("a,b,y\n1,2,nan\n", "line 2, column 'y': the label is nan")]
    [InlineData("a,b,y\n1,2,0\n1,2,cat\n", "line 3, column 'y': the label 'cat' is no number")]
    [InlineData("a,b,y\n1,2,\n", "line 2, column 'y': the label is empty")]
    [InlineData("a,b,y\n1,2,0\n", "1 sample")]
    [InlineData("a,b,y\n\"1,2,0\n3,4,1\n", "line 2, column 'a'")]
    public void A_bad_csv_is_refused_in_one_line_that_says_where(string text, string reason)
    {
        using var folder = new TemporaryFolder();
        var error = Assert.Throws<EdgeLearnException>(() => Open(folder, text));
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
        using var guard = new TextGuard(new MemoryStream(Encoding.ASCII.GetBytes("a\nb\nc\n")), "x.csv", limitBytes: 5);
        Assert.Throws<EdgeLearnException>(() => guard.Read(new byte[100]));
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
        Assert.Equal(4, other.ClassCount);
        Assert.Equal(2, Directory.GetFiles(folder["cache"]).Length);
    }

    [Fact]
    public void Without_a_cache_the_converted_csv_is_held_in_memory_with_a_notice()
    {
        using var folder = new TemporaryFolder();
        string blocked = Path.Combine(folder.Write("blocked", []), "cache");
        using var split = Open(folder, "a,b,y\n1,2,0\n3,4,1\n", new DataOptions { CacheFolder = blocked });
        Assert.Equal([(1f, 2f, 0), (3f, 4f, 1)], Rows(split));
        Assert.Contains("held in memory", split.Notice);
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
