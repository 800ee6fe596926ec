namespace EdgeLearn.Datasets;

/// <summary>WAV files as inputs: their samples at one rate, or the mel features of their frames.</summary>
sealed class SoundArrays : MediaArrays
{
    // What an input is made of without a word: more is meant in pieces, and costs a network its memory.
    const int MostValues = 1 << 18;

    readonly SoundInputs _inputs;
    readonly MelFeatures? _mel;
    readonly float[] _samples;
    readonly float[] _values;
    float[] _stored = [];

    SoundArrays(SoundInputs inputs, FileCache cache, string name, Action<DataProgress>? progress) : base(cache, name, inputs, progress)
    {
        _inputs = inputs;
        _mel = inputs.Kind == AudioKind.Samples ? null : new MelFeatures(inputs.Mel);
        _samples = new float[inputs.Length];
        _values = _mel is null ? _samples : new float[inputs.Shape.Length];
    }

    protected override StoredNumber Number => StoredNumber.Float32;

    /// <summary>Reads the headers of all files and says how they become inputs.</summary>
    /// <exception cref="EdgeLearnException">A file is no WAV file, there are several rates and no option says which, or the options
    /// contradict the model.</exception>
    public static SoundArrays Look(MediaFolder folder, string name, DataOptions options, FileCache cache)
    {
        MediaFile[] files = [.. folder.Train.Concat(folder.Test ?? [])];
        int[] rates = new int[files.Length];
        long[] frames = new long[files.Length];
        var broken = new List<string>();
        for (int i = 0; i < files.Length; i++)
        {
            using var file = WavFile.Open(files[i].Path);
            (rates[i], frames[i]) = (file.Rate, file.Frames);
            if (file.IsCutShort) broken.Add(files[i].Name);
        }

        var inputs = ByModel(options);
        if (inputs is null)
        {
            int rate = options.AudioRate ?? OnlyRate(folder, files, rates);
            // What is tested with does not say how long an input is.
            long longest = 0;
            for (int i = 0; i < folder.Train.Count; i++) longest = Math.Max(longest, Resampler.Count(frames[i], rates[i], rate));
            inputs = Chosen(options, rate, longest, folder.Path);
        }
        var arrays = new SoundArrays(inputs, cache, name, options.Progress);
        arrays.Say(rates, frames);
        if (broken.Count > 0)
        {
            arrays.Notes.Add($"shorter than their headers say, as after a copy that broke off; what is there is read: "
                + TableMeaning.Listed(broken));
        }
        return arrays;
    }

    static SoundInputs? ByModel(DataOptions options)
    {
        if (options.ModelMedia is not { } text) return null;
        var model = MediaInputs.Parse(text) as SoundInputs
            ?? throw new EdgeLearnException("the model was trained on images, and the folder holds WAV files");
        const string Remedy = "leave the option out";
        if (options.Audio is { } kind && kind != model.Kind)
        {
            throw new EdgeLearnException($"--audio {SoundInputs.WordOf(kind)}: the model was trained on {SoundInputs.WordOf(model.Kind)}; "
                + Remedy);
        }
        if (options.AudioRate is { } rate && rate != model.Mel.Rate)
            throw new EdgeLearnException($"--audio-rate {rate}: the model was trained on sound at {model.Mel.Rate} Hz; {Remedy}");
        if (options.InputShape is { } shape && shape.Length != model.Shape.Length)
            throw new EdgeLearnException($"--input-shape {shape}: the model was trained on inputs of {model.Shape}; {Remedy}");
        return model;
    }

    static int OnlyRate(MediaFolder folder, MediaFile[] files, int[] rates)
    {
        int other = Array.FindIndex(rates, rate => rate != rates[0]);
        return other < 0 ? rates[0] : throw new EdgeLearnException($"{folder.Path} has WAV files of different rates, {rates[0]} Hz "
            + $"({files[0].Name}) and {rates[other]} Hz ({files[other].Name}): say with --audio-rate at which they are read, "
            + "such as 16000");
    }

    static SoundInputs Chosen(DataOptions options, int rate, long longest, string path)
    {
        var kind = options.Audio ?? AudioKind.Samples;
        var shape = options.InputShape;
        if (rate is < 1 or > WavFile.HighestRate)
            throw new EdgeLearnException($"--audio-rate {rate}: expected samples a second, 1 to {WavFile.HighestRate}");
        long length;
        if (kind == AudioKind.Samples)
        {
            if (shape is { Width: > 1, Height: > 1 } or { Channels: > 1 })
                throw new EdgeLearnException($"--input-shape {shape}: expected how many samples of a file count, such as 16000");
            length = shape?.Length ?? longest;
            return Fits(SoundInputs.Usual(kind, rate, null) with { Hop = 1, Length = Whole(length) });
        }

        if (shape is { Rank: not 2 } || shape is { Width: > MelSettings.MostBands })
        {
            throw new EdgeLearnException($"--input-shape {shape}: expected frames x {(kind == AudioKind.Mfcc ? "coefficients" : "bands")}, "
                + "such as 49x40");
        }
        var usual = SoundInputs.Usual(kind, rate, shape?.Width);
        if (!usual.Mel.IsValid)
        {
            throw new EdgeLearnException($"sound at {rate} Hz has no frames of 40 ms to make {SoundInputs.WordOf(kind)} of: use --audio "
                + "samples");
        }
        // A last frame that is not whole is made whole by silence.
        long frames = shape?.Height ?? Math.Max(1, 1 + ((longest - usual.Mel.FrameLength + usual.Hop - 1) / usual.Hop));
        return Fits(usual with { Length = Whole(usual.LengthOf(frames)) });

        static int Whole(long length) => (int)Math.Min(length, Shape.LongestLength);

        SoundInputs Fits(SoundInputs inputs)
        {
            long values = kind == AudioKind.Samples ? inputs.Length : (long)inputs.Frames * inputs.Mel.Width;
            if (inputs.Length >= Shape.LongestLength || values > (shape is null ? MostValues : Shape.LongestLength))
            {
                throw new EdgeLearnException($"{path}: the longest file has {Seconds(longest, rate)}, which is long for one input: say "
                    + $"with --input-shape how much of each counts, such as {(kind == AudioKind.Samples ? "16000" : "49x40")}");
            }
            return inputs;
        }
    }

    void Say(int[] rates, long[] frames)
    {
        int rate = _inputs.Mel.Rate, lowest = rates[0], highest = rates[0], cut = 0, filled = 0;
        double shortest = double.MaxValue, longest = 0;
        bool isResampled = false;
        for (int i = 0; i < rates.Length; i++)
        {
            (lowest, highest) = (Math.Min(lowest, rates[i]), Math.Max(highest, rates[i]));
            double seconds = (double)frames[i] / rates[i];
            (shortest, longest) = (Math.Min(shortest, seconds), Math.Max(longest, seconds));
            long count = Resampler.Count(frames[i], rates[i], rate);
            if (count > _inputs.Length) cut++;
            if (count < _inputs.Length) filled++;
            isResampled |= rates[i] != rate;
        }

        string range = lowest == highest ? $"{lowest:N0}" : $"{lowest:N0} to {highest:N0}";
        Notes.Add($"WAV files of {range} Hz{(isResampled ? $", read at {rate:N0} Hz" : "")}, {shortest:0.##} to {longest:0.##} s; "
            + What(_inputs));
        if (cut > 0 || filled > 0)
        {
            Notes.Add($"an input has {Seconds(_inputs.Length, rate)}: {filled:N0} shorter files end in silence, {cut:N0} longer ones are "
                + "cut");
        }
    }

    static string What(SoundInputs inputs) => inputs.Kind == AudioKind.Samples
        ? $"inputs of {inputs.Length:N0} samples"
        : $"inputs of {inputs.Frames} frames x {inputs.Mel.Width} {(inputs.Kind == AudioKind.Mfcc ? "coefficients" : "bands")}";

    static string Seconds(long samples, int rate) => $"{(double)samples / rate:0.###} s";

    protected override void WriteOne(MediaFile file, Stream destination)
    {
        ReadSamples(file);
        if (_mel is not null)
        {
            int width = _inputs.Mel.Width;
            for (int i = 0; i < _inputs.Frames; i++)
                _mel.Compute(_samples.AsSpan(i * _inputs.Hop, _inputs.Mel.FrameLength), _values.AsSpan(i * width, width));
        }

        ConvertedArrays.WriteFloats(destination, _values);
    }

    void ReadSamples(MediaFile path)
    {
        using var file = WavFile.Open(path.Path);
        if (file.Rate == _inputs.Mel.Rate)
        {
            file.Read(_samples);
            return;
        }

        var resampler = new Resampler(file.Rate, _inputs.Mel.Rate);
        int needed = (int)Math.Min(Math.Min(file.Frames, resampler.Needed(_inputs.Length)), Array.MaxLength);
        if (_stored.Length < needed) _stored = new float[needed];
        var stored = _stored.AsSpan(0, needed);
        file.Read(stored);
        int results = (int)Math.Min(_inputs.Length, Resampler.Count(file.Frames, file.Rate, _inputs.Mel.Rate));
        resampler.Run(stored, _samples.AsSpan(0, results));
        _samples.AsSpan(results).Clear();
    }
}
