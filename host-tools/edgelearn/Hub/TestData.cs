using EdgeLearn.Commands;
using EdgeLearn.Datasets;
using EdgeLearn.Hub;
using EdgeLearn.Images;

namespace EdgeLearn.Cli;

/// <summary>What <c>serve --test-data</c> names: scores model files, each by the columns and classes that it knows.</summary>
sealed class TestData
{
    readonly string _path;
    readonly Action<string> _say;
    readonly HashSet<string> _said = [];

    /// <summary>Looks at the data.</summary>
    /// <param name="path">a folder, a file or a known name</param>
    /// <param name="say">takes lines for the user</param>
    /// <exception cref="EdgeLearnException">There is no such data.</exception>
    public TestData(string path, Action<string> say)
    {
        (_path, _say) = (path, say);
        using var all = Look();
        (Count, Name) = (all.Test.Count, all.Name);
    }

    // Without a model it is not known whether labels are classes or numbers.
    DataSplit Look()
    {
        try
        {
            return DataCatalog.Open(_path, Options with { CountsOnly = true });
        }
        catch (EdgeLearnException) when (File.Exists(_path) || Directory.Exists(_path))
        {
            return DataCatalog.Open(_path, Options with { Missing = MissingChoice.Mean, NeedsLabels = false, Regression = true });
        }
    }

    /// <summary>Samples to test with.</summary>
    public int Count { get; }

    /// <summary>What the user calls them.</summary>
    public string Name { get; }

    // The published test part where there is one, else everything.
    static DataOptions Options { get; } = new() { TakesWhole = true, Images = new StbImageDecoder() };

    /// <summary>Accuracy and mean loss of a model file.</summary>
    /// <exception cref="EdgeLearnException">The file is no model, or does not fit the data.</exception>
    public ModelTest Score(string path)
    {
        using var model = ModelFile.Load(path);
        using var data = DataCatalog.Open(_path, Options.By(model));
        foreach (string note in data.Notes.Where(_said.Add)) _say(note);
        return new ModelTest(ModelScorer.Score(model, data.Test), model.ClassNames);
    }
}
