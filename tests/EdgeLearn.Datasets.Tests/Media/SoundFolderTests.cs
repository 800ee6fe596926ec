using EdgeLearn.Datasets;
using Xunit;

namespace EdgeLearn.Tests;

public sealed class SoundFolderTests : IDisposable
{
    readonly TemporaryFolder _folder = new();

    public SoundFolderTests()
    {
        Write("a/1.wav", WavBytes.Of(8000, 16384, -16384, 8192));
        Write("b/2.WAV", WavBytes.Of(8000, -32768));
    }

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Samples_are_as_long_as_the_longest_file()
    {
        using var split = Open();
        Assert.Equal(["a", "b"], split.ClassNames!);
        Assert.Equal((Shape.Sequence(3, 1), true), (split.InputShape, split.IsSequence));
        Assert.Equal([0.5f, -0.5f, 0.25f], Input(split, 0));
        Assert.Equal([-1f, 0, 0], Input(split, 1));
        Assert.Equal("sound samples rate 8000 length 3", split.Media);
        Assert.Equal(["WAV files of 8,000 Hz, 0 to 0 s; inputs of 3 samples",
            "an input has 0 s: 1 shorter files end in silence, 0 longer ones are cut"], split.Notes);
    }

    [Theory]
    [InlineData(6u, false)]
    [InlineData(60u, true)]
    [InlineData(0x7FFF_FFFFu, false)] // a recorder that was stopped
    [InlineData(uint.MaxValue, false)]
    public void A_file_that_breaks_off_is_named(uint promised, bool isNamed)
    {
        Write("a/1.wav", WavBytes.Riff(WavBytes.Format(1, 1, 8000, 16), WavBytes.Chunk("data", [0, 64, 0, 192, 0, 32], promised)));
        using var split = Open();
        Assert.Equal([0.5f, -0.5f, 0.25f], Input(split, 0));
        Assert.Equal(isNamed, split.Notes.Any(note => note.Contains("broke off", StringComparison.Ordinal)
            && note.EndsWith(": a/1.wav", StringComparison.Ordinal)));
    }

    [Fact]
    public void The_shape_cuts_and_fills_up()
    {
        using var split = Open(new() { InputShape = Shape.Vector(2) });
        Assert.Equal([0.5f, -0.5f], Input(split, 0));
        Assert.Equal([-1f, 0], Input(split, 1));
        Assert.EndsWith("1 shorter files end in silence, 1 longer ones are cut", split.Notes[1], StringComparison.Ordinal);
        Refuses("--input-shape 2x2: expected how many samples", new() { InputShape = new Shape(2, 2) });
    }

    [Fact]
    public void Files_of_several_rates_are_read_at_the_one_that_is_said()
    {
        Write("b/2.WAV", WavBytes.Tone(16000, 1600, 500));
        Write("a/1.wav", WavBytes.Tone(8000, 800, 500));
        Refuses("has WAV files of different rates, 8000 Hz (a/1.wav) and 16000 Hz (b/2.WAV): say with --audio-rate");
        using var split = Open(new() { AudioRate = 8000 });
        float[] stored = Input(split, 0), resampled = Input(split, 1);
        Assert.Equal(800, stored.Length);
        for (int i = 200; i < 600; i++) Assert.Equal(stored[i], resampled[i], 1e-3);
        Assert.StartsWith("WAV files of 8,000 to 16,000 Hz, read at 8,000 Hz, 0.1 to 0.1 s", split.Notes[0], StringComparison.Ordinal);
    }

    [Fact]
    public void Frames_are_those_that_the_features_make_of_the_samples()
    {
        Write("a/1.wav", WavBytes.Tone(8000, 8000, 500));
        using var split = Open(new() { Audio = AudioKind.LogMel, InputShape = new Shape(49, 20) });
        // 40 ms every 20 ms: 320 + 48 x 160 samples.
        Assert.Equal("sound log-mel rate 8000 frame 320 hop 160 bands 20 length 8000", split.Media);
        Assert.Equal((Shape.Sequence(49, 20), true), (split.InputShape, split.IsSequence));
        float[] expected = new float[20], samples = new float[320];
        for (int n = 0; n < samples.Length; n++)
            samples[n] = (short)Math.Round(16384 * Math.Sin(2 * Math.PI * 500 * (n + 1600) / 8000)) / 32768f;
        new MelFeatures(new MelSettings(8000, 320, 20, 0)).Compute(samples, expected);
        Assert.Equal(expected, Input(split, 0)[200..220]);
        // The other file ends at once: silence.
        Assert.All(Input(split, 1)[20..], value => Assert.Equal(-13.81551f, value, 1e-4));
    }

    [Fact]
    public void The_longest_file_gives_the_frames()
    {
        Write("a/1.wav", WavBytes.Tone(8000, 8001, 500));
        using var split = Open(new() { Audio = AudioKind.Mfcc });
        Assert.Equal("sound mfcc rate 8000 frame 320 hop 160 bands 40 coefficients 10 length 8160", split.Media);
        Assert.Equal(Shape.Sequence(50, 10), split.InputShape);
        Refuses("--input-shape 49: expected frames x coefficients", new() { Audio = AudioKind.Mfcc, InputShape = Shape.Vector(49) });
    }

    [Fact]
    public void A_model_says_how_and_a_word_against_it_is_refused()
    {
        const string Media = "sound mfcc rate 16000 frame 640 hop 320 bands 40 coefficients 13 length 1280";
        var options = new DataOptions { TakesWhole = true, ModelMedia = Media };
        using (var split = Open(options))
            Assert.Equal((Shape.Sequence(3, 13), options.ModelMedia), (split.InputShape, split.Media));
        using (var same = Open(options with { Audio = AudioKind.Mfcc, AudioRate = 16000, InputShape = new Shape(3, 13) }))
            Assert.Equal(options.ModelMedia, same.Media);
        Refuses("--audio log-mel: the model was trained on mfcc", options with { Audio = AudioKind.LogMel });
        Refuses("--audio-rate 8000: the model was trained on sound at 16000 Hz", options with { AudioRate = 8000 });
        Refuses("--input-shape 4x13: the model was trained on inputs of 3x13", options with { InputShape = new Shape(4, 13) });
        Refuses("the model was trained on images", options with { ModelMedia = "images height 1 width 1 channels 3" });
        foreach (string text in (string[])["sound", "sound mfcc", "sound mfcc rate 16000 length 1280", "sound mp3 rate 8000 length 3",
            "sound samples rate 0 length 3", "sound samples length 3 rate 8000", "sound samples rate 8000 length 3 x 4", "", "video 1 2"])
        {
            Refuses("which this program does not know", options with { ModelMedia = text });
        }
    }

    [Fact]
    public void Too_long_files_and_too_low_rates_are_refused_with_what_to_say()
    {
        Write("a/1.wav", WavBytes.Of(8000, new short[300_000]));
        Refuses("the longest file has 37.5 s, which is long for one input: say with --input-shape");
        using (var split = Open(new() { Audio = AudioKind.LogMel, TakesWhole = true })) Assert.Equal(1874, split.InputShape.Height);
        Write("a/1.wav", WavBytes.Of(50, 1, 2, 3));
        Write("b/2.WAV", WavBytes.Of(50, 1, 2, 3));
        Refuses("sound at 50 Hz has no frames of 40 ms", new() { Audio = AudioKind.LogMel, AudioRate = 50 });
    }

    [Fact]
    public void Files_are_counted_without_being_read()
    {
        Write("b/2.WAV", [1, 2, 3]);
        using (var all = Open(new() { CountsOnly = true, Regression = true })) Assert.Equal((2, false), (all.Train.Count, all.HasTest));
        Directory.CreateDirectory(_folder["parts"]);
        Directory.Move(_folder["set"], _folder["parts/train"]);
        Directory.CreateDirectory(_folder["parts/test/b"]);
        _folder.Write("parts/test/b/1.wav", []);
        using var parts = DataCatalog.Open(_folder["parts"], new() { CountsOnly = true, TakesWhole = true });
        Assert.Equal((2, 1), (parts.Train.Count, parts.Test.Count));
    }

    [Fact]
    public void A_damaged_file_is_named()
    {
        Write("b/2.WAV", [1, 2, 3]);
        Refuses("2.WAV is no WAV file: it has 3 bytes");
    }

    static float[] Input(DataSplit data, int index)
    {
        float[] values = new float[data.Train.InputLength];
        data.Train.ReadInput(index, values);
        return values;
    }

    void Write(string file, byte[] bytes)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(_folder["set/" + file])!);
        _folder.Write("set/" + file, bytes);
    }

    DataSplit Open(DataOptions? options = null)
        => DataCatalog.Open(_folder["set"], (options ?? new()) with { TakesWhole = true, CacheFolder = _folder["cache"] });

    void Refuses(string part, DataOptions? options = null)
        => Assert.Contains(part, Assert.Throws<EdgeLearnException>(() => Open(options)).Message, StringComparison.Ordinal);
}
