using EdgeLearn.Datasets;
using Xunit;

namespace EdgeLearn.Tests;

public class CifarFolderTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void Records_of_planes_become_images_with_the_channel_innermost(int labelBytes)
    {
        using var folder = new TemporaryFolder();
        Directory.CreateDirectory(folder["set"]);
        folder.Write("set/data_batch_2.bin", Records(labelBytes, 3, 4));
        folder.Write("set/data_batch_1.bin.gz", ArrayBytes.Gzip(Records(labelBytes, 7)));
        folder.Write("set/test_batch.bin", Records(labelBytes, 9));
        for (int opening = 0; opening < 2; opening++)
        {
            using var split = Open(folder);
            Assert.Equal((3, 1, 10, new Shape(32, 32, 3)), (split.Train.Count, split.Test.Count, split.ClassCount, split.InputShape));
            Assert.Equal([7, 3, 4], split.Train.Labels());
            float[] image = new float[3072];
            split.Train.ReadInput(1, image);
            for (int i = 0; i < image.Length; i++) Assert.Equal(Pixel(3, i % 3, i / 3), image[i]);
        }
    }

    [Fact]
    public void Names_of_classes_beside_the_records_are_kept()
    {
        using var folder = new TemporaryFolder();
        Directory.CreateDirectory(folder["set"]);
        folder.Write("set/train.bin", Records(1, 0, 1, 1, 0));
        File.WriteAllText(folder["set/classes.txt"], "1 cat\n2 dog  \n\n");
        using (var split = Open(folder)) Assert.Equal(["cat", "dog"], split.ClassNames);
        File.WriteAllText(folder["set/classes.txt"], "cat\n");
        Assert.Contains("classes.txt has 1 names, the labels go up to 1", Assert.Throws<EdgeLearnException>(() => Open(folder)).Message);
    }

    [Fact]
    public void Files_that_are_no_whole_records_are_refused()
    {
        using var folder = new TemporaryFolder();
        Directory.CreateDirectory(folder["set"]);
        folder.Write("set/train.bin", new byte[3073 + 5]);
        Assert.Contains("has 3078 bytes; expected records of 3073 (CIFAR-10) or 3074 bytes",
            Assert.Throws<EdgeLearnException>(() => Open(folder)).Message);
        folder.Write("set/train.bin", []);
        Assert.Contains("has 0 bytes", Assert.Throws<EdgeLearnException>(() => Open(folder)).Message);
        byte[] gzip = ArrayBytes.Gzip(Records(1, 1, 2, 3));
        folder.Write("set/train.bin", gzip[..(gzip.Length / 2)]);
        Assert.DoesNotContain('\n', Assert.Throws<EdgeLearnException>(() => Open(folder)).Message);
    }

    static byte Pixel(int label, int channel, int position) => (byte)((label * 50) + (channel * 7) + position);

    static byte[] Records(int labelBytes, params int[] labels)
        => [.. labels.SelectMany(label =>
            (byte[])[.. new byte[labelBytes - 1], (byte)label,
            .. Enumerable.Range(0, 3072).Select(i => Pixel(label, i / 1024, i % 1024))])];

    static DataSplit Open(TemporaryFolder folder) => DataCatalog.Open(folder["set"], new DataOptions { CacheFolder = folder["cache"] });
}
