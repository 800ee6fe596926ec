namespace EdgeLearn.Datasets;

/// <summary>
/// Makes pixels of image files. The host programs bring one; a program without one, such as a board's agent, reads no images. It may be
/// called from one thread at a time.
/// </summary>
public interface IImageDecoder
{
    /// <summary>The size that a file's header promises, without decoding it.</summary>
    /// <param name="file">all bytes of the file</param>
    /// <exception cref="EdgeLearnException">It is no image of a known kind, is broken, or is too large to be decoded here; the message
    /// begins with a verb, for what stands before it is the name of the file.</exception>
    ImageSize Measure(byte[] file);

    /// <summary>Decodes a file in memory that is bounded by the size that <see cref="Measure"/> accepts.</summary>
    /// <param name="file">all bytes of the file</param>
    /// <param name="channels">1 for grey, 3 for red, green, blue, whatever the file has; what is transparent counts as what is
    /// not</param>
    /// <returns>[height x width x channels], the channel innermost, rows from the top</returns>
    /// <exception cref="EdgeLearnException">The file is damaged, cut short or too large; the message begins with a verb.</exception>
    byte[] Decode(byte[] file, int channels);
}

/// <summary>Size of an image in pixels.</summary>
/// <param name="Height">rows</param>
/// <param name="Width">columns</param>
/// <param name="Channels">1 grey, 3 colour; what says how transparent a pixel is does not count</param>
public readonly record struct ImageSize(int Height, int Width, int Channels);
