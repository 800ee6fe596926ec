using Xunit;

namespace EdgeLearn.Tests;

/// <summary>The library example of README.md: compiled, run, and compared with the text.</summary>
public sealed class ReadmeExampleTests
{
    [Fact]
    public void The_library_example_learns_and_saves_its_model()
    {
        var (inputs, labels) = Stripes();
        try
        {
            Assert.True(Example(inputs, labels) > 0.9);
            using var saved = ModelFile.Load("model.safetensors");
            Assert.Equal("8x8-200@4x4-10", saved.Network.Spec.ToString());
        }
        finally
        {
            File.Delete("model.safetensors");
        }
    }

    static double Example(float[] inputs, int[] labels)
    {
        // README begins
        using var data = new MemoryDataset(inputs, labels, new Shape(8, 8));
        var preparation = Preparation.Standardise(data, perFeature: false);
        using var network = new Network(NetworkSpec.Parse("8x8-200@4x4-10", data.InputShape, Loss.SoftmaxCrossEntropy)).Initialise(seed: 1);
        var settings = new TrainingSettings { Rule = new TargetProjectionSettings(), Update = new SignSgdSettings(), Epochs = 10,
            Batch = 16 };
        using var session = new TrainingSession(network, settings, data, preparation, memoryLimitBytes: 200_000);
        while (!session.IsDone && !session.Step().Diverged)
        {
        }

        Console.WriteLine(session.Evaluate(data).Accuracy);
        ModelFile.Save("model.safetensors", new Model(network, preparation));
        // README ends
        return session.Evaluate(data).Accuracy;
    }

    [Fact]
    public void The_readme_shows_the_code_that_is_tested()
    {
        string root = AppContext.BaseDirectory;
        while (!File.Exists(Path.Combine(root, "EdgeLearn.sln")))
            root = Path.GetDirectoryName(root) ?? throw new DirectoryNotFoundException("no EdgeLearn.sln above the tests");
        string source = File.ReadAllText(Path.Combine(root, "tests", "EdgeLearn.Tests", "ReadmeExampleTests.cs"));
        string code = Between(source, "// README begins\n", "        // README ends")
            .Replace("\n        ", "\n", StringComparison.Ordinal)[8..];
        string shown = Between(File.ReadAllText(Path.Combine(root, "README.md")), "```csharp\n", "```");
        Assert.Equal(shown.TrimEnd(), code.TrimEnd());
    }

    static string Between(string text, string begin, string end)
    {
        int start = text.IndexOf(begin, StringComparison.Ordinal) + begin.Length;
        return text[start..text.IndexOf(end, start, StringComparison.Ordinal)];
    }

    // Ten classes: a bright stripe in one of ten places, and noise.
    static (float[] Inputs, int[] Labels) Stripes()
    {
        var inputs = new float[400 * 64];
        var labels = new int[400];
        for (int i = 0; i < labels.Length; i++)
        {
            labels[i] = i % 10;
            for (int p = 0; p < 64; p++)
            {
                bool lit = labels[i] < 8 ? p / 8 == labels[i] : p % 8 == labels[i] - 6;
                inputs[i * 64 + p] = (lit ? 1 : 0) + 0.3f * Noise.GaussianAt(9, i * 64L + p);
            }
        }

        return (inputs, labels);
    }
}
