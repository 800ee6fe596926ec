using Xunit;

namespace EdgeLearn.Tests;

public class ColumnOrderTests
{
    [Fact]
    public void Bytes_of_NumPy_are_read_row_by_row()
    {
        // numpy.asfortranarray(numpy.array([[1, 2, 3], [4, 5, 6]], 'u1'))
        Assert.Equal([[1f, 2, 3], [4f, 5, 6]], Rows("|u1", "(2, 3)", [1, 4, 2, 5, 3, 6], out var shape));
        Assert.Equal(Shape.Vector(3), shape);
    }

    [Theory]
    [InlineData(3, 5, 1, 1)]
    [InlineData(3, 4, 5, 1)]
    [InlineData(7, 2, 3, 4)]
    [InlineData(1, 2, 3, 4)]
    [InlineData(5, 1, 3, 2)]
    public void The_first_dimension_varies_fastest(int n, int h, int w, int c)
    {
        // The value at (i, j, k, l) is its place row by row; it is stored where the places with the first index fastest say.
        var stored = new List<byte>();
        for (int l = 0; l < c; l++)
        {
            for (int k = 0; k < w; k++)
            {
                for (int j = 0; j < h; j++)
                {
                    for (int i = 0; i < n; i++) stored.AddRange(BitConverter.GetBytes((short)((((((i * h) + j) * w) + k) * c) + l)));
                }
            }
        }

        float[][] rows = Rows("<i2", $"({n}, {h}, {w}, {c})", [.. stored], out var shape);
        Assert.Equal(new Shape(h, w, c), shape);
        Assert.Equal(Enumerable.Range(0, n * h * w * c).Select(i => (float)i), rows.SelectMany(row => row));
    }

    [Theory]
    [InlineData(5000, 1100)] // more than one tile either way
    [InlineData(3, 2500)]
    [InlineData(70_000, 2)]
    public void Many_items_or_columns_are_written_in_tiles(int n, int width)
    {
        byte[] stored = new byte[n * width];
        for (int i = 0; i < stored.Length; i++) stored[i] = Value(i % n, i / n);
        float[][] rows = Rows("|u1", $"({n}, {width})", stored, out _);
        for (int i = 0; i < n; i++)
        {
            for (int j = 0; j < width; j++)
            {
                if (rows[i][j] != Value(i, j)) Assert.Fail($"({i}, {j}) is {rows[i][j]} in place of {Value(i, j)}");
            }
        }

        static byte Value(int i, int j) => (byte)((i * 31) + (j * 17) + (i / 256));
    }

    [Fact]
    public void A_file_is_converted_once_and_anew_when_it_changes()
    {
        using var folder = new TemporaryFolder();
        var cache = new FileCache(folder["cache"]);
        for (int round = 0; round < 4; round++)
        {
            byte last = (byte)(round / 2);
            string path = folder.Write("x.npy", Bytes("|u1", "(2, 2)", [1, 2, 3, last]));
            using var file = ArrayFile.Open(path, cache);
            float[] row = new float[2];
            file.Read(1, row);
            Assert.Equal([2f, last], row);
            Assert.Equal((round / 2) + 1, Directory.GetFiles(folder["cache"]).Length);
        }
    }

    [Fact]
    public void Compressed_and_cut_files_are_told_apart()
    {
        using var folder = new TemporaryFolder();
        byte[] bytes = Bytes(">f8", "(2, 2)", [.. new byte[24], 0x3F, 0xF0, 0, 0, 0, 0, 0, 0]);
        using (var file = ArrayFile.Open(folder.Write("x.npy.gz", ArrayBytes.Gzip(bytes)), new FileCache(folder["cache"])))
        {
            float[] row = new float[2];
            file.Read(1, row);
            Assert.Equal([0f, 1f], row);
        }

        for (int length = 0; length < bytes.Length; length++)
        {
            string path = folder.Write("cut.npy", bytes[..length]);
            Assert.Throws<EdgeLearnException>(() => ArrayFile.Open(path, new FileCache(folder["cache"])));
        }
    }

    static byte[] Bytes(string descriptor, string shape, byte[] content)
        => ArrayBytes.NpyText($"{{'descr': '{descriptor}', 'fortran_order': True, 'shape': {shape}, }}", content);

    static float[][] Rows(string descriptor, string shape, byte[] content, out Shape item)
    {
        using var folder = new TemporaryFolder();
        string path = folder.Write("x.npy", Bytes(descriptor, shape, content));
        using var file = ArrayFile.Open(path, new FileCache(folder["cache"]));
        item = file.Header.Item;
        float[][] rows = [.. Enumerable.Range(0, file.Count).Select(_ => new float[file.Header.Item.Length])];
        for (int i = 0; i < rows.Length; i++) file.Read(i, rows[i]);
        return rows;
    }
}
