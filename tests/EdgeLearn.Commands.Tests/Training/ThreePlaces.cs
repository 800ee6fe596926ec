namespace EdgeLearn.Tests;

/// <summary>8x8 images of three classes: a bright block in a place of the class's own, on noise. Written as IDX, as MNIST is.</summary>
static class ThreePlaces
{
    public const int TrainCount = 300;
    public const int TestCount = 90;

    public static string Write(TemporaryFolder folder)
    {
        string path = Directory.CreateDirectory(folder["places"]).FullName;
        WritePart(path, "train", TrainCount, new Random(1));
        WritePart(path, "test", TestCount, new Random(2));
        return path;
    }

    static void WritePart(string folder, string part, int count, Random random)
    {
        double[] pixels = new double[count * 64];
        double[] labels = new double[count];
        for (int n = 0; n < count; n++)
        {
            int label = n % 3;
            labels[n] = label;
            for (int i = 0; i < 64; i++)
            {
                bool inBlock = (i / 8) / 3 == label && (i % 8) / 3 == label;
                pixels[(n * 64) + i] = random.Next(100) + (inBlock ? 100 : 0);
            }
        }

        File.WriteAllBytes(Path.Combine(folder, $"{part}-images-idx3-ubyte"), ArrayBytes.Idx(8, [count, 8, 8], pixels));
        File.WriteAllBytes(Path.Combine(folder, $"{part}-labels-idx1-ubyte"), ArrayBytes.Idx(8, [count], labels));
    }
}
