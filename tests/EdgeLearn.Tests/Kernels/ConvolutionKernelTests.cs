using Xunit;

namespace EdgeLearn.Tests;

/// <summary>Convolution and pooling on guarded memory against plain loops in double, for every width of a map, so that every register width and every rest is met.</summary>
public class ConvolutionKernelTests
{
    static readonly (int Channels, int Height, int Kernel, int Maps)[] s_sizes = [(1, 3, 1, 1), (2, 5, 3, 4), (3, 4, 2, 8), (1, 6, 5, 13), (2, 3, 3, 17)];

    [Fact]
    public void Sums_of_shifted_planes_equal_the_double_sums_at_every_width()
    {
        for (int width = 1; width <= 70; width++)
        {
            var (channels, height, kernel, maps) = s_sizes[width % s_sizes.Length];
            int rows = height + kernel - 1, columns = width + kernel - 1, plane = rows * columns, fan = channels * kernel * kernel, targetWidth = width + width % 3, targetLength = height * targetWidth + width % 2;
            using GuardedMemory planesMemory = new(channels * plane), weightsMemory = new(maps * fan), targetMemory = new(maps * targetLength);
            var planes = planesMemory.Random(channels * plane, width);
            var w = weightsMemory.Random(maps * fan, width + 1);
            var target = targetMemory.Last((maps - 1) * targetLength + (height - 1) * targetWidth + width);
            target.Fill(0.25f);
            var shape = new DirectConvolution(channels, plane, columns, kernel, kernel, height, width);
            shape.AddTo(new MatrixView(w, maps, fan), planes, target, targetLength, targetWidth);
            for (int o = 0; o < maps; o++)
            {
                for (int p = 0; p < height * width; p++)
                {
                    double sum = 0.25, magnitude = 0.25;
                    for (int k = 0; k < fan; k++)
                    {
                        double term = (double)w[o * fan + k] * planes[k / (kernel * kernel) * plane + (p / width + k / kernel % kernel) * columns + p % width + k % kernel];
                        sum += term;
                        magnitude += Math.Abs(term);
                    }

                    Values.AssertSum(sum, magnitude, fan + 1, target[o * targetLength + p / width * targetWidth + p % width], () => $"{width} columns, map {o}, position {p}");
                }
            }
        }
    }

    [Fact]
    public void Weight_gradients_equal_the_double_sums_at_every_width()
    {
        const int Samples = 2;
        for (int width = 1; width <= 70; width++)
        {
            var (channels, height, kernel, maps) = s_sizes[width % s_sizes.Length];
            int rows = height + kernel - 1, columns = width + kernel - 1, plane = rows * columns, fan = channels * kernel * kernel, positions = height * width;
            using GuardedMemory imagesMemory = new(Samples * channels * plane), dzMemory = new(Samples * maps * positions), dwMemory = new(maps * fan);
            var images = imagesMemory.Random(Samples * channels * plane, width);
            var dz = dzMemory.Random(Samples * maps * positions, width + 1);
            var dw = dwMemory.Last(maps * fan);
            dw.Fill(0.5f);
            new DirectConvolution(channels, plane, columns, kernel, kernel, height, width).AddWeightGradient(Samples, dz, maps * positions, images, channels * plane, dw);
            for (int i = 0; i < dw.Length; i++)
            {
                int o = i / fan, k = i % fan;
                double sum = 0.5, magnitude = 0.5;
                for (int p = 0; p < Samples * positions; p++)
                {
                    int b = p / positions, q = p % positions;
                    double term = (double)dz[(b * maps + o) * positions + q] * images[(b * channels + k / (kernel * kernel)) * plane + (q / width + k / kernel % kernel) * columns + q % width + k % kernel];
                    sum += term;
                    magnitude += Math.Abs(term);
                }

                Values.AssertSum(sum, magnitude, Samples * positions + 1, dw[i], () => $"{width} columns, map {o}, weight {k}");
            }
        }
    }

    // Columns and adding back by the definition, in planes and with the channel innermost.
    [Fact]
    public void Windows_are_laid_out_and_added_back_where_they_belong()
    {
        for (int width = 1; width <= 40; width++)
        {
            int stride = 1 + width % 3, padding = width % 2, kernel = Math.Min(width, 1 + width % 4);
            padding = Math.Min(padding, kernel - 1);
            foreach (var shape in new[] { Shape.Planes(2, 5, width), new Shape(5, width, 3) })
            {
                var geometry = new PatchGeometry(shape, Math.Min(kernel, 5), kernel, stride, padding, padding);
                int windows = geometry.OutputLength, rows = shape.Channels * geometry.KernelLength;
                using GuardedMemory imageMemory = new(shape.Length), columnsMemory = new(rows * windows), sumsMemory = new(shape.Length);
                var image = imageMemory.Random(shape.Length, width);
                var columns = columnsMemory.Last(rows * windows);
                var sums = sumsMemory.Last(shape.Length);
                columns.Fill(float.NaN);
                sums.Clear();
                Kernels.PatchColumns(geometry, 0, shape.Channels, image, columns);
                Kernels.AddPatchColumns(geometry, 0, shape.Channels, columns, sums);
                var counts = new int[shape.Length];
                for (int i = 0; i < columns.Length; i++)
                {
                    int k = i / windows, p = i % windows, c = k / geometry.KernelLength;
                    int y = p / geometry.OutputWidth * stride + k / kernel % geometry.KernelHeight - padding, x = p % geometry.OutputWidth * stride + k % kernel - padding;
                    bool inside = y >= 0 && y < 5 && x >= 0 && x < width;
                    int source = inside ? c * shape.ChannelStride + y * shape.RowStride + x * shape.ColumnStride : -1;
                    if (inside) counts[source]++;
                    Assert.Equal(inside ? image[source] : 0, columns[i]);
                }

                for (int i = 0; i < sums.Length; i++) Assert.Equal(counts[i] * image[i], sums[i], 1e-5f);
            }
        }
    }

    [Fact]
    public void The_usual_pool_equals_the_general_one_at_every_width()
    {
        for (int width = 2; width <= 40; width++)
        {
            Shape planes = Shape.Planes(2, 5, width), rows = new(5, width, 2); // rows go the general way
            PatchGeometry usual = new(planes, 2, 2, 2, 0, 0), general = new(rows, 2, 2, 2, 0, 0);
            using GuardedMemory imageMemory = new(planes.Length), mapsMemory = new(2 * usual.OutputLength), dxMemory = new(planes.Length);
            var image = imageMemory.Random(planes.Length, width);
            for (int i = 0; i < image.Length; i++) image[i] = MathF.Round(3 * image[i]); // many ties
            float[] interleaved = Interleave(image, 2), expected = new float[2 * usual.OutputLength], dy = Values.Random(expected.Length, width), dxExpected = new float[image.Length];
            var maps = mapsMemory.Last(expected.Length);
            var dx = dxMemory.Last(image.Length);
            dx.Clear();
            Kernels.MaxPool(usual, image, maps);
            Kernels.MaxPoolGradient(usual, image, maps, dy, dx);
            Kernels.MaxPool(general, interleaved, expected);
            Kernels.MaxPoolGradient(general, interleaved, expected, Interleave(dy, 2), dxExpected);
            Values.AssertSameBits(expected, Interleave(maps, 2), $"{width} columns");
            Values.AssertSameBits(dxExpected, Interleave(dx, 2), $"{width} columns, gradient");
        }
    }

    static float[] Interleave(ReadOnlySpan<float> planes, int channels)
    {
        var values = new float[planes.Length];
        int positions = planes.Length / channels;
        for (int i = 0; i < values.Length; i++) values[i % positions * channels + i / positions] = planes[i];
        return values;
    }
}
