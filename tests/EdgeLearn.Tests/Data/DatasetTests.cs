using System.Runtime.InteropServices;
using Xunit;

namespace EdgeLearn.Tests;

public class DatasetTests
{
    [Fact]
    public void Images_and_labels_are_read_by_position_from_files()
    {
        using var folder = new TemporaryFolder();
        using var data = Open(folder, ArrayBytes.Idx(8, [3, 2, 2], 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12), ArrayBytes.Idx(8, [3], 0, 2, 1));
        Assert.Equal((3, new Shape(2, 2), 3, 0), (data.Count, data.InputShape, data.ClassCount, data.TargetLength));
        Assert.Equal([0, 2, 1], data.Labels());
        float[] row = new float[4];
        data.ReadInput(1, row);
        Assert.Equal([5f, 6f, 7f, 8f], row);
    }

    [Theory]
    [InlineData("|b1", "U8")]
    [InlineData("<u2", "F32")]
    [InlineData("<f2", "F32")]
    [InlineData(">i2", "I16")]
    public void What_replay_stores_holds_every_value(string descriptor, string stored)
    {
        using var folder = new TemporaryFolder();
        using var data = Open(folder, ArrayBytes.Npy(descriptor, "(1, 2)", 0, 1), ArrayBytes.Idx(8, [1], 0));
        Assert.Equal(stored, ContinualFile.TypeOf(data.Number));
    }

    [Fact]
    public void A_view_reads_its_samples_and_remembers_their_rows()
    {
        var whole = new MemoryDataset([0, 1, 2, 3, 4], [0, 1, 2, 3, 4], Shape.Vector(1));
        using var view = new DatasetView(new DatasetView(whole, [4, 2, 0]), [2, 0]);
        float[] row = new float[1];
        view.ReadInput(1, row);
        Assert.Equal((2, 4f, 4, 4, 5), (view.Count, row[0], view.Label(1), view.SourceRow(1), view.ClassCount));
        Assert.Throws<ArgumentException>(() => new DatasetView(whole, [5]));
        Assert.Throws<ArgumentException>(() => new DatasetView(whole, []));
    }

    [Fact]
    public void Unequal_counts_of_images_and_labels_are_refused()
    {
        using var folder = new TemporaryFolder();
        var error = Assert.Throws<EdgeLearnException>(() => Open(folder, ArrayBytes.Idx(8, [2, 1], 1, 2), ArrayBytes.Idx(8, [3], 0, 0, 0)));
        Assert.Contains("2 inputs", error.Message);
        Assert.Contains("3 labels", error.Message);
    }

    [Theory]
    [InlineData(-1)]
    [InlineData(0.5)]
    [InlineData(65536)]
    [InlineData(double.NaN)]
    [InlineData(double.PositiveInfinity)]
    public void Labels_out_of_range_are_refused_with_their_row(double label)
    {
        using var folder = new TemporaryFolder();
        var error = Assert.Throws<EdgeLearnException>(() =>
            Open(folder, ArrayBytes.Idx(8, [2, 1], 1, 2), ArrayBytes.Idx(0x0D, [2], 0, label)));
        Assert.Contains("row 1", error.Message);
    }

    [Fact]
    public void Labels_beyond_a_byte_are_kept_whole()
    {
        using var folder = new TemporaryFolder();
        double[] labels = [.. Enumerable.Range(0, 600).Select(i => i < 590 ? i % 200 : 65_535.0 - (i % 2))];
        using var data = Open(folder, ArrayBytes.Idx(8, [600, 1], new double[600]), ArrayBytes.Idx(0x0C, [600], labels));
        Assert.Equal(65_536, data.ClassCount);
        Assert.Equal(labels.Select(l => (int)l), data.Labels());
        Assert.Equal([300, 2, 65_535], Enumerable.Range(0, 3).Select(i => new LabelList([300, 2, 65_535])[i]));
    }

    [Fact]
    public void A_label_file_with_two_values_a_row_is_refused()
    {
        using var folder = new TemporaryFolder();
        Assert.Throws<EdgeLearnException>(() => Open(folder, ArrayBytes.Idx(8, [1, 1], 1), ArrayBytes.Idx(8, [1, 2], 0, 1)));
    }

    [Fact]
    public void Another_shape_must_have_the_same_length()
    {
        using var folder = new TemporaryFolder();
        var inputs = ArrayFile.Open(folder.Write("x", ArrayBytes.Idx(8, [1, 6], 1, 2, 3, 4, 5, 6)), new FileCache(folder["cache"]));
        using var data = new ArrayDataset(inputs, new LabelList([0]), shape: new Shape(2, 3));
        Assert.True(data.InputShape.IsImage);
        Assert.Throws<EdgeLearnException>(() => new ArrayDataset(inputs, new LabelList([0]), shape: new Shape(2, 2)));
        Assert.Throws<EdgeLearnException>(() => new ArrayDataset(inputs, new LabelList([4]), classCount: 4));
    }

    [Theory]
    [InlineData(double.NaN, "NaN")]
    [InlineData(double.PositiveInfinity, "infinite")]
    [InlineData(1e300, "infinite")]
    public void Values_that_are_not_finite_are_refused_with_row_and_column(double value, string word)
    {
        using var folder = new TemporaryFolder();
        using var data = Open(folder, ArrayBytes.Idx(0x0E, [2, 4], 1, 2, 3, 4, 1, 2, 3, value), ArrayBytes.Idx(8, [2], 0, 1));
        using var view = new DatasetView(data, [1]);
        var error = Assert.Throws<EdgeLearnException>(() => view.ReadRows(0, 1, Preparation.Identity, new float[4], new float[1]));
        Assert.Contains($"row 1, column 3 is {word}", error.Message);
        Assert.Throws<EdgeLearnException>(() => Preparation.Standardise(data, perFeature: false));
    }

    [Fact]
    public void A_file_that_shrinks_while_it_is_read_is_an_error_and_not_rubbish()
    {
        using var folder = new TemporaryFolder();
        using var data = Open(folder, ArrayBytes.Idx(8, [2, 3], 1, 2, 3, 4, 5, 6), ArrayBytes.Idx(8, [2], 0, 1));
        using (var stream = new FileStream(folder["images"], FileMode.Open, FileAccess.Write, FileShare.ReadWrite)) stream.SetLength(14);
        Assert.Throws<EdgeLearnException>(() => data.ReadInput(1, new float[3]));
    }

    [Fact]
    public void Reading_allocates_nothing()
    {
        using var folder = new TemporaryFolder();
        double[] values = [.. Enumerable.Range(0, 10 * 3000).Select(i => (double)(i % 200))];
        double[] labels = [.. Enumerable.Range(0, 10).Select(i => (double)(i % 3))];
        foreach (byte type in (byte[])[0x08, 0x09, 0x0B, 0x0C, 0x0D, 0x0E])
        {
            if (type == 9) values = [.. values.Select(v => v / 2)];
            using var data = Open(folder, ArrayBytes.Idx(type, [10, 3000], values), ArrayBytes.Idx(8, [10], labels));
            var stream = new SampleStream(data, new Preparation([1], [0.5f]), 4, seed: 1);
            float[] inputs = new float[4 * 3000];
            int[] classes = new int[4];
            for (int i = 0; i < 5; i++) stream.Read(inputs, classes);
            data.ReadRows(2, classes.Length, Preparation.Identity, inputs, MemoryMarshal.Cast<int, float>(classes.AsSpan()));
            long least = long.MaxValue;
            for (int attempt = 0; attempt < 3 && least > 0; attempt++) // the runtime's own work may fall into one of them
            {
                long before = GC.GetAllocatedBytesForCurrentThread();
                for (int i = 0; i < 20; i++) stream.Read(inputs, classes);
                data.ReadRows(2, classes.Length, Preparation.Identity, inputs, MemoryMarshal.Cast<int, float>(classes.AsSpan()));
                least = Math.Min(least, GC.GetAllocatedBytesForCurrentThread() - before);
            }

            Assert.Equal(0, least);
        }
    }

    static ArrayDataset Open(TemporaryFolder folder, byte[] images, byte[] labels)
    {
        var cache = new FileCache(folder["cache"]);
        using var labelFile = ArrayFile.Open(folder.Write("labels", labels), cache);
        return new ArrayDataset(ArrayFile.Open(folder.Write("images", images), cache), LabelList.Read(labelFile));
    }
}
