using System.IO.Compression;
using System.Security.Cryptography;
using Xunit;

namespace EdgeLearn.Tests;

public class BundledDataTests
{
    static string Digits(string file) => Repository.PathOf("data", "uci-optdigits", file);

    [Theory]
    [InlineData("train.csv.gz")]
    [InlineData("test.csv.gz")]
    public void The_bundled_digits_have_the_digest_that_their_note_names(string file)
    {
        string digest = Convert.ToHexStringLower(SHA256.HashData(File.ReadAllBytes(Digits(file))));
        Assert.Contains(File.ReadLines(Digits("README.md")), line => line.Contains(file) && line.Contains(digest));
    }

    [Theory]
    [InlineData("train.csv.gz", 3823, 376)]
    [InlineData("test.csv.gz", 1797, 178)]
    public void The_bundled_digits_are_rows_of_64_pixels_and_a_label(string file, int rows, int zeros)
    {
        using var reader = new StreamReader(new GZipStream(File.OpenRead(Digits(file)), CompressionMode.Decompress));
        Assert.Equal(65, reader.ReadLine()!.Split(',').Length);
        int[][] values = reader.ReadToEnd().Split('\n', StringSplitOptions.RemoveEmptyEntries)
            .Select(line => line.Split(',').Select(int.Parse).ToArray()).ToArray();
        Assert.Equal(rows, values.Length);
        Assert.All(values, row =>
        {
            Assert.Equal(65, row.Length);
            Assert.All(row[..64], pixel => Assert.InRange(pixel, 0, 16));
            Assert.InRange(row[64], 0, 9);
        });
        Assert.Equal(zeros, values.Count(row => row[64] == 0));
    }
}
