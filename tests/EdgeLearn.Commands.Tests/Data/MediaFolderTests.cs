using Xunit;

namespace EdgeLearn.Tests;

/// <summary>Folders of images and of WAV files from data to answers, through the commands.</summary>
public sealed class MediaFolderTests : IDisposable
{
    readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    // Bars that stand and bars that lie, in two sizes and one value a picture.
    void WriteImages()
    {
        for (int i = 0; i < 40; i++)
        {
            int side = i % 4 < 2 ? 8 : 16, bar = i % 5 * side / 8, value = 100 + (i * 3);
            byte[] pixels = new byte[side * side];
            bool stands = i % 2 == 0;
            for (int y = 0; y < side; y++)
            {
                for (int x = 0; x < side; x++)
                    pixels[(y * side) + x] = (byte)((stands ? x : y) / (side / 8) == bar / (side / 8) ? value : 0);
            }

            Write($"set/{(i < 32 ? "train" : "test")}/{(stands ? "stands" : "lies")}/{i}.png", ImageBytes.Png(side, side, 0, pixels));
        }
    }

    // Low and high tones, of several lengths and two rates.
    void WriteSounds()
    {
        for (int i = 0; i < 40; i++)
        {
            int rate = i % 4 < 2 ? 8000 : 16000;
            Write($"set/{(i % 2 == 0 ? "low" : "high")}/{i}.wav",
                WavBytes.Tone(rate, (rate / 5) + (i * 10), i % 2 == 0 ? 300 + (i * 5) : 2000 + (i * 20)));
        }
    }

    [Fact]
    public void Images_are_learned_and_later_ones_are_read_in_the_same_way()
    {
        WriteImages();
        string model = _folder["m.safetensors"], data = _folder["set"];
        var refused = Invoked.OnHost("train", "--data", data, "--epochs", "2");
        Assert.Contains("error: ", refused.Error);
        Assert.Contains("different sizes, 8x8 to 16x16", refused.Error);
        var trained = Invoked.OnHost("train", "--data", data, "--input-shape", "8x8", "--rule", "backprop", "--network", "8x8-16:relu-2",
            "--epochs", "60", "--save", model, "--json");
        Assert.Contains("images of 8x8 to 16x16 pixels, scaled to 8x8, grey", trained.Error);
        Assert.Equal(1, trained.Json().Number("test_accuracy"));
        using (var saved = ModelFile.Load(model))
        {
            Assert.Equal(["lies", "stands"], saved.ClassNames!);
            Assert.Equal("images height 8 width 8 channels 1", saved.Media);
        }

        Assert.Equal(1, Invoked.OnHost("evaluate", "--model", model, "--data", data, "--json").Json().Number("test_accuracy"));
        Assert.Contains("inputs   images height 8 width 8 channels 1", Invoked.Run("info", "--model", model).Output);
        Assert.Equal("row,file,class,probability", Lines(Invoked.OnHost("predict", "--model", model, "--data", data, "--csv"))[0]);
        Assert.StartsWith("lies  ", Lines(Invoked.OnHost("predict", "--model", model, "--data", $"{data}/test/lies"))[0]);
        Assert.EndsWith("  33.png", Lines(Invoked.OnHost("predict", "--model", model, "--data", $"{data}/test/lies"))[0]);
        Assert.Contains("{\"row\":1,\"file\":\"34.png\",\"class\":\"stands\"",
            Invoked.OnHost("predict", "--model", model, "--data", $"{data}/test/stands/34.png", "--json").Output);
        Directory.Move($"{data}/test/lies", $"{data}/test/leans");
        foreach (string command in (string[])["evaluate", "predict"])
        {
            Assert.Contains("the folder 'leans' is none of the classes of the model (lies, stands)",
                Invoked.OnHost(command, "--model", model, "--data", data).Error);
        }

        Assert.Contains("holds images, which the host program reads", Invoked.Run("evaluate", "--model", model, "--data", data).Error);
    }

    [Theory]
    [InlineData("samples", "400")]
    [InlineData("log-mel", "8x20")]
    [InlineData("mfcc", "8x12")]
    public void Sound_is_learned_and_later_sound_is_read_in_the_same_way(string audio, string shape)
    {
        WriteSounds();
        string model = _folder["m.safetensors"], data = _folder["set"];
        Assert.Contains("say with --audio-rate", Invoked.Run("train", "--data", data).Error);
        var trained = Invoked.Run("train", "--data", data, "--audio", audio, "--audio-rate", "8000", "--input-shape", shape,
            "--epochs", "30", "--rule", "backprop", "--save", model, "--json");
        Assert.Contains("WAV files of 8,000 to 16,000 Hz, read at 8,000 Hz", trained.Error);
        Assert.InRange(trained.Json().Number("test_accuracy"), 0.9, 1);
        Assert.Equal(trained.Json().Number("test_accuracy"),
            Invoked.Run("evaluate", "--model", model, "--data", data, "--json").Json().Number("test_accuracy"));
        // A rate that the model never saw.
        Write("new/x.wav", WavBytes.Tone(44100, 10000, 350));
        Assert.Matches("^low  [0-9.]+  x.wav\n$", Invoked.Run("predict", "--model", model, "--data", _folder["new"]).Output);
        Assert.Contains("--audio-rate 16000: the model was trained on sound at 8000 Hz",
            Invoked.Run("evaluate", "--model", model, "--data", data, "--audio-rate", "16000").Error);
        // What goes on from the model reads and keeps its way.
        string later = _folder["later.safetensors"];
        Assert.Equal(0, Invoked.Run("train", "--network", model, "--data", data, "--steps", "2", "--save", later).ExitCode);
        using Model first = ModelFile.Load(model), second = ModelFile.Load(later);
        Assert.Equal(first.Media, second.Media);
    }

    [Fact]
    public void Data_says_what_is_in_a_folder()
    {
        WriteSounds();
        Write("set/low/notes.txt", [1]);
        string text = Invoked.Run("data", "--data", _folder["set"], "--audio", "mfcc", "--audio-rate", "8000").Output;
        Assert.Contains("32 samples to learn from, 8 to test with; inputs of 12x10", text);
        Assert.Contains("no WAV files (1), left out: low/notes.txt", text);
        Assert.Contains("WAV files of 8,000 to 16,000 Hz, read at 8,000 Hz, 0.2 to 0.25 s; inputs of 12 frames x 10 coefficients", text);
        Assert.Contains("--audio", Invoked.Run("train", "--help", "data").Output);
        Assert.Contains("--audio-rate", Invoked.Run("train", "--help", "data").Output);
    }

    static string[] Lines(Invoked run) => run.ExitCode == 0 ? run.Output.Split('\n') : throw new InvalidOperationException(run.Error);

    void Write(string file, byte[] bytes)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(_folder[file])!);
        _folder.Write(file, bytes);
    }
}
