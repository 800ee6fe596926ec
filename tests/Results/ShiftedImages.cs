namespace EdgeLearn.Results;

/// <summary>What has changed about images since a network learned them.</summary>
enum ImageShift
{
    /// <summary>Turned by 40 degrees, counter-clockwise.</summary>
    Rotation,

    /// <summary>A Gaussian of 2 pixels' deviation.</summary>
    Blur,

    /// <summary>Gaussian noise of a deviation of 100 on values of 0 to 255, cut off there.</summary>
    Noise,

    /// <summary>255 - x.</summary>
    Inverted,
}

/// <summary>Makes shifted copies of images of one channel with values of 0 to 255, the same on every machine.</summary>
static class ShiftedImages
{
    const double Angle = 40, BlurDeviation = 2, NoiseDeviation = 100;

    /// <summary>A copy of some samples in memory.</summary>
    /// <param name="data">images of one channel</param>
    /// <param name="shift">what happens to them</param>
    /// <param name="isOdd">whether samples with odd indices are taken, or even ones: two sets that share none</param>
    /// <param name="count">samples, spread evenly over them</param>
    public static MemoryDataset Of(Dataset data, ImageShift shift, bool isOdd, int count)
    {
        int height = data.InputShape.Height, width = data.InputShape.Width, length = height * width;
        float[] inputs = new float[count * length];
        int[] labels = new int[count];
        float[] image = new float[length];
        for (int n = 0; n < count; n++)
        {
            int index = 2 * (int)((long)n * (data.Count / 2) / count) + (isOdd ? 1 : 0);
            data.ReadInput(index, image);
            labels[n] = data.Label(index);
            var shifted = inputs.AsSpan(n * length, length);
            switch (shift)
            {
                case ImageShift.Rotation: Rotate(image, height, width, shifted); break;
                case ImageShift.Blur: Blur(image, height, width, shifted); break;
                case ImageShift.Noise: AddNoise(image, Noise.Derive(7, (ulong)index), shifted); break;
                default: for (int i = 0; i < length; i++) shifted[i] = 255 - image[i]; break;
            }
        }

        return new MemoryDataset(inputs, labels, data.InputShape, data.ClassCount);
    }

    // Bilinear, zero outside.
    static void Rotate(ReadOnlySpan<float> image, int height, int width, Span<float> turned)
    {
        double cosine = Math.Cos(Angle * Math.PI / 180), sine = Math.Sin(Angle * Math.PI / 180), centreY = (height - 1) / 2.0,
            centreX = (width - 1) / 2.0;
        for (int r = 0; r < height; r++)
        {
            for (int c = 0; c < width; c++)
            {
                double x = cosine * (c - centreX) - sine * (r - centreY) + centreX,
                    y = sine * (c - centreX) + cosine * (r - centreY) + centreY;
                int left = (int)Math.Floor(x), top = (int)Math.Floor(y);
                double sum = 0;
                for (int corner = 0; corner < 4; corner++)
                {
                    int column = left + corner % 2, row = top + corner / 2;
                    if (row < 0 || row >= height || column < 0 || column >= width) continue;
                    sum += (1 - Math.Abs(x - column)) * (1 - Math.Abs(y - row)) * image[row * width + column];
                }

                turned[r * width + c] = (float)sum;
            }
        }
    }

    static void Blur(ReadOnlySpan<float> image, int height, int width, Span<float> blurred)
    {
        const int Reach = 6;
        Span<double> kernel = stackalloc double[2 * Reach + 1];
        double total = 0;
        for (int i = 0; i < kernel.Length; i++)
            total += kernel[i] = Math.Exp(-(i - Reach) * (i - Reach) / (2 * BlurDeviation * BlurDeviation));
        double[] rows = new double[image.Length];
        for (int pass = 0; pass < 2; pass++)
        {
            for (int r = 0; r < height; r++)
            {
                for (int c = 0; c < width; c++)
                {
                    double sum = 0;
                    for (int i = 0; i < kernel.Length; i++)
                    {
                        int row = pass == 0 ? r : r + i - Reach, column = pass == 0 ? c + i - Reach : c;
                        if (row < 0 || row >= height || column < 0 || column >= width) continue;
                        sum += kernel[i] / total * (pass == 0 ? image[row * width + column] : rows[row * width + column]);
                    }

                    if (pass == 0) rows[r * width + c] = sum;
                    else blurred[r * width + c] = (float)sum;
                }
            }
        }
    }

    // The sum of 12 uniform values less 6 is nearly Gaussian.
    static void AddNoise(ReadOnlySpan<float> image, ulong key, Span<float> noisy)
    {
        for (int i = 0; i < image.Length; i++)
        {
            double sum = -6;
            for (int k = 0; k < 12; k++) sum += Noise.UniformAt(key, i * 12 + k);
            noisy[i] = (float)Math.Clamp(image[i] + NoiseDeviation * sum, 0, 255);
        }
    }
}
