using EdgeLearn.Results;
using Xunit;

namespace EdgeLearn.Tests;

public class ShiftedImagesTests
{
    static MemoryDataset Images(int count, Func<int, int, int, float> pixel)
    {
        float[] values = new float[count * 21 * 21];
        for (int i = 0; i < values.Length; i++) values[i] = pixel(i / 441, i / 21 % 21, i % 21);
        return new MemoryDataset(values, [.. Enumerable.Range(0, count).Select(n => n % 2)], new Shape(21, 21));
    }

    static float[] First(MemoryDataset data, ImageShift shift)
    {
        using var shifted = ShiftedImages.Of(data, shift, isOdd: false, 1);
        float[] image = new float[441];
        shifted.ReadInput(0, image);
        return image;
    }

    [Fact]
    public void A_point_turns_by_forty_degrees_about_the_centre()
    {
        using var data = Images(2, (_, r, c) => r == 10 && c == 18 ? 200 : 0);
        float[] turned = First(data, ImageShift.Rotation);
        double mass = turned.Sum(), x = turned.Select((value, i) => value * (i % 21 - 10.0)).Sum() / mass,
            y = turned.Select((value, i) => value * (i / 21 - 10.0)).Sum() / mass;
        Assert.Equal(8 * Math.Cos(40 * Math.PI / 180), x, 0.2);
        Assert.Equal(8 * Math.Sin(40 * Math.PI / 180), Math.Abs(y), 0.2);
    }

    [Fact]
    public void Blur_spreads_a_point_and_keeps_its_mass()
    {
        using var data = Images(2, (_, r, c) => r == 10 && c == 10 ? 200 : 0);
        float[] blurred = First(data, ImageShift.Blur);
        Assert.Equal(200, blurred.Sum(), 0.5);
        Assert.Equal(4, blurred.Select((value, i) => value * (i % 21 - 10.0) * (i % 21 - 10.0)).Sum() / 200, 0.1);
    }

    [Fact]
    public void Noise_stays_in_range_and_is_the_same_every_time()
    {
        using var data = Images(2, (_, _, _) => 128);
        float[] noisy = First(data, ImageShift.Noise);
        Assert.All(noisy, value => Assert.InRange(value, 0, 255));
        Assert.Equal(noisy, First(data, ImageShift.Noise));
        Assert.InRange(noisy.Average(), 115, 141);
        Assert.Equal(255 - 128, First(data, ImageShift.Inverted)[7]);
    }

    [Fact]
    public void Odd_and_even_samples_share_none()
    {
        using var data = Images(20, (n, _, _) => n);
        using MemoryDataset even = ShiftedImages.Of(data, ImageShift.Inverted, isOdd: false, 10),
            odd = ShiftedImages.Of(data, ImageShift.Inverted, isOdd: true, 10);
        static float Number(MemoryDataset set, int index)
        {
            float[] image = new float[441];
            set.ReadInput(index, image);
            return 255 - image[0];
        }

        Assert.Equal([0, 2, 4, 6, 8, 10, 12, 14, 16, 18], Enumerable.Range(0, 10).Select(i => (int)Number(even, i)));
        Assert.Equal([1, 3, 5, 7, 9, 11, 13, 15, 17, 19], Enumerable.Range(0, 10).Select(i => (int)Number(odd, i)));
    }
}
