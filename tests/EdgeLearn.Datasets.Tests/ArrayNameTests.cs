using EdgeLearn.Datasets;
using Xunit;

namespace EdgeLearn.Tests;

public class ArrayNameTests
{
    static readonly byte[] s_inputs = ArrayBytes.Npy("<f4", "(4, 2)", 0, 1, 2, 3, 4, 5, 6, 7);
    static readonly byte[] s_labels = ArrayBytes.Npy("<i8", "(4,)", 0, 1, 2, 1);
    static readonly byte[] s_fewInputs = ArrayBytes.Npy("<f8", "(2, 2)", 8, 9, 10, 11);
    static readonly byte[] s_fewLabels = ArrayBytes.Npy("|u1", "(2,)", 3, 0);

    [Theory]
    [InlineData("X_train", "y_train", "X_test", "y_test")]
    [InlineData("x_train", "y_train", "x_test", "y_test")]
    [InlineData("train_x", "train_y", "test_x", "test_y")]
    [InlineData("train_X", "train_y", "test_X", "test_y")]
    [InlineData("X", "y", "X_test", "y_test")]
    [InlineData("X_train", "Y_train", "Xtest", "Ytest")]
    [InlineData("XTrain", "YTrain", "testX", "testY")]
    [InlineData("xtrain", "ytrain", "xtest", "ytest")]
    [InlineData("train_data", "train_labels", "test_data", "test_labels")]
    [InlineData("trainData", "trainTargets", "testData", "testTargets")]
    [InlineData("inputs-train", "targets-train", "inputs-test", "targets-test")]
    [InlineData("iris.training.x", "iris.training.y", "iris.testing.x", "iris.testing.y")]
    [InlineData("features_train", "labels_train", "features_test", "labels_test")]
    [InlineData("data", "label", "test-data", "test-label")]
    [InlineData("X_train", "train_labels", "test_inputs", "y_test")]
    public void Names_of_NumPy_users_are_read(string inputs, string labels, string testInputs, string testLabels)
    {
        using var folder = new TemporaryFolder();
        folder.Write(inputs + ".npy", s_inputs);
        folder.Write(labels + ".npy.gz", ArrayBytes.Gzip(s_labels));
        folder.Write("X_val.npy", s_fewInputs);
        folder.Write("y_val.npy", s_fewLabels);
        folder.Write("mean.npy", s_fewLabels);
        using (var whole = Open(folder.Path)) Assert.Equal((4, 3), (whole.Train.Count + whole.Test.Count, whole.ClassCount));
        folder.Write(testInputs + ".npy", s_fewInputs);
        folder.Write(testLabels + ".npy", s_fewLabels);
        using var split = Open(folder.Path);
        Assert.Equal((4, 2, 4, false), (split.Train.Count, split.Test.Count, split.ClassCount, split.IsSequence));
        Assert.Equal([0, 1, 2, 1], split.Train.Labels());
        Assert.Equal([3, 0], split.Test.Labels());
    }

    [Theory]
    [InlineData("X_train", "x_train", "y_train", "X_train.npy and x_train.npy")]
    [InlineData("X_train", "train_data", "y_train", "X_train.npy and train_data.npy")]
    [InlineData("train-features", "X_train", "y_train", "X_train.npy and train-features.npy")]
    [InlineData("X_train", "y_train", "train_targets", "train_targets.npy and y_train.npy")]
    public void Two_files_of_one_role_are_refused_with_both_names(string first, string second, string third, string names)
    {
        using var folder = new TemporaryFolder();
        foreach (string name in (string[])[first, second, third]) folder.Write(name + ".npy", s_inputs);
        Assert.Contains($"has {names}; expected one of them", Message(folder.Path));
    }

    [Fact]
    public void Half_a_pair_is_refused_and_other_files_have_no_such_names()
    {
        using var folder = new TemporaryFolder();
        folder.Write("x_y.data", s_inputs);
        folder.Write("train_words.npy", s_inputs);
        Assert.Contains("no X_train.npy and y_train.npy", Message(folder.Path));
        folder.Write("X_train.npy", s_inputs);
        Assert.Contains("has X_train.npy without its labels", Message(folder.Path));
        File.Delete(folder["X_train.npy"]);
        folder.Write("y_train.npy", s_labels);
        Assert.Contains("has y_train.npy without its inputs", Message(folder.Path));
    }

    [Theory]
    [InlineData("X_train.npy", "y_train.npy")]
    [InlineData("trainX.npy", "train_labels.npy")]
    [InlineData("my-data.npy", "my-targets.npy.gz")]
    [InlineData("train-features.npy", "y_train.npy")]
    public void A_file_of_inputs_finds_the_labels_of_its_set(string inputs, string labels)
    {
        using var folder = new TemporaryFolder();
        string path = folder.Write(inputs, s_inputs);
        folder.Write("y_test.npy", s_fewLabels);
        folder.Write("labels-idx1-ubyte", s_fewLabels);
        Assert.Contains("no labels beside it", Message(path));
        string beside = folder.Write(labels, labels.EndsWith(".gz", StringComparison.Ordinal) ? ArrayBytes.Gzip(s_labels) : s_labels);
        using var split = Open(path);
        Assert.Equal(4, split.Train.Count + split.Test.Count);
        Assert.Contains("labels, not inputs", Message(beside));
    }

    [Fact]
    public void Groups_are_no_second_inputs()
    {
        using var folder = new TemporaryFolder();
        folder.Write("X_train.npy", s_inputs);
        folder.Write("y_train.npy", s_labels);
        folder.Write("train_data_subjects.npy", ArrayBytes.NpyTexts("<U5", "(4,)", "zoe", "al", "zoe", "al"));
        folder.Write("X_test.npy", s_fewInputs);
        folder.Write("y_test.npy", s_fewLabels);
        using var split = Open(folder.Path, new DataOptions { GroupColumn = "subjects" });
        Assert.Equal([1, 0, 1, 0], split.TrainGroups!);
        folder.Write("train_data_subjects.npy", ArrayBytes.Npy("<i4", "(4,)", -7, 3, -7, 5));
        using var negative = Open(folder.Path, new DataOptions { GroupColumn = "subjects" });
        Assert.Equal([0, 1, 0, 2], negative.TrainGroups!);
    }

    static DataSplit Open(string path, DataOptions? options = null)
    {
        using var cache = new TemporaryFolder();
        return DataCatalog.Open(path, (options ?? new DataOptions()) with { CacheFolder = cache.Path });
    }

    static string Message(string path) => Assert.Throws<EdgeLearnException>(() => Open(path)).Message;
}
