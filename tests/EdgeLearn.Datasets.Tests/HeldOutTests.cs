using EdgeLearn.Datasets;
using Xunit;

namespace EdgeLearn.Tests;

public class HeldOutTests
{
    [Fact]
    public void Single_samples_are_held_back_where_no_groups_are_known()
    {
        using var folder = new TemporaryFolder();
        using var whole = Windows(folder, subjects: null);
        var split = whole.HoldOut(0.25, seed: 3);
        Assert.Equal((30, 10, whole.Test), (split.Train.Count, split.Validation!.Count, split.Test));
        Assert.Equal(Enumerable.Range(0, 40), Rows(split.Train).Concat(Rows(split.Validation)).Order());
        Assert.Equal(Rows(split.Validation), Rows(whole.HoldOut(0.25, seed: 3).Validation!));
        Assert.NotEqual(Rows(split.Validation), Rows(whole.HoldOut(0.25, seed: 4).Validation!));
    }

    [Theory]
    [InlineData("train-subjects-idx1-ubyte", null)]
    [InlineData("train-machines-idx1-ubyte", "machines")]
    public void The_samples_of_a_subject_stay_together(string file, string? named)
    {
        using var folder = new TemporaryFolder();
        using var whole = Windows(folder, file, named);
        Assert.Equal(named is null, whole.TrainGroups is null);
        for (ulong seed = 0; seed < 5; seed++)
        {
            var split = whole.HoldOut(0.25, seed);
            Assert.Equal(10, split.Validation!.Count);
            Assert.Empty(Rows(split.Train).Select(row => row % 8).Intersect(Rows(split.Validation).Select(row => row % 8)));
            Assert.Equal(named is null ? null : 30, split.TrainGroups?.Length);
        }
    }

    [Fact]
    public void Windows_are_sequences_and_standardised_by_feature()
    {
        using var folder = new TemporaryFolder();
        using var whole = Windows(folder, subjects: null);
        Assert.True(whole.IsSequence);
        Assert.Equal(2, whole.Standardise(NetworkSpec.Parse("3x2-4-2", null, Loss.SoftmaxCrossEntropy)).Shift.Length);
        Assert.Equal(6, whole.Standardise(NetworkSpec.Parse("6-4-2", null, Loss.SoftmaxCrossEntropy)).Shift.Length);
    }

    [Fact]
    public void Every_sample_is_tested_in_one_fold()
    {
        using var folder = new TemporaryFolder();
        folder.Write("features.npy", ArrayBytes.Npy("<f4", "(23, 3)", new double[69]));
        folder.Write("labels.npy", ArrayBytes.Npy("<i8", "(23,)", [.. Enumerable.Range(0, 23).Select(i => (double)(i % 2))]));
        var tested = new List<int>();
        for (int part = 1; part <= 5; part++)
        {
            using var split = Open(folder, new DataOptions { Fold = (part, 5) });
            tested.AddRange(Rows(split.Test));
            Assert.Equal(23, split.Train.Count + split.Test.Count);
        }

        Assert.Equal(Enumerable.Range(0, 23), tested.Order());
        Assert.Contains("fold 6/5", Assert.Throws<EdgeLearnException>(() => Open(folder, new DataOptions { Fold = (6, 5) })).Message);
        Assert.Contains("23 samples cannot be divided into 24 folds",
            Assert.Throws<EdgeLearnException>(() => Open(folder, new DataOptions { Fold = (1, 24) })).Message);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(double.NaN)]
    public void A_senseless_fraction_is_refused(double fraction)
    {
        using var folder = new TemporaryFolder();
        using var whole = Windows(folder, subjects: null);
        Assert.Contains("validation fraction", Assert.Throws<EdgeLearnException>(() => whole.HoldOut(fraction, seed: 0)).Message);
    }

    [Fact]
    public void Groups_that_do_not_fit_are_one_clear_line()
    {
        using var folder = new TemporaryFolder();
        folder.Write("train-users", ArrayBytes.Idx(8, [3], 0, 1, 2));
        using (var whole = Windows(folder, subjects: null))
            Assert.Contains("has 3 groups", Assert.Throws<EdgeLearnException>(() => whole.HoldOut(0.2, 0)).Message);
        folder.Write("train-users", ArrayBytes.Idx(8, [40], new double[40]));
        using (var whole = Windows(folder, subjects: null))
            Assert.Contains("only one group", Assert.Throws<EdgeLearnException>(() => whole.HoldOut(0.2, 0)).Message);
    }

    // 40 windows of 8 subjects in turn.
    static DataSplit Windows(TemporaryFolder folder, string? subjects, string? named = null)
    {
        folder.Write("train-windows", ArrayBytes.Idx(11, [40, 3, 2], [.. Enumerable.Range(0, 240).Select(i => (double)i)]));
        folder.Write("train-labels", ArrayBytes.Idx(8, [40], [.. Enumerable.Range(0, 40).Select(i => (double)(i % 2))]));
        folder.Write("test-windows", ArrayBytes.Idx(11, [2, 3, 2], new double[12]));
        folder.Write("test-labels", ArrayBytes.Idx(8, [2], 0, 1));
        if (subjects is not null)
            folder.Write(subjects, ArrayBytes.Idx(8, [40], [.. Enumerable.Range(0, 40).Select(i => (double)(i % 8))]));
        return Open(folder, new DataOptions { GroupColumn = named });
    }

    static int[] Rows(Dataset data) => [.. Enumerable.Range(0, data.Count).Select(data.SourceRow)];

    static DataSplit Open(TemporaryFolder folder, DataOptions options)
    {
        using var cache = new TemporaryFolder();
        return DataCatalog.Open(folder.Path, options with { CacheFolder = cache.Path });
    }
}
