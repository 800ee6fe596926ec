using System.Globalization;

namespace EdgeLearn.Datasets;

/// <summary>
/// How images or sound become inputs of a model, in the text form that a model file keeps (<see cref="Model.Media"/>): a word for what it
/// is, then names and whole numbers in turns.
/// </summary>
abstract record MediaInputs
{
    /// <summary>Shape of an input.</summary>
    public abstract Shape Shape { get; }

    /// <summary>Whether inputs of two dimensions are steps x features.</summary>
    public abstract bool IsSequence { get; }

    /// <summary>Reads a model's text.</summary>
    /// <exception cref="EdgeLearnException">It is none that this program knows.</exception>
    public static MediaInputs Parse(string text)
    {
        string[] words = text.Split(' ');
        var numbers = new Dictionary<string, int>();
        bool isWhole = words.Length > 1;
        int first = words[0] == ImageInputs.Word ? 1 : 2;
        for (int i = first; i + 1 < words.Length && isWhole; i += 2)
        {
            isWhole = int.TryParse(words[i + 1], NumberStyles.None, CultureInfo.InvariantCulture, out int number)
                && numbers.TryAdd(words[i], number);
        }

        MediaInputs? inputs = !isWhole ? null : words[0] switch
        {
            ImageInputs.Word => ImageInputs.Of(numbers),
            SoundInputs.Word => SoundInputs.Of(words[1], numbers),
            _ => null,
        };
        // What is not written in the same way again was not understood.
        return inputs?.ToString() == text ? inputs : throw new EdgeLearnException(
            $"the model says that its inputs are '{NameText.Shown(text)}', which this program does not know: use a newer one");
    }

    /// <summary>A number that a text has.</summary>
    protected static int Number(Dictionary<string, int> numbers, string name) => numbers.GetValueOrDefault(name);
}

/// <summary>Images, scaled to one size; values 0 to 255.</summary>
/// <param name="Height">rows</param>
/// <param name="Width">columns</param>
/// <param name="Channels">1 grey, 3 colour</param>
sealed record ImageInputs(int Height, int Width, int Channels) : MediaInputs
{
    public const string Word = "images";

    public override Shape Shape => new(Height, Width, Channels);

    public override bool IsSequence => false;

    internal static ImageInputs? Of(Dictionary<string, int> numbers)
    {
        var read = new ImageInputs(Number(numbers, "height"), Number(numbers, "width"), Number(numbers, "channels"));
        long length = (long)read.Height * read.Width * read.Channels;
        return read.Height > 0 && read.Width > 0 && read.Channels is 1 or 3 && length < EdgeLearn.Shape.LongestLength ? read : null;
    }

    /// <summary>The size that a shape means.</summary>
    /// <exception cref="EdgeLearnException">It is none of an image.</exception>
    public static ImageInputs Of(Shape shape) => shape.Rank > 1 && shape.Channels is 1 or 3
        ? new(shape.Height, shape.Width, shape.Channels)
        : throw new EdgeLearnException($"--input-shape {shape}: expected height x width of grey images, such as 28x28, or of colour "
            + "images, such as 32x32x3");

    public override string ToString()
        => string.Create(CultureInfo.InvariantCulture, $"{Word} height {Height} width {Width} channels {Channels}");
}

/// <summary>
/// Sound as one channel: its samples, -1 to 1, or what <see cref="MelFeatures"/> makes of its frames. A file that is longer is cut at its
/// end, a shorter one ends in silence.
/// </summary>
/// <param name="Kind">what an input holds</param>
/// <param name="Mel">of a frame; for samples only the rate counts</param>
/// <param name="Hop">samples from one frame to the next</param>
/// <param name="Length">samples of a file that count</param>
sealed record SoundInputs(AudioKind Kind, MelSettings Mel, int Hop, int Length) : MediaInputs
{
    public const string Word = "sound";

    /// <summary>Frames of an input.</summary>
    public int Frames => 1 + ((Length - Mel.FrameLength) / Hop);

    public override Shape Shape => Kind == AudioKind.Samples
        ? EdgeLearn.Shape.Sequence(Length, 1)
        : EdgeLearn.Shape.Sequence(Frames, Mel.Width);

    public override bool IsSequence => true;

    /// <summary>Frames of 40 ms every 20 ms in 40 bands, as keyword spotting on small boards takes them; MFCC: 10 of them.</summary>
    /// <param name="kind">what an input holds</param>
    /// <param name="rate">samples a second</param>
    /// <param name="width">bands or coefficients; null = the usual</param>
    public static SoundInputs Usual(AudioKind kind, int rate, int? width)
    {
        const int Bands = 40, Coefficients = 10;
        int frame = (rate + 12) / 25, hop = Math.Max(1, (rate + 25) / 50);
        bool isMfcc = kind == AudioKind.Mfcc;
        int coefficients = isMfcc ? width ?? Coefficients : 0;
        var mel = new MelSettings(rate, frame, isMfcc ? Math.Max(Bands, coefficients) : width ?? Bands, coefficients);
        return new(kind, mel, hop, frame);
    }

    /// <summary>Samples that so many frames need.</summary>
    public long LengthOf(long frames) => Mel.FrameLength + ((frames - 1) * Hop);

    internal static SoundInputs? Of(string kind, Dictionary<string, int> numbers)
    {
        int at = Array.IndexOf(s_words, kind);
        var mel = new MelSettings(Number(numbers, "rate"), Number(numbers, "frame"), Number(numbers, "bands"),
            Number(numbers, "coefficients"));
        var read = new SoundInputs((AudioKind)Math.Max(at, 0), mel, Number(numbers, "hop"), Number(numbers, "length"));
        if (at < 0 || mel.Rate is < 1 or > WavFile.HighestRate || read.Length is < 1 or >= EdgeLearn.Shape.LongestLength) return null;
        if (read.Kind == AudioKind.Samples) return read with { Mel = new(mel.Rate, 4, 1, 0), Hop = 1 };
        bool fits = mel.IsValid && read.Hop > 0 && read.Length >= mel.FrameLength && mel.Coefficients > 0 == (read.Kind == AudioKind.Mfcc);
        return fits && (long)read.Frames * mel.Width < EdgeLearn.Shape.LongestLength ? read : null;
    }

    static readonly string[] s_words = ["samples", "log-mel", "mfcc"];

    /// <summary>The word of a kind.</summary>
    public static string WordOf(AudioKind kind) => s_words[(int)kind];

    public override string ToString()
    {
        string bands = Kind == AudioKind.Samples ? "" : string.Create(CultureInfo.InvariantCulture,
            $" frame {Mel.FrameLength} hop {Hop} bands {Mel.Bands}");
        string coefficients = Mel.Coefficients == 0 ? "" : string.Create(CultureInfo.InvariantCulture, $" coefficients {Mel.Coefficients}");
        return string.Create(CultureInfo.InvariantCulture, $"{Word} {WordOf(Kind)} rate {Mel.Rate}{bands}{coefficients} length {Length}");
    }
}
