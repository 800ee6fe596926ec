using Xunit;

namespace EdgeLearn.Tests;

public class PreparationTests
{
    [Fact]
    public void Shift_and_scale_are_applied_to_every_length()
    {
        for (int length = 1; length <= 67; length++)
        {
            float[] x = [.. Enumerable.Range(0, 3 * length).Select(i => (i * 0.37f) - 5)];
            float[] shift = [.. Enumerable.Range(0, length).Select(i => i * 0.1f)];
            float[] scale = [.. Enumerable.Range(0, length).Select(i => 1 / (1f + i))];
            float[] single = [.. x];
            new Preparation([2.5f], [0.3f]).Apply(single, length);
            Assert.Equal([.. x.Select(v => (v - 2.5f) * 0.3f)], single);
            float[] each = [.. x];
            new Preparation(shift, scale).Apply(each, length);
            Assert.Equal([.. x.Select((v, i) => (v - shift[i % length]) * scale[i % length])], each);
        }
    }

    [Fact]
    public void Standardised_data_has_mean_0_and_deviation_1()
    {
        var data = Waves(500);
        foreach (bool perFeature in (bool[])[true, false])
        {
            var preparation = Preparation.Standardise(data, perFeature);
            Assert.Equal(perFeature, preparation.IsPerFeature);
            float[] rows = new float[500 * 3];
            data.ReadRows(0, 500, preparation, rows, new float[500]);
            var columns = perFeature ? Enumerable.Range(0, 3).Select(c => rows.Where((_, i) => i % 3 == c)) : [rows];
            foreach (var column in columns)
            {
                Assert.Equal(0, column.Average(v => (double)v), 1e-5);
                Assert.Equal(1, column.Average(v => (double)v * v), 1e-4);
            }
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    [InlineData(6)]
    [InlineData(300)]
    public void Columns_that_repeat_along_a_row_are_standardised_together(int width)
    {
        int length = width * 4;
        float[] x = [.. Enumerable.Range(0, 50 * length)
            .Select(i => (float)((Math.Sin(i * 1.7) * (1 + (i % width))) + (100 * (i % width))))];
        var data = new MemoryDataset(x, new int[50], Shape.Vector(length));
        var preparation = Preparation.Standardise(data, width);
        Assert.Equal(width, preparation.Shift.Length);
        preparation.CheckLength(length);
        float[] rows = new float[x.Length];
        data.ReadRows(0, 50, preparation, rows, new float[50]);
        for (int column = 0; column < width; column++)
        {
            double[] values = [.. rows.Where((_, i) => i % width == column).Select(v => (double)v)];
            Assert.Equal(0, values.Average(), 1e-4);
            Assert.Equal(1, values.Average(v => v * v), 1e-3);
        }

        Assert.Throws<ArgumentException>(() => Preparation.Standardise(data, length + 1));
        Assert.Throws<EdgeLearnException>(() => new Preparation(new float[7], new float[7]).CheckLength(length + 1));
    }

    [Fact]
    public void Data_far_from_zero_keeps_its_small_deviation()
    {
        // Around 2^23 a float still holds whole numbers: the values are 2^23 + (0, 1, 2, 3), deviation sqrt(1.25).
        float[] x = [.. Enumerable.Range(0, 4000).Select(i => 8388608f + (i % 4))];
        var preparation = Preparation.Standardise(new MemoryDataset(x, new int[4000], Shape.Vector(1)), perFeature: true);
        Assert.Equal(1 / Math.Sqrt(1.25), preparation.Scale[0], 1e-6);
        Assert.Equal(8388610f, preparation.Shift[0], 1f);
    }

    [Fact]
    public void A_constant_feature_becomes_zero_and_not_a_division_by_zero()
    {
        float[] x = [0.1f, 1, 0.1f, 2, 0.1f, 4];
        var data = new MemoryDataset(x, [0, 1, 0], Shape.Vector(2));
        var preparation = Preparation.Standardise(data, perFeature: true);
        Assert.Equal(0, preparation.Scale[0]);
        float[] rows = new float[6];
        data.ReadRows(0, 3, preparation, rows, new float[3]);
        Assert.Equal([0f, 0f, 0f], [rows[0], rows[2], rows[4]]);
    }

    [Fact]
    public void Scaling_by_the_maximum_reaches_one()
    {
        var preparation = Preparation.ScaleByMaximum(new MemoryDataset([1, -8, 4, 2], [0, 1], Shape.Vector(2)));
        float[] row = [-8, 4];
        preparation.Apply(row, 2);
        Assert.Equal([-1f, 0.5f], row);
        Assert.True(Preparation.ScaleByMaximum(new MemoryDataset([0, 0], [0, 1], Shape.Vector(1))).IsIdentity);
    }

    [Fact]
    public void Senseless_numbers_are_refused()
    {
        Assert.Throws<EdgeLearnException>(() => new Preparation([0, 1], [1]));
        Assert.Throws<EdgeLearnException>(() => new Preparation([], []));
        Assert.Throws<EdgeLearnException>(() => new Preparation([float.NaN], [1]));
        Assert.Throws<EdgeLearnException>(() => Preparation.ScaleBy(0));
        Assert.Throws<EdgeLearnException>(() => Preparation.ScaleBy(float.PositiveInfinity));
        Assert.Throws<EdgeLearnException>(() => new Preparation([0, 1], [1, 1]).Apply(new float[3], 3));
    }

    static MemoryDataset Waves(int count)
    {
        float[] x = [.. Enumerable.Range(0, count * 3).Select(i => (float)((Math.Sin(i * 1.7) * (1 + (i % 3 * 20))) + (100 * (i % 3))))];
        return new MemoryDataset(x, new int[count], Shape.Vector(3));
    }
}
