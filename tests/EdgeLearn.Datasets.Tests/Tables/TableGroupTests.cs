using System.Text;
using EdgeLearn.Datasets;
using Xunit;

namespace EdgeLearn.Tests;

public class TableGroupTests
{
    const string Rows = "who,a,b,y\nzoe,1,2,0\n7,3,4,1\n\"ann\",5,6,0\nzoe,7,8,1\n7,9,10,0\n";

    [Theory]
    [InlineData(Rows)]
    [InlineData("a,b,y,who\n1,2,0,zoe\n3,4,1,7\n5,6,0,ann\n7,8,1,zoe\n9,10,0,7\n")]
    public void A_group_column_is_no_input_and_its_values_are_numbered_in_sorted_order(string text)
    {
        // 7, ann, zoe
        int[] groupOfRow = [2, 0, 1, 2, 0];
        using var folder = new TemporaryFolder();
        for (int opening = 0; opening < 2; opening++)
        {
            using var split = Open(folder, text, "who");
            Assert.Equal((Shape.Vector(2), 2), (split.InputShape, split.ClassCount));
            Assert.Equal(split.Train.Count, split.TrainGroups!.Length);
            float[] input = new float[2];
            for (int i = 0; i < split.Train.Count; i++)
            {
                int row = split.Train.SourceRow(i);
                split.Train.ReadInput(i, input);
                Assert.Equal([2 * row + 1, 2 * row + 2], input);
                Assert.Equal(row % 2, split.Train.Label(i));
                Assert.Equal(groupOfRow[row], split.TrainGroups[i]);
            }
        }
    }

    [Fact]
    public void Without_a_group_column_there_are_no_groups()
    {
        using var folder = new TemporaryFolder();
        using var split = Open(folder, "a,b,y\n1,2,0\n3,4,1\n", null);
        Assert.Null(split.TrainGroups);
    }

    [Fact]
    public void A_folder_with_a_test_file_keeps_the_column_out_of_both()
    {
        using var folder = new TemporaryFolder();
        string data = Directory.CreateDirectory(folder["both"]).FullName;
        File.WriteAllText(Path.Combine(data, "train.csv"), Rows);
        File.WriteAllText(Path.Combine(data, "test.csv"), "who,a,b,y\nbob,1,2,1\n");
        using var split = DataCatalog.Open(data, new DataOptions { GroupColumn = "who", CacheFolder = folder["cache"] });
        Assert.Equal([2, 0, 1, 2, 0], split.TrainGroups!);
        Assert.Equal((1, 2), (split.Test.Count, split.Test.InputLength));
    }

    [Theory]
    [InlineData(Rows, "whom", "no column 'whom'; its columns are who, a, b, y")]
    [InlineData("a,who\n1,2\n", "who", "2 columns; expected features, a label and a group")]
    [InlineData("who,a,y\n,1,0\n", "who", "line 2, column 'who': the group is empty")]
    public void A_group_column_that_cannot_be_used_is_one_clear_line(string text, string column, string expected)
    {
        using var folder = new TemporaryFolder();
        Assert.Contains(expected, Assert.Throws<EdgeLearnException>(() => Open(folder, text, column)).Message);
    }

    [Fact]
    public void A_column_is_not_both_label_and_group()
    {
        using var folder = new TemporaryFolder();
        string path = folder.Write("x.csv", Encoding.UTF8.GetBytes(Rows));
        var options = new DataOptions { LabelColumn = "y", GroupColumn = "y", CacheFolder = folder["cache"] };
        Assert.Contains("'y' cannot be both label and group",
            Assert.Throws<EdgeLearnException>(() => DataCatalog.Open(path, options)).Message);
    }

    [Fact]
    public void Data_without_columns_has_no_groups()
    {
        using var folder = new TemporaryFolder();
        folder.Write("labels.npy", ArrayBytes.Npy("<i8", "(5,)", 0, 1, 0, 1, 0));
        string path = folder.Write("features.npy", ArrayBytes.Npy("<f4", "(5, 3)", new double[15]));
        var error = Assert.Throws<EdgeLearnException>(() =>
            DataCatalog.Open(path, new DataOptions { GroupColumn = "who", CacheFolder = folder["cache"] }));
        Assert.Contains("no column 'who' to group by", error.Message);
    }

    static DataSplit Open(TemporaryFolder folder, string text, string? column) =>
        DataCatalog.Open(folder.Write("x.csv", Encoding.UTF8.GetBytes(text)),
        new DataOptions { GroupColumn = column, CacheFolder = folder["cache"] });
}
