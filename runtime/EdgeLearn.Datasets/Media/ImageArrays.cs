namespace EdgeLearn.Datasets;

/// <summary>Images of one size, as bytes of 0 to 255 with the channel innermost, as IDX and npy files have them.</summary>
sealed class ImageArrays : MediaArrays
{
    // A photograph has some 20 MB at most.
    const long LargestFileBytes = 256L << 20;

    readonly IImageDecoder _decoder;
    readonly ImageScale _scale;
    readonly byte[] _scaled;

    ImageArrays(IImageDecoder decoder, ImageInputs inputs, FileCache cache, string name, Action<DataProgress>? progress)
        : base(cache, name, inputs, progress)
    {
        _decoder = decoder;
        _scale = new ImageScale(inputs.Height, inputs.Width, inputs.Channels);
        _scaled = new byte[inputs.Shape.Length];
    }

    protected override StoredNumber Number => StoredNumber.UInt8;

    /// <summary>Reads the headers of all images of a folder by the decoder of the options, and says to which size they go.</summary>
    /// <exception cref="EdgeLearnException">A file is no image, or there are several sizes and no option says which.</exception>
    public static ImageArrays Look(MediaFolder folder, string name, DataOptions options, FileCache cache)
    {
        var decoder = options.Images!;
        ImageSize? first = null;
        (int Least, int Most) heights = (int.MaxValue, 0), widths = heights;
        int channels = 1;
        MediaFile? other = null;
        foreach (var file in folder.Train.Concat(folder.Test ?? []))
        {
            byte[] bytes = Bytes(file);
            file.Digest = GzipFile.Digest(bytes);
            var size = Named(file, () => decoder.Measure(bytes));
            first ??= size;
            if ((size.Height, size.Width) != (first.Value.Height, first.Value.Width)) other ??= file;
            heights = (Math.Min(heights.Least, size.Height), Math.Max(heights.Most, size.Height));
            widths = (Math.Min(widths.Least, size.Width), Math.Max(widths.Most, size.Width));
            channels = Math.Max(channels, size.Channels);
        }

        var inputs = ByModel(options) ?? (options.InputShape is { } shape ? ImageInputs.Of(shape) : null);
        string sizes = heights.Least == heights.Most && widths.Least == widths.Most
            ? $"{heights.Most}x{widths.Most}"
            : $"{heights.Least}x{widths.Least} to {heights.Most}x{widths.Most}";
        if (inputs is null && other is not null)
        {
            throw new EdgeLearnException($"{folder.Path} has images of different sizes, {sizes} (height x width; "
                + $"{folder.Train[0].Name} and {other.Name} differ): say with --input-shape to which they are scaled, such as 28x28 (grey) "
                + "or 32x32x3 (colour)");
        }
        inputs ??= Whole(first!.Value, channels, folder);
        string scaled = sizes == $"{inputs.Height}x{inputs.Width}" ? "" : $", scaled to {inputs.Height}x{inputs.Width}";
        var arrays = new ImageArrays(decoder, inputs, cache, name, options.Progress);
        arrays.Notes.Add($"images of {sizes} pixels{scaled}, {(inputs.Channels == 1 ? "grey" : "colour")}");
        return arrays;
    }

    static ImageInputs Whole(ImageSize size, int channels, MediaFolder folder)
        => (long)size.Height * size.Width * channels < Shape.LongestLength
            ? new ImageInputs(size.Height, size.Width, channels)
            : throw new EdgeLearnException($"{folder.Path} has images of {size.Height}x{size.Width}: say with --input-shape to which "
                + "smaller size they are scaled, such as 32x32x3");

    // A model says what it was trained on, or at least that its inputs are images.
    static ImageInputs? ByModel(DataOptions options)
    {
        if (options.ModelMedia is not { } text)
        {
            return options.InputShape is null && options.ModelInput is { IsImage: true, Channels: 1 or 3 } input
                ? new ImageInputs(input.Height, input.Width, input.Channels)
                : null;
        }
        var model = MediaInputs.Parse(text) as ImageInputs
            ?? throw new EdgeLearnException("the model was trained on WAV files, and the folder holds images");
        if (options.InputShape is { } shape && shape != model.Shape)
            throw new EdgeLearnException($"--input-shape {shape}: the model was trained on images of {model.Shape}; leave the option out");
        return model;
    }

    protected override void WriteOne(MediaFile file, Stream destination)
    {
        byte[] bytes = Bytes(file);
        int channels = ((ImageInputs)Inputs).Channels;
        var (size, pixels) = Named(file, () => (_decoder.Measure(bytes), _decoder.Decode(bytes, channels)));
        _scale.Run(pixels, size.Height, size.Width, _scaled);
        destination.Write(_scaled);
    }

    static byte[] Bytes(MediaFile file)
    {
        try
        {
            long length = new FileInfo(file.Path).Length;
            if (length == 0) throw new EdgeLearnException($"{file.Path} is empty; expected an image");
            if (length > LargestFileBytes)
                throw new EdgeLearnException($"{file.Path} has {length:N0} bytes; expected an image of at most {LargestFileBytes:N0}");
            return File.ReadAllBytes(file.Path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new EdgeLearnException($"cannot read {file.Path}: {e.Message}", e);
        }
    }

    static T Named<T>(MediaFile file, Func<T> read)
    {
        try
        {
            return read();
        }
        catch (EdgeLearnException e)
        {
            throw new EdgeLearnException($"{file.Path} {e.Message}", e);
        }
    }
}
