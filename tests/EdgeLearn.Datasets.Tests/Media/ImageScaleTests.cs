using EdgeLearn.Datasets;
using Xunit;

namespace EdgeLearn.Tests;

public class ImageScaleTests
{
    [Theory]
    // Means of whole areas: 2x2 blocks of 4x4.
    [InlineData(new byte[] { 0, 4, 10, 10, 8, 12, 10, 10, 1, 1, 0, 255, 1, 2, 255, 0 }, 4, 4, 2, 2, new byte[] { 6, 10, 1, 128 })]
    // 3 to 2: a pixel covers one and a half, (1 x 30 + 0.5 x 60) / 1.5 = 40.
    [InlineData(new byte[] { 30, 60, 90 }, 1, 3, 1, 2, new byte[] { 40, 80 })]
    // 2 to 4: centres at -0.25 (the edge), 0.25, 0.75, 1.25 (the edge).
    [InlineData(new byte[] { 0, 100 }, 1, 2, 1, 4, new byte[] { 0, 25, 75, 100 })]
    [InlineData(new byte[] { 0, 100 }, 2, 1, 4, 1, new byte[] { 0, 25, 75, 100 })]
    // Each axis by itself: rows shrink, columns grow.
    [InlineData(new byte[] { 0, 100, 100, 200 }, 2, 2, 1, 4, new byte[] { 50, 75, 125, 150 })]
    [InlineData(new byte[] { 7, 8, 9, 10 }, 2, 2, 2, 2, new byte[] { 7, 8, 9, 10 })]
    public void Grey_images_are_scaled(byte[] image, int fromHeight, int fromWidth, int height, int width, byte[] expected)
    {
        byte[] scaled = new byte[height * width];
        new ImageScale(height, width, 1).Run(image, fromHeight, fromWidth, scaled);
        Assert.Equal(expected, scaled);
    }

    [Fact]
    public void Channels_stay_apart()
    {
        byte[] scaled = new byte[3];
        new ImageScale(1, 1, 3).Run([0, 10, 255, 100, 20, 255], 1, 2, scaled);
        Assert.Equal([50, 15, 255], scaled);
    }
}
