using Xunit;

namespace EdgeLearn.Tests;

public class IdxFileTests
{
    [Theory]
    [InlineData(0x08, 0, 255, 7)]
    [InlineData(0x09, -128, 127, -1)]
    [InlineData(0x0B, -32768, 32767, -2)]
    [InlineData(0x0C, -16777216, 16777216, 65537)]
    [InlineData(0x0D, -1.5, 3.25e10, 1e-20)]
    [InlineData(0x0E, -1.5, 3.25e10, 0.1)]
    public void Every_type_is_read_back(byte type, double a, double b, double c)
    {
        using var folder = new TemporaryFolder();
        string path = folder.Write("x.idx", ArrayBytes.Idx(type, [2, 3], a, b, c, c, a, b));
        using var file = ArrayFile.Open(path, new FileCache(folder["cache"]));
        float[] row = new float[3];
        file.Read(0, row);
        Assert.Equal([(float)a, (float)b, (float)c], row);
        file.Read(1, row);
        Assert.Equal([(float)c, (float)a, (float)b], row);
    }

    [Fact]
    public void Dimensions_become_the_shape_of_an_item()
    {
        Assert.Equal(Shape.Vector(1), Header(5).Item);
        Assert.Equal(Shape.Vector(6), Header(5, 6).Item);
        Assert.Equal(new Shape(6, 7), Header(5, 6, 7).Item);
        Assert.Equal(new Shape(6, 7, 3), Header(5, 6, 7, 3).Item);
        Assert.Equal(5, Header(5, 6, 7, 3).Count);

        static ArrayHeader Header(params int[] sizes) => IdxFile.ParseHeader(ArrayBytes.Idx(8, sizes), "x");
    }

    [Fact]
    public void A_file_cut_at_any_byte_or_grown_by_one_is_refused_in_one_line()
    {
        using var folder = new TemporaryFolder();
        byte[] whole = ArrayBytes.Idx(0x0B, [2, 2, 2], 1, 2, 3, 4, 5, 6, 7, 8);
        for (int length = 0; length <= whole.Length + 1; length++)
        {
            if (length == whole.Length) continue;
            byte[] bytes = [.. whole[..Math.Min(length, whole.Length)], .. new byte[Math.Max(0, length - whole.Length)]];
            string path = folder.Write("cut.idx", bytes);
            var error = Assert.Throws<EdgeLearnException>(() => ArrayFile.Open(path, new FileCache(folder["cache"])));
            Assert.Contains("cut.idx", error.Message);
            Assert.DoesNotContain('\n', error.Message);
        }
    }

    [Fact]
    public void A_header_that_promises_the_world_costs_no_memory()
    {
        using var folder = new TemporaryFolder();
        byte[] bytes = [.. ArrayBytes.Idx(8, [int.MaxValue, 4000, 4000]), .. new byte[24]];
        string path = folder.Write("giant.idx", bytes);
        var cache = new FileCache(folder["cache"]);
        Assert.Throws<EdgeLearnException>(() => ArrayFile.Open(path, cache));
        long before = GC.GetAllocatedBytesForCurrentThread();
        var error = Assert.Throws<EdgeLearnException>(() => ArrayFile.Open(path, cache));
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 100_000);
        Assert.Contains("the file has 40", error.Message);
    }

    [Theory]
    [InlineData(new byte[] { 0, 0, 8, 0, 1 }, "0 dimensions")]
    [InlineData(new byte[] { 0, 0, 8, 5, 1 }, "5 dimensions")]
    [InlineData(new byte[] { 0, 0, 8, 1, 0, 0, 0, 0 }, "no items")]
    [InlineData(new byte[] { 0, 0, 8, 2, 0, 0, 0, 1, 0, 0, 0, 0 }, "values")]
    [InlineData(new byte[] { 0, 0, 8, 1, 0xFF, 0xFF, 0xFF, 0xFF }, "4294967295 items")]
    [InlineData(new byte[] { 0, 0, 8, 3, 0, 0, 0, 1, 0, 1, 0, 0, 0, 1, 0, 0 }, "65536x65536")]
    [InlineData(new byte[] { 0, 0, 7, 1, 0, 0, 0, 1, 5 }, "no IDX or npy file")]
    public void Senseless_headers_are_refused(byte[] bytes, string reason)
    {
        var error = Assert.Throws<EdgeLearnException>(() => ArrayHeader.Parse(bytes, "x"));
        Assert.Contains(reason, error.Message);
    }
}
