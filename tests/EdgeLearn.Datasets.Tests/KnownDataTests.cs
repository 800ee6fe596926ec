using EdgeLearn.Datasets;
using Xunit;

namespace EdgeLearn.Tests;

/// <summary>All tests that read or set the environment, so that they run one after another.</summary>
public sealed class KnownDataTests : IDisposable
{
    readonly TemporaryFolder _folder = new();
    readonly string? _dataBefore = Environment.GetEnvironmentVariable("EDGELEARN_DATA");
    readonly string? _rootBefore = Environment.GetEnvironmentVariable("EDGELEARN_ROOT");

    public void Dispose()
    {
        Environment.SetEnvironmentVariable("EDGELEARN_DATA", _dataBefore);
        Environment.SetEnvironmentVariable("EDGELEARN_ROOT", _rootBefore);
        _folder.Dispose();
    }

    [Fact]
    public void The_digits_come_with_the_repository()
    {
        Environment.SetEnvironmentVariable("EDGELEARN_DATA", null);
        using var split = DataCatalog.Open("digits", new DataOptions { CacheFolder = _folder["cache"] });
        Assert.Equal((3823, 1797, 10, new Shape(8, 8)), (split.Train.Count, split.Test.Count, split.ClassCount, split.InputShape));

        // The counts of classes that scikit-learn's load_digits, the same 1,797 rows, documents.
        int[] labels = split.Test.Labels();
        Assert.Equal([178, 182, 177, 183, 181, 182, 181, 179, 174, 180], Enumerable.Range(0, 10).Select(c => labels.Count(l => l == c)));

        // load_digits().data[0]
        float[] row = new float[64];
        split.Test.ReadInput(0, row);
        Assert.Equal([0, 0, 5, 13, 9, 1, 0, 0, 0, 0, 13, 15, 10, 15, 5, 0], row[..16]);
        Assert.Equal(16, Preparation.ScaleByMaximum(split.Train).Scale[0] * 256);
    }

    [Fact]
    public void A_known_name_is_looked_for_in_the_named_folder_first_and_last_in_the_cache()
    {
        Environment.SetEnvironmentVariable("EDGELEARN_DATA", "/there");
        Environment.SetEnvironmentVariable("EDGELEARN_ROOT", _folder.Path);
        string[] places = [.. DataCatalog.Places("/cache")];
        string beside = Path.Combine(Path.GetDirectoryName(_folder.Path)!, "shared", "data");
        Assert.Equal(["/there", Path.GetFullPath("data"), _folder["data"], beside, Path.Combine("/cache", "data")], places);
    }

    [Fact]
    public void Mnist_is_read_where_the_environment_says()
    {
        Directory.CreateDirectory(_folder["mnist"]);
        _folder.Write("mnist/train-images-idx3-ubyte", ArrayBytes.Idx(8, [2, 28, 28], new double[2 * 784]));
        _folder.Write("mnist/train-labels-idx1-ubyte", ArrayBytes.Idx(8, [2], 0, 9));
        _folder.Write("mnist/t10k-images-idx3-ubyte", ArrayBytes.Idx(8, [1, 28, 28], new double[784]));
        _folder.Write("mnist/t10k-labels-idx1-ubyte", ArrayBytes.Idx(8, [1], 4));
        Environment.SetEnvironmentVariable("EDGELEARN_DATA", _folder.Path);
        using var split = DataCatalog.Open("mnist", new DataOptions { CacheFolder = _folder["cache"], AllowDownload = false });
        Assert.Equal(("mnist", 2, 1, 10, _folder["mnist"]),
            (split.Name, split.Train.Count, split.Test.Count, split.ClassCount, split.Source));
    }

    [Fact]
    public void Windows_are_cut_from_the_series_of_one_load_and_tested_on_another()
    {
        string data = Directory.CreateDirectory(_folder["bearing-cwru"]).FullName;
        File.WriteAllText(
            Path.Combine(data, "index.csv"),
            "file,condition,load_hp,sample_rate,scale_g_per_lsb\nb.idx,inner,0,12k,0.5\n"
                + "a.idx,ball,0,12k,2\nc.idx,ball,3,12k,1\nd.idx,ball,0,48k,1\n");
        // 10 stretches of 2,100 values: windows of 1024 begin at 0, 512 and 1024 of each, those to test with at 0 and 1024.
        double[] ramp = [.. Enumerable.Range(0, 21_000).Select(i => (double)i)];
        foreach (string file in (string[])["a.idx", "b.idx", "c.idx"])
            _folder.Write("bearing-cwru/" + file, ArrayBytes.Idx(11, [21_000], ramp));
        Environment.SetEnvironmentVariable("EDGELEARN_DATA", _folder.Path);
        for (int opening = 0; opening < 2; opening++)
        {
            using var split = DataCatalog.Open("bearing-cwru", new DataOptions { CacheFolder = _folder["cache"] });
            Assert.Equal((2 * 10 * 3, 10 * 2, new Shape(1024, 1), true),
                (split.Train.Count, split.Test.Count, split.InputShape, split.IsSequence));
            Assert.Equal(["ball", "inner"], split.ClassNames);
            float[] window = new float[1024];
            split.Train.ReadInput(4, window);
            Assert.Equal((0, 2 * (2100 + 512f), 2 * (2100 + 512f + 1023)), (split.Train.Label(4), window[0], window[1023]));
            split.Train.ReadInput(30 + 4, window);
            Assert.Equal((1, 0.5f * (2100 + 512)), (split.Train.Label(30 + 4), window[0]));
            split.Test.ReadInput(1, window);
            Assert.Equal((0, 1024), (split.Test.Label(1), window[0]));

            // Two of the ten stretches are held back whole, of every series.
            var held = split.HoldOut(0.2, seed: 1);
            Assert.Equal((48, 12), (held.Train.Count, held.Validation!.Count));
            int[] stretches = [.. Enumerable.Range(0, 12).Select(i => held.Validation.SourceRow(i) % 30 / 3)];
            Assert.Equal(2, stretches.Distinct().Count());
        }

        File.WriteAllText(Path.Combine(data, "index.csv"),
            "file,condition,load_hp,sample_rate,scale_g_per_lsb\nb.idx,inner,0,12k,0.5\na.idx,ball,0,12k,x\n");
        Assert.Contains("the scale of a.idx is 'x'",
            Assert.Throws<EdgeLearnException>(() =>
            DataCatalog.Open("bearing-cwru", new DataOptions { CacheFolder = _folder["cache"] })).Message);
    }

    [Theory]
    [InlineData("cifar10")]
    [InlineData("har-hapt")]
    [InlineData("kws-mfcc")]
    [InlineData("bearing-cwru")]
    public void A_set_that_is_only_read_where_it_lies_is_one_clear_line_where_it_does_not(string name)
    {
        Environment.SetEnvironmentVariable("EDGELEARN_DATA", null);
        Environment.SetEnvironmentVariable("EDGELEARN_ROOT", _folder.Path);
        string message =
            Assert.Throws<EdgeLearnException>(() => DataCatalog.Open(name, new DataOptions { CacheFolder = _folder["cache"] })).Message;
        Assert.Contains($"{name} is not on this machine; set EDGELEARN_DATA to the folder that has", message);
        Assert.DoesNotContain('\n', message);
    }

    [Fact]
    public void A_name_that_is_nothing_is_refused_with_the_names_that_are()
    {
        var error = Assert.Throws<EdgeLearnException>(() => DataCatalog.Open(_folder["mnits"]));
        Assert.Contains("mnits", error.Message);
        Assert.Contains("mnist, fashion-mnist, digits, cifar10, har-hapt, kws-mfcc, bearing-cwru", error.Message);
    }

    [Fact]
    public void What_is_not_here_and_may_not_be_downloaded_is_one_line()
    {
        Environment.SetEnvironmentVariable("EDGELEARN_DATA", null);
        Environment.SetEnvironmentVariable("EDGELEARN_ROOT", _folder.Path);
        var error = Assert.Throws<EdgeLearnException>(
            () => DataCatalog.Open("fashion-mnist", new DataOptions { CacheFolder = _folder["cache"], AllowDownload = false }));
        Assert.Contains("set EDGELEARN_DATA", error.Message);
        Assert.DoesNotContain('\n', error.Message);
    }

    [Fact]
    public void Every_published_file_has_a_length_and_a_digest()
    {
        foreach (var file in KnownData.All.SelectMany(known => known.Files))
        {
            Assert.Matches("^[0-9a-f]{64}$", file.Sha256);
            Assert.InRange(file.Bytes, 1000, 100_000_000);
        }
    }
}
