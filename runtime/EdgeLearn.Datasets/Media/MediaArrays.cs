using System.Text;

namespace EdgeLearn.Datasets;

/// <summary>
/// Inputs made of images or WAV files, one file at a time, and kept in one file of the cache: memory holds one sample, whatever the folder
/// has. Another content of a file or another way to read it is another file of the cache.
/// </summary>
/// <param name="cache">where they are kept</param>
/// <param name="name">what the user calls them</param>
/// <param name="inputs">how files become inputs</param>
/// <param name="progress">told of how far it is; null = nobody</param>
abstract class MediaArrays(FileCache cache, string name, MediaInputs inputs, Action<DataProgress>? progress)
{
    // A new way to make the same inputs is a new name.
    const string Version = "edgelearn media 1";

    /// <summary>How files become inputs.</summary>
    public MediaInputs Inputs => inputs;

    /// <summary>Lines for the user.</summary>
    public List<string> Notes { get; } = [];

    /// <summary>How values are stored.</summary>
    protected abstract StoredNumber Number { get; }

    /// <summary>The inputs of some files, in their order.</summary>
    /// <exception cref="EdgeLearnException">A file is damaged, or the cache has no room.</exception>
    public ArrayFile Open(IReadOnlyList<MediaFile> files)
    {
        var meaning = new StringBuilder(Version).Append('\n').Append(inputs);
        foreach (var file in files) meaning.Append('\n').Append(file.Digest);
        string digest = Convert.ToHexStringLower(Sha256.Hash(Encoding.UTF8.GetBytes(meaning.ToString())));
        long bytes = NpyFile.WrittenHeaderBytes + (files.Count * (long)inputs.Shape.Length * Number.ByteCount());
        var source = cache.GetOrCreate(digest + ".npy", name, bytes, destination => Write(files, destination, bytes));
        return new ArrayFile(source, ConvertedArrays.HeaderAt(source, 0));
    }

    void Write(IReadOnlyList<MediaFile> files, Stream destination, long bytes)
    {
        byte[] header = new byte[NpyFile.WrittenHeaderBytes];
        NpyFile.WriteHeader(header, Number, files.Count, inputs.Shape.Length);
        destination.Write(header);
        for (int i = 0; i < files.Count; i++)
        {
            if (i % 64 == 0) progress?.Invoke(new DataProgress($"reading {name}", destination.Position, bytes));
            WriteOne(files[i], destination);
        }
    }

    /// <summary>Writes the input that a file becomes.</summary>
    protected abstract void WriteOne(MediaFile file, Stream destination);
}
