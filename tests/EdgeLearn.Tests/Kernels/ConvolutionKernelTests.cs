using Xunit;

namespace EdgeLearn.Tests;

/// <summary>
/// Convolution and pooling on guarded memory against plain loops in double, for every width of a map, so that every register width and
/// every rest is met.
/// </summary>
public class ConvolutionKernelTests
{
    static readonly (int Channels, int Height, int Kernel, int Maps)[] s_sizes = [(1, 3, 1, 1), (2, 5, 3, 4), (3, 4, 2, 8), (1, 6, 5, 13),
        (2, 3, 3, 17)];

    [Fact]
    public void Maps_equal_the_double_sums_at_every_width()
    {
        for (int width = 1; width <= 70; width++)
        {
            var (channels, height, kernel, maps) = s_sizes[width % s_sizes.Length];
            int columns = width + kernel - 1, plane = (height + kernel - 1) * columns, fan = channels * kernel * kernel,
                positions = height * width;
            using GuardedMemory planesMemory = new(channels * plane), weightsMemory = new(maps * fan), biasMemory = new(maps),
                targetMemory = new(maps * positions);
            var planes = planesMemory.Random(channels * plane, width);
            var w = weightsMemory.Random(maps * fan, width + 1);
            var bias = biasMemory.Random(maps, width + 2);
            var target = targetMemory.Last(maps * positions);
            target.Fill(float.NaN);
            new DirectConvolution(channels, plane, columns, kernel, kernel, height, width).Forward(w, bias, planes, target);
            for (int i = 0; i < target.Length; i++)
            {
                int o = i / positions, p = i % positions;
                double sum = bias[o], magnitude = Math.Abs(sum);
                for (int k = 0; k < fan; k++)
                {
                    double term = (double)w[o * fan + k]
                        * planes[k / (kernel * kernel) * plane + (p / width + k / kernel % kernel) * columns + p % width + k % kernel];
                    sum += term;
                    magnitude += Math.Abs(term);
                }

                Values.AssertSum(sum, magnitude, fan + 1, target[i], () => $"{width} columns, map {o}, position {p}");
            }
        }
    }

    // In the order that is written down, so that no width of a register may change a bit.
    [Fact]
    public void Weight_gradients_are_summed_in_the_order_of_positions_at_every_width()
    {
        for (int width = 1; width <= 70; width++)
        {
            var (channels, height, kernel, outputs) = s_sizes[width % s_sizes.Length];
            int columns = width + kernel - 1, plane = (height + kernel - 1) * columns, fan = channels * kernel * kernel,
                positions = height * width, maps = DirectConvolution.PaddedMaps(outputs);
            using GuardedMemory imagesMemory = new(channels * plane), dzMemory = new(positions * maps), sumsMemory = new(fan * maps);
            var image = imagesMemory.Random(channels * plane, width);
            var dz = dzMemory.Random(positions * maps, width + 1);
            var sums = sumsMemory.Last(fan * maps);
            sums.Fill(0.5f);
            new DirectConvolution(channels, plane, columns, kernel, kernel, height, width).AddWeightGradient(image, maps, dz, sums);
            for (int i = 0; i < sums.Length; i++)
            {
                int k = i / maps, o = i % maps;
                float exact = 0;
                double sum = 0.5, magnitude = 0.5;
                for (int p = 0; p < positions; p++)
                {
                    float g = dz[p * maps + o],
                        value = image[k / (kernel * kernel) * plane + (p / width + k / kernel % kernel) * columns + p % width + k % kernel];
                    exact = MathF.FusedMultiplyAdd(value, g, exact);
                    sum += (double)g * value;
                    magnitude += Math.Abs((double)g * value);
                }

                Values.AssertSum(sum, magnitude, positions + 1, sums[i], () => $"{width} columns, map {o}, weight {k}");
                if (Values.IsFused) Assert.Equal(exact + 0.5f, sums[i]);
            }
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void Input_gradients_equal_the_double_sums_at_every_width(int samples)
    {
        for (int width = 1; width <= 70; width++)
        {
            var (maps, height, kernel, channels) = s_sizes[width % s_sizes.Length];
            int columns = width + kernel - 1, plane = (height + kernel - 1) * columns, fan = channels * kernel * kernel,
                positions = height * width;
            int dzBelow = (samples - 1) * (maps * positions + 3), planesBelow = (samples - 1) * (channels * plane + 5);
            using GuardedMemory weightsMemory = new(maps * fan), dzMemory = new(dzBelow + maps * positions),
                planesMemory = new(planesBelow + channels * plane);
            var w = weightsMemory.Random(maps * fan, width);
            var dz = dzMemory.Random(dzBelow + maps * positions, width + 1);
            var planes = planesMemory.Last(planesBelow + channels * plane);
            planes.Fill(0.5f);
            new DirectConvolution(channels, plane, columns, kernel, kernel, height, width).AddInputGradient(w, dz, dzBelow, planes,
                planesBelow);
            for (int s = 0; s < samples; s++)
            {
                double[] sums = new double[channels * plane], magnitudes = new double[channels * plane];
                for (int i = 0; i < maps * fan; i++)
                {
                    int o = i / fan, k = i % fan, first = k / (kernel * kernel) * plane + k / kernel % kernel * columns + k % kernel;
                    for (int p = 0; p < positions; p++)
                    {
                        double term = (double)w[i] * dz[s * dzBelow + o * positions + p];
                        sums[first + p / width * columns + p % width] += term;
                        magnitudes[first + p / width * columns + p % width] += Math.Abs(term);
                    }
                }

                for (int i = 0; i < sums.Length; i++)
                {
                    Values.AssertSum(0.5 + sums[i], 0.5 + magnitudes[i], maps * kernel * kernel + 1, planes[s * planesBelow + i],
                        () => $"{width} columns, sample {s}, value {i}");
                }
            }
        }
    }

    [Fact]
    public void Row_sums_are_taken_in_sixteen_parts_at_every_length()
    {
        for (int length = 0; length <= 257; length++)
        {
            using GuardedMemory memory = new(2 * length);
            var values = memory.Random(2 * length, length);
            float[] sums = [0.5f, -0.5f];
            Kernels.AddRowSums(values, sums);
            for (int r = 0; r < 2; r++)
            {
                float[] parts = new float[16];
                int whole = length / 16 * 16;
                for (int i = 0; i < whole; i++) parts[i % 16] += values[r * length + i];
                for (int half = 8; half > 0; half /= 2)
                {
                    for (int i = 0; i < half; i++) parts[i] += parts[i + half];
                }

                float expected = parts[0];
                for (int i = whole; i < length; i++) expected += values[r * length + i];
                Assert.Equal((r == 0 ? 0.5f : -0.5f) + expected, sums[r]);
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
                int[] counts = new int[shape.Length];
                for (int i = 0; i < columns.Length; i++)
                {
                    int k = i / windows, p = i % windows, c = k / geometry.KernelLength;
                    int y = p / geometry.OutputWidth * stride + k / kernel % geometry.KernelHeight - padding,
                        x = p % geometry.OutputWidth * stride + k % kernel - padding;
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
            float[] interleaved = Interleave(image, 2), expected = new float[2 * usual.OutputLength],
                dy = Values.Random(expected.Length, width), dxExpected = new float[image.Length];
            var maps = mapsMemory.Last(expected.Length);
            var dx = dxMemory.Last(image.Length);
            dx.Fill(float.NaN);
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
        float[] values = new float[planes.Length];
        int positions = planes.Length / channels;
        for (int i = 0; i < values.Length; i++) values[i % positions * channels + i / positions] = planes[i];
        return values;
    }
}
