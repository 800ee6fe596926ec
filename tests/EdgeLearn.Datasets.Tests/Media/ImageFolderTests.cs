using EdgeLearn.Datasets;
using Xunit;

namespace EdgeLearn.Tests;

public sealed class ImageFolderTests : IDisposable
{
    readonly TemporaryFolder _folder = new();
    readonly RawImages _images = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Folders_are_classes_in_the_order_of_their_names_and_pixels_are_bytes()
    {
        Write("set/train/dog/1.png", RawImages.Grey(2, 2, 7));
        Write("set/train/cat/2.JPG", RawImages.Grey(2, 2, 200));
        Write("set/train/Zebra/3.bmp", RawImages.Grey(2, 2, 255));
        Write("set/test/dog/a.jpeg", RawImages.Grey(2, 2, 9));
        using var split = Open();
        Assert.Equal(["Zebra", "cat", "dog"], split.ClassNames!);
        Assert.Equal([0, 1, 2], split.Train.Labels());
        Assert.Equal([2], split.Test.Labels());
        Assert.Equal((new Shape(2, 2), 3, false), (split.InputShape, split.ClassCount, split.IsSequence));
        Assert.Equal([200f, 200, 200, 200], Input(split.Train, 1));
        Assert.Equal([9f, 9, 9, 9], Input(split.Test, 0));
        Assert.Equal("images height 2 width 2 channels 1", split.Media);
        Assert.Equal(["images of 2x2 pixels, grey"], split.Notes);
    }

    [Fact]
    public void One_folder_is_split_by_the_fraction()
    {
        for (int i = 0; i < 10; i++) Write($"set/{(i < 5 ? "a" : "b")}/{i}.png", RawImages.Grey(1, 2, (byte)i));
        using var split = Open(new() { TestFraction = 0.4 });
        Assert.Equal((6, 4), (split.Train.Count, split.Test.Count));
        Assert.Equal(Enumerable.Range(0, 10).Select(i => (float)i),
            new[] { split.Train, split.Test }.SelectMany(part => Enumerable.Range(0, part.Count).Select(i => Input(part, i)[0])).Order());
    }

    [Fact]
    public void Images_are_decoded_once_and_again_where_one_has_changed()
    {
        Write("set/a/1.png", RawImages.Grey(2, 2, 1));
        Write("set/b/2.png", RawImages.Grey(2, 2, 2));
        for (int i = 0; i < 2; i++)
        {
            using var split = Open(new() { TakesWhole = true });
            Assert.Equal((2, 1f), (_images.Decoded, Input(split.Train, 0)[0]));
        }

        Write("set/a/1.png", RawImages.Grey(2, 2, 3));
        using var changed = Open(new() { TakesWhole = true });
        Assert.Equal((4, 3f), (_images.Decoded, Input(changed.Train, 0)[0]));
        // In colour they are other inputs.
        using var colour = Open(new() { TakesWhole = true, InputShape = new Shape(1, 1, 3) });
        Assert.Equal([3f, 3, 3], Input(colour.Train, 0));
    }

    [Fact]
    public void Different_sizes_need_the_shape_they_are_scaled_to()
    {
        Write("set/a/1.png", RawImages.Grey(2, 2, 10));
        Write("set/a/2.png", RawImages.Grey(4, 6, 20));
        Write("set/b/3.png", [1, 1, 3, 10, 20, 30]);
        Refuses("has images of different sizes, 1x1 to 4x6 (height x width; a/1.png and a/2.png differ): say with --input-shape");
        using var split = Open(new() { InputShape = new Shape(3, 2, 3), TakesWhole = true });
        Assert.Equal([10f, 20, 30, 10, 20, 30], Input(split.Train, 2)[..6]);
        Assert.Equal(["images of 1x1 to 4x6 pixels, scaled to 3x2, colour"], split.Notes);
        Refuses("--input-shape 12: expected height x width", new() { InputShape = Shape.Vector(12) });
        Refuses("--input-shape 2x2x2: expected height x width", new() { InputShape = new Shape(2, 2, 2) });
    }

    [Fact]
    public void What_is_left_out_is_said_but_for_what_a_file_manager_leaves()
    {
        Write("set/a/1.png", RawImages.Grey(2, 2, 1));
        Write("set/a/2.gif", [1]);
        Write("set/a/Thumbs.db", [1]);
        Write("set/a/.DS_Store", [1]);
        Write("set/b/2.png", RawImages.Grey(2, 2, 1));
        Write("set/b/old/2.png", RawImages.Grey(2, 2, 1));
        Write("set/c/readme.txt", [1]);
        Write("set/.git/x.png", [1]);
        Write("set/3.png", [1]);
        using var split = Open(new() { TakesWhole = true });
        Assert.Equal(["a", "b"], split.ClassNames!);
        Assert.Equal(["without a class, beside the folders of the classes (1), left out: 3.png", "no images (1), left out: a/2.gif",
            "deeper than the classes (1), left out: b/old", "no class, for no images lie in it (1), left out: c",
            "images of 2x2 pixels, grey"], split.Notes);
    }

    [Fact]
    public void Other_parts_than_train_and_test_are_said_and_a_class_may_be_called_train()
    {
        Write("set/train/a/1.png", RawImages.Grey(1, 2, 1));
        Write("set/train/b/2.png", RawImages.Grey(1, 2, 1));
        Write("set/val/b/2.png", RawImages.Grey(1, 2, 1));
        Write("set/test/2.png", RawImages.Grey(1, 2, 1));
        using (var split = Open(new() { TakesWhole = true }))
            Assert.Equal((2, "not read beside train: test, val"), (split.Train.Count, split.Notes[0]));
        Directory.Delete(_folder["set"], recursive: true);
        Write("set/train/1.png", RawImages.Grey(1, 2, 1));
        Write("set/plane/1.png", RawImages.Grey(1, 2, 1));
        using (var split = Open(new() { TakesWhole = true })) Assert.Equal(["plane", "train"], split.ClassNames!);
    }

    [Fact]
    public void What_cannot_be_meant_is_refused()
    {
        Write("set/a/1.png", RawImages.Grey(2, 2, 1));
        Refuses("holds images, which the host program reads", new() { Images = null });
        Refuses("use cross-entropy", new() { Regression = true });
        Refuses("--group-column who: images have no columns", new() { GroupColumn = "who" });
        Refuses("--split time: images of a folder have no order", new() { SplitByTime = true });
        Refuses("--audio: ", new() { Audio = AudioKind.Mfcc });
        Write("set/a/2.png", []);
        Refuses("2.png is empty; expected an image");
        Write("set/a/2.png", [1]);
        Refuses("2.png is cut short");
        Write("set/a/2.png", RawImages.Grey(2, 2, 1));
        Write("set/b/2.wav", WavBytes.Of(8000, 1));
        Refuses("holds images (a/1.png) and WAV files (b/2.wav); expected one of them");
        Directory.Delete(_folder["set"], recursive: true);
        Write("set/1.png", RawImages.Grey(2, 2, 1));
        Refuses("holds images without classes; expected a folder for each class, with its name: CLASS/1.png");
        File.Delete(_folder["set/1.png"]);
        Refuses("no folders of images or WAV files; it is empty");
    }

    [Fact]
    public void A_model_says_its_size_and_its_classes()
    {
        Write("set/b/1.png", RawImages.Grey(2, 2, 1));
        Write("set/d/2.png", RawImages.Grey(4, 4, 2));
        var options = new DataOptions
        {
            TakesWhole = true,
            ModelMedia = "images height 1 width 1 channels 3",
            ModelClassCount = 4,
            ModelClassNames = ["d", "c", "b", "a"]
        };
        using (var split = Open(options))
        {
            Assert.Equal([2, 0], split.Train.Labels());
            Assert.Equal((4, new Shape(1, 1, 3)), (split.ClassCount, split.InputShape));
            Assert.Equal(["d", "c", "b", "a"], split.ClassNames!);
        }

        Refuses("--input-shape 2x2: the model was trained on images of 1x1x3", options with { InputShape = new Shape(2, 2) });
        Refuses("the folder 'b' is none of the classes of the model (a, d)",
            options with { ModelClassCount = 2, ModelClassNames = ["a", "d"] });
        Refuses("the model was trained on WAV files", options with { ModelMedia = "sound samples rate 8000 length 4" });
        Refuses("the model says that its inputs are 'images height 1', which this program does not know",
            options with { ModelMedia = "images height 1" });
    }

    [Fact]
    public void Numbers_as_names_are_the_numbers_of_a_model_without_names_and_its_shape_is_taken()
    {
        Write("set/1/1.png", RawImages.Grey(2, 2, 1));
        Write("set/10/2.png", RawImages.Grey(4, 4, 2));
        using var split = Open(new() { TakesWhole = true, ModelClassCount = 11, ModelInput = new Shape(3, 3) });
        Assert.Equal((new Shape(3, 3), 11), (split.InputShape, split.ClassCount));
        Assert.Equal([1, 10], split.Train.Labels());
        Write("set/x/2.png", RawImages.Grey(4, 4, 2));
        Refuses("the folder 'x' is none of the classes of the model (0 to 10, which have no names)",
            new() { ModelClassCount = 11, ModelInput = new Shape(3, 3) });
    }

    [Fact]
    public void Files_without_classes_are_read_where_none_are_needed()
    {
        Write("set/b.png", RawImages.Grey(1, 2, 1));
        Write("set/a.png", RawImages.Grey(1, 2, 2));
        using (var split = Open(new() { NeedsLabels = false }))
        {
            Assert.Equal(2f, Input(split.Test, 0)[0]);
            Assert.Equal(["a.png", "b.png"], split.TestFiles!);
        }

        using var one = DataCatalog.Open(_folder["set/b.png"],
            new() { NeedsLabels = false, Images = _images, CacheFolder = _folder["cache"] });
        Assert.Equal(["b.png"], one.TestFiles!);
    }

    static float[] Input(Dataset data, int index)
    {
        float[] values = new float[data.InputLength];
        data.ReadInput(index, values);
        return values;
    }

    void Write(string file, byte[] bytes)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(_folder[file])!);
        _folder.Write(file, bytes);
    }

    DataSplit Open(DataOptions? options = null) => DataCatalog.Open(_folder["set"],
        (options ?? new()) with { Images = _images, CacheFolder = _folder["cache"] });

    void Refuses(string part, DataOptions? options = null)
    {
        var given = (options ?? new() { TakesWhole = true }) with { CacheFolder = _folder["cache"] };
        if (!part.Contains("host program", StringComparison.Ordinal)) given = given with { Images = _images };
        string message = Assert.Throws<EdgeLearnException>(() => DataCatalog.Open(_folder["set"], given)).Message;
        Assert.Contains(part, message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', message);
    }
}
