using System.Globalization;
using System.IO.Compression;

namespace EdgeLearn.Tests;

/// <summary>The optical digits of the repository, scaled to [-1, 1]: 64 values a sample, 10 classes.</summary>
sealed class Digits
{
    static readonly Lazy<(Digits Train, Digits Test)> s_sets = new(() => (new Digits("train"), new Digits("test")));

    Digits(string part)
    {
        string folder = AppContext.BaseDirectory;
        while (!File.Exists(Path.Combine(folder, "EdgeLearn.sln")))
            folder = Path.GetDirectoryName(folder) ?? throw new InvalidOperationException("the tests do not stand in the repository");
        using var file = File.OpenRead(Path.Combine(folder, "data", "uci-optdigits", part + ".csv.gz"));
        using var reader = new StreamReader(new GZipStream(file, CompressionMode.Decompress));
        reader.ReadLine();
        List<float> inputs = [];
        List<int> labels = [];
        while (reader.ReadLine() is { } line)
        {
            string[] cells = line.Split(',');
            foreach (string cell in cells[..64]) inputs.Add(float.Parse(cell, CultureInfo.InvariantCulture) / 8 - 1);
            labels.Add(int.Parse(cells[64], CultureInfo.InvariantCulture));
        }

        (Inputs, Labels) = ([.. inputs], [.. labels]);
    }

    public static Digits Train => s_sets.Value.Train;

    public static Digits Test => s_sets.Value.Test;

    public float[] Inputs { get; }

    public int[] Labels { get; }

    public int Count => Labels.Length;

    public Batch Rows(int from, int count) => new(count, Inputs.AsSpan(from * 64, count * 64), Labels.AsSpan(from, count));

    /// <summary>Copies chosen samples side by side.</summary>
    public Batch Gather(ReadOnlySpan<int> chosen, float[] inputs, int[] labels)
    {
        for (int i = 0; i < chosen.Length; i++)
        {
            Inputs.AsSpan(chosen[i] * 64, 64).CopyTo(inputs.AsSpan(i * 64));
            labels[i] = Labels[chosen[i]];
        }

        return new Batch(chosen.Length, inputs.AsSpan(0, chosen.Length * 64), labels.AsSpan(0, chosen.Length));
    }
}
