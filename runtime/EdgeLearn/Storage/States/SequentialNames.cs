using System.Globalization;

namespace EdgeLearn;

/// <summary>
/// The names of a network's layers as modules of the <c>nn.Sequential</c> that computes the same: activations and flattenings count there.
/// </summary>
static class SequentialNames
{
    /// <summary>The number of each layer's own module.</summary>
    public static int[] Of(NetworkSpec spec)
    {
        var numbers = new int[spec.Layers.Count];
        int next = 0;
        for (int i = 0; i < numbers.Length; i++)
        {
            var layer = spec.Layers[i];
            // A dense layer reads whatever comes in as one vector; nn.Linear needs nn.Flatten before it.
            if (layer is DenseSpec && spec.InputOf(i).Rank > 1) next++;
            numbers[i] = next++;
            if (layer is IWeightedSpec { Activation: not Activation.Identity }) next++;
            if (layer is GlobalPoolSpec && spec.InputOf(i).Rank == 3) next++; // nn.AdaptiveAvgPool2d(1), nn.Flatten
        }

        return numbers;
    }

    /// <summary>A tensor's name there: <c>layers.2.weight</c> is <c>4.weight</c> where layers 0 and 1 make four modules.</summary>
    public static string Rename(string name, int[] numbers)
    {
        string[] parts = name.Split('.', 3);
        return string.Create(CultureInfo.InvariantCulture, $"{numbers[int.Parse(parts[1], CultureInfo.InvariantCulture)]}.{parts[2]}");
    }
}
