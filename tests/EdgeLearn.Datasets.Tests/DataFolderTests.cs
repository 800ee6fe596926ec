using System.Text;
using EdgeLearn.Datasets;
using Xunit;

namespace EdgeLearn.Tests;

public class DataFolderTests
{
    static readonly byte[] s_images = ArrayBytes.Idx(8, [4, 2, 2], [.. Enumerable.Range(0, 16).Select(i => (double)i)]);
    static readonly byte[] s_labels = ArrayBytes.Idx(8, [4], 0, 1, 2, 1);
    static readonly byte[] s_fewImages = ArrayBytes.Idx(8, [2, 2, 2], new double[8]);
    static readonly byte[] s_fewLabels = ArrayBytes.Idx(8, [2], 3, 0);

    [Theory]
    [InlineData("train-images-idx3-ubyte", "train-labels-idx1-ubyte", "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte")]
    [InlineData("train-images.idx3-ubyte", "train-labels.idx1-ubyte", "t10k-images.idx3-ubyte", "t10k-labels.idx1-ubyte")]
    [InlineData("train-windows-idx3-int16", "train-labels-idx1-ubyte", "test-windows-idx3-int16", "test-labels-idx1-ubyte")]
    [InlineData("train-recovered-signals", "Train-recovered-labels", "TEST-exact-features", "test-exact-labels")]
    public void The_parts_are_told_apart_by_their_names(string trainInputs, string trainLabels, string testInputs, string testLabels)
    {
        using var folder = new TemporaryFolder();
        folder.Write(trainInputs, s_images);
        folder.Write(trainLabels, s_labels);
        folder.Write(testInputs, s_fewImages);
        folder.Write(testLabels, s_fewLabels);
        folder.Write("train-writers-idx1-short", [1]);
        folder.Write("README.md", [1]);
        using var split = Open(folder);
        Assert.Equal((4, 2, 4, new Shape(2, 2)), (split.Train.Count, split.Test.Count, split.ClassCount, split.InputShape));
        Assert.Equal([0, 1, 2, 1], split.Train.Labels());
        Assert.Equal([3, 0], split.Test.Labels());
    }

    [Fact]
    public void The_bytes_of_any_file_are_tokens()
    {
        using var folder = new TemporaryFolder();
        folder.Write("notes.md", Encoding.UTF8.GetBytes(new string('a', 100) + new string('b', 29)));
        using (var split = Open(folder, null, $"text:{folder["notes.md"]}"))
            Assert.Equal((1, 1, 256, 64), (split.Train.Count, split.Test.Count, split.ClassCount, split.Train.LabelLength));
        using (var split = Open(folder, new DataOptions { InputShape = Shape.Vector(8) }, $"text:{folder["notes.md"]}"))
            Assert.Equal((13, 3, 8), (split.Train.Count, split.Test.Count, split.Train.LabelLength));
        Assert.Contains("notes.md has 129 bytes; a window of 200 and the byte behind it need 201",
            Assert.Throws<EdgeLearnException>(() =>
            Open(folder, new DataOptions { InputShape = Shape.Vector(200) }, $"text:{folder["notes.md"]}")).Message);
        Assert.Contains("there is no file", Assert.Throws<EdgeLearnException>(() => Open(folder, null, "text:nothing")).Message);
    }

    [Fact]
    public void Compressed_files_are_read_and_a_plain_file_beside_its_compressed_form_is_one()
    {
        using var folder = new TemporaryFolder();
        folder.Write("train-images.gz", ArrayBytes.Gzip(s_images));
        folder.Write("train-images", s_images);
        folder.Write("train-labels.gz", ArrayBytes.Gzip(s_labels));
        using var split = Open(folder);
        Assert.Equal((3, 1), (split.Train.Count, split.Test.Count));
    }

    [Fact]
    public void Npy_files_and_a_pair_without_train_in_its_name_are_read()
    {
        using var folder = new TemporaryFolder();
        folder.Write("features.npy", ArrayBytes.Npy("<f4", "(5, 3)", new double[15]));
        folder.Write("labels.npy", ArrayBytes.Npy("<i8", "(5,)", 0, 1, 0, 1, 0));
        using var split = Open(folder, new DataOptions { TestFraction = 0.4 });
        Assert.Equal((3, 2, Shape.Vector(3)), (split.Train.Count, split.Test.Count, split.InputShape));
    }

    [Fact]
    public void Csv_pairs_share_columns_and_classes()
    {
        using var folder = new TemporaryFolder();
        WriteText(folder, "train.csv", "a,b,y\n1,2,cat\n3,4,ant\n5,6,dog\n");
        WriteText(folder, "test.csv", "a,b,y\n1,2,dog\n3,4,cat\n");
        using var split = Open(folder);
        Assert.Equal(["ant", "cat", "dog"], split.ClassNames);
        Assert.Equal([2, 1], split.Test.Labels());
        Assert.Equal(3, split.Test.ClassCount);

        WriteText(folder, "test.csv", "b,y,c,a\n2,emu,9,1\n");
        using var other = Open(folder);
        Assert.Equal(["ant", "cat", "dog", "emu"], other.ClassNames);
        float[] row = new float[2];
        other.Test.ReadInput(0, row);
        Assert.Equal([1f, 2f], row);
        Assert.Contains("test.csv: not learned from, for the model does not know them: c", other.Notes);
        WriteText(folder, "test.csv", "a,c,y\n1,2,cat\n");
        Assert.Contains("has no column 'b'", Assert.Throws<EdgeLearnException>(() => Open(folder)).Message);
        WriteText(folder, "test.csv", "a,b,z\n1,2,cat\n");
        Assert.Contains("no column 'y'", Assert.Throws<EdgeLearnException>(() => Open(folder)).Message);
    }

    [Fact]
    public void The_split_is_by_seed_and_shares_nothing()
    {
        using var folder = new TemporaryFolder();
        WriteText(folder, "train.csv", "a,y\n" + string.Concat(Enumerable.Range(0, 100).Select(i => $"{i},{i % 2}\n")));
        int[][] tests = [.. ((ulong[])[1, 1, 2]).Select(TestRows)];
        Assert.Equal(20, tests[0].Length);
        Assert.Equal(tests[0], tests[1]);
        Assert.NotEqual(tests[0], tests[2]);

        int[] TestRows(ulong seed)
        {
            using var split = Open(folder, new DataOptions { Seed = seed });
            int[] test = [.. Enumerable.Range(0, split.Test.Count).Select(split.Test.SourceRow)];
            var train = Enumerable.Range(0, split.Train.Count).Select(split.Train.SourceRow);
            Assert.Equal(Enumerable.Range(0, 100), test.Concat(train).Order());
            return test;
        }
    }

    [Fact]
    public void A_file_of_images_finds_its_labels()
    {
        using var folder = new TemporaryFolder();
        string path = folder.Write("drawings-images-idx3-ubyte.gz", ArrayBytes.Gzip(s_images));
        var error = Assert.Throws<EdgeLearnException>(() => Open(folder, file: path));
        Assert.Contains("no labels beside it", error.Message);
        string labels = folder.Write("drawings-labels-idx1-ubyte", s_labels);
        using var split = Open(folder, file: path);
        Assert.Equal(4, split.Train.Count + split.Test.Count);
        Assert.Contains("labels, not inputs", Assert.Throws<EdgeLearnException>(() => Open(folder, file: labels)).Message);
    }

    [Fact]
    public void A_file_of_another_kind_is_refused()
    {
        using var folder = new TemporaryFolder();
        string path = folder.Write("photo.gif", [0x89, .. "PNG\r\n"u8, 0x1A, 0x0A, 0, 0, 0, 13]);
        Assert.Contains("a picture (PNG), where a table", Assert.Throws<EdgeLearnException>(() => Open(folder, file: path)).Message);
        path = folder.Write("empty.idx", []);
        Assert.Contains("is empty", Assert.Throws<EdgeLearnException>(() => Open(folder, file: path)).Message);
    }

    [Fact]
    public void Half_a_pair_two_candidates_and_unequal_parts_are_refused()
    {
        using var folder = new TemporaryFolder();
        folder.Write("train-images", s_images);
        Assert.Contains("without its labels", Message());
        folder.Write("train-labels", s_fewLabels);
        Assert.Contains("4 inputs, but there are 2 labels", Message());
        folder.Write("train-labels", s_labels);
        folder.Write("test-labels", s_labels);
        Assert.Contains("without its inputs", Message());
        folder.Write("test-images", ArrayBytes.Idx(8, [4, 3, 2], new double[24]));
        Assert.Contains("4 values and test-images of 6", Message());
        folder.Write("train-images-2", s_images);
        Assert.Contains("train-images and train-images-2", Message());

        string Message() => Assert.Throws<EdgeLearnException>(() => Open(folder)).Message;
    }

    [Fact]
    public void A_folder_without_data_says_what_was_expected_and_what_is_there()
    {
        using var folder = new TemporaryFolder();
        Assert.Contains("it is empty", Assert.Throws<EdgeLearnException>(() => Open(folder)).Message);
        folder.Write("notes.txt", []);
        string message = Assert.Throws<EdgeLearnException>(() => Open(folder)).Message;
        Assert.Contains("train*images*", message);
        Assert.Contains("notes.txt", message);
    }

    [Fact]
    public void An_input_shape_gives_a_vector_its_neighbourhood()
    {
        using var folder = new TemporaryFolder();
        WriteText(folder, "train.csv", "a,b,c,d,y\n1,2,3,4,0\n1,2,3,4,1\n");
        using var split = Open(folder, new DataOptions { InputShape = new Shape(2, 2) });
        Assert.True(split.InputShape.IsImage);
        var error = Assert.Throws<EdgeLearnException>(() => Open(folder, new DataOptions { InputShape = new Shape(2, 3) }));
        Assert.Contains("has 6", error.Message);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(-0.5)]
    [InlineData(double.NaN)]
    public void A_senseless_test_fraction_is_refused(double fraction) =>
        Assert.Throws<EdgeLearnException>(() => new DataCatalog(new DataOptions { TestFraction = fraction }));

    static void WriteText(TemporaryFolder folder, string file, string text) => folder.Write(file, Encoding.UTF8.GetBytes(text));

    static DataSplit Open(TemporaryFolder folder, DataOptions? options = null, string? file = null)
    {
        using var cache = new TemporaryFolder();
        return DataCatalog.Open(file ?? folder.Path, (options ?? new DataOptions()) with { CacheFolder = cache.Path });
    }
}
