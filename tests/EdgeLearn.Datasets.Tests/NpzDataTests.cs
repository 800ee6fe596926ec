using EdgeLearn.Datasets;
using Xunit;

namespace EdgeLearn.Tests;

public sealed class NpzDataTests : IDisposable
{
    static readonly byte[] s_inputs = ArrayBytes.Npy("|u1", "(4, 2, 2)", [.. Enumerable.Range(0, 16).Select(i => (double)i)]);
    static readonly byte[] s_labels = ArrayBytes.Npy("|u1", "(4,)", 0, 1, 2, 1);
    static readonly byte[] s_fewInputs = ArrayBytes.Npy("|u1", "(2, 2, 2)", 9, 8, 7, 6, 5, 4, 3, 2);
    static readonly byte[] s_fewLabels = ArrayBytes.Npy("|u1", "(2,)", 3, 0);

    readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Arrays_with_the_names_of_Keras_are_read(bool compressed)
    {
        Directory.CreateDirectory(_folder["set"]);
        string path = _folder.Write("set/mnist.npz", ArrayBytes.Zip(compressed, ("x_test.npy", s_fewInputs), ("x_train.npy", s_inputs),
            ("y_train.npy", s_labels), ("y_test.npy", s_fewLabels), ("meta.npy", [1, 2, 3])));
        _folder.Write("set/README.md", [1]);
        foreach (string data in (string[])[path, _folder["set"], path])
        {
            using var split = Open(data);
            Assert.Equal((4, 2, 4, new Shape(2, 2), false),
                (split.Train.Count, split.Test.Count, split.ClassCount, split.InputShape, split.IsSequence));
            Assert.Equal((Path.GetFileName(data), data), (split.Name, split.Source));
            Assert.Equal([0, 1, 2, 1], split.Train.Labels());
            Assert.Equal([3, 0], split.Test.Labels());
            float[] row = new float[4];
            split.Train.ReadInput(2, row);
            Assert.Equal([8f, 9, 10, 11], row);
            split.Test.ReadInput(1, row);
            Assert.Equal([5f, 4, 3, 2], row);
        }
    }

    [Fact]
    public void Groups_and_names_of_classes_go_with_them()
    {
        string path = _folder.Write("d.npz", ArrayBytes.Zip(true, ("X.npy", s_inputs), ("y.npy", s_labels),
            ("subjects.npy", ArrayBytes.NpyTexts("<U3", "(4,)", "bo", "al", "bo", "cy")), ("X_test.npy", s_fewInputs),
            ("y_test.npy", s_fewLabels)));
        using (var split = Open(path, new DataOptions { GroupColumn = "subjects" })) Assert.Equal([1, 0, 1, 2], split.TrainGroups!);
        File.WriteAllText(_folder["classes.txt"], "a\nb\nc\nd\n");
        using (var split = Open(_folder.Path)) Assert.Equal(["a", "b", "c", "d"], split.ClassNames);
    }

    [Fact]
    public void What_does_not_fit_is_refused_in_one_line()
    {
        string path = _folder.Write("a.npz", ArrayBytes.Zip(false, ("arr_0.npy", s_inputs), ("arr_1.npy", s_labels)));
        Assert.Contains("a.npz has no arrays x_train and y_train, or x and y; it holds arr_0.npy, arr_1.npy", Message(path));
        Assert.Contains("a.npz has no arrays x_train", Message(_folder.Path));
        path = _folder.Write("b.npz", ArrayBytes.Zip(false, ("x_train.npy", s_inputs)));
        Assert.Contains("b.npz has x_train.npy without its labels", Message(path));
        Assert.Contains("has a.npz and b.npz; expected one of them", Message(_folder.Path));
        path = _folder.Write("table.xlsx", ArrayBytes.Zip(true, ("xl/workbook.xml", [1])));
        Assert.Contains("is a workbook: save its sheet as CSV", Message(path));
        path = _folder.Write("table.zip", ArrayBytes.Zip(true, ("xl/workbook.xml", [1])));
        Assert.Contains("it holds no npy", Message(path));
        path = _folder.Write("b.npz", ArrayBytes.Zip(true, ("x.npy", s_inputs), ("y.npy", s_fewLabels)));
        Assert.Contains("x.npy of b.npz has 4 inputs, but there are 2 labels", Message(path));
        path = _folder.Write("b.npz", ArrayBytes.Zip(true, ("x.npy", s_inputs), ("X.npy", s_inputs), ("y.npy", s_labels)));
        Assert.Contains("has X.npy and x.npy; expected one of them", Message(path));
        path = _folder.Write("b.npz.gz", ArrayBytes.Gzip(File.ReadAllBytes(path)));
        Assert.Contains("b.npz.gz is no zip file as it lies there; unpack it first", Message(path));
    }

    DataSplit Open(string path, DataOptions? options = null)
        => DataCatalog.Open(path, (options ?? new DataOptions()) with { CacheFolder = _folder["cache"] });

    string Message(string path)
    {
        string message = Assert.Throws<EdgeLearnException>(() => Open(path)).Message;
        Assert.DoesNotContain('\n', message);
        return message;
    }
}
