using System.Buffers.Binary;
using System.Text;

namespace EdgeLearn.Datasets;

/// <summary>
/// A RIFF WAVE file, read by position: PCM of 8, 16, 24 and 32 bits and IEEE floats of 32 and 64, plain or WAVE_FORMAT_EXTENSIBLE. Chunks
/// may come in any order. A data chunk that promises more than there is, or whose length was never filled in, goes to the end of the file.
/// </summary>
sealed class WavFile : IDisposable
{
    /// <summary>The highest rate that is believed.</summary>
    public const int HighestRate = 1 << 22;

    const int HeaderBytes = 12, ChunkBytes = 8, LongestFormat = 40, MostChunks = 1000, MostChannels = 1024;

    // What stands in place of a length that is not known yet, as recorders and ffmpeg write it into a pipe.
    const long LeastUnfilled = 0x7FFF_0000;

    readonly ByteSource _source;
    readonly string _path;
    readonly byte[] _block;
    WavFormat _format;
    long _start = -1;
    long _bytes;

    WavFile(ByteSource source, string path)
    {
        (_source, _path) = (source, path);
        ReadChunks();
        if (_format.Channels == 0) throw Broken("has no fmt chunk");
        if (_start < 0) throw Broken("has no data chunk");
        Frames = _bytes / _format.FrameBytes;
        if (Frames == 0) throw Broken("holds no samples");
        _block = new byte[Math.Max(1, 4096 / _format.FrameBytes) * _format.FrameBytes];
    }

    /// <summary>Samples a second.</summary>
    public int Rate => _format.Rate;

    /// <summary>Channels.</summary>
    public int Channels => _format.Channels;

    /// <summary>Samples of each channel.</summary>
    public long Frames { get; }

    /// <summary>Whether the header promises more samples than there are: a copy that broke off.</summary>
    public bool IsCutShort { get; private set; }

    /// <summary>Opens a file.</summary>
    /// <exception cref="EdgeLearnException">It is no such file, or one of a kind that is not read.</exception>
    public static WavFile Open(string path)
    {
        var source = ByteSource.Open(path);
        try
        {
            return new WavFile(source, path);
        }
        catch
        {
            source.Dispose();
            throw;
        }
    }

    /// <summary>Reads the first samples, the mean of all channels.</summary>
    /// <param name="mono">written; what the file does not have is silence</param>
    /// <exception cref="EdgeLearnException">A sample is not a finite number, or the file cannot be read any more.</exception>
    public void Read(Span<float> mono)
    {
        int count = (int)Math.Min(mono.Length, Frames), blockFrames = _block.Length / _format.FrameBytes;
        for (int first = 0; first < count; first += blockFrames)
        {
            int frames = Math.Min(blockFrames, count - first);
            var block = _block.AsSpan(0, frames * _format.FrameBytes);
            _source.Read(_start + ((long)first * _format.FrameBytes), block);
            for (int i = 0; i < frames; i++)
            {
                mono[first + i] = _format.Mean(block.Slice(i * _format.FrameBytes, _format.FrameBytes));
                if (!float.IsFinite(mono[first + i]))
                    throw Broken($"has a sample that is not a finite number: {first + i:N0}, counted from 0");
            }
        }

        mono[count..].Clear();
    }

    /// <inheritdoc/>
    public void Dispose() => _source.Dispose();

    void ReadChunks()
    {
        if (_source.Length == 0) throw Broken("is empty");
        Span<byte> head = stackalloc byte[HeaderBytes];
        if (_source.Length < HeaderBytes) throw Broken($"is no WAV file: it has {_source.Length} bytes");
        _source.Read(0, head);
        if (!head.StartsWith("RIFF"u8) || !head[8..].SequenceEqual("WAVE"u8))
            throw Broken($"is no WAV file: it begins with the bytes {Convert.ToHexString(head[..4])}");
        long promised = BinaryPrimitives.ReadUInt32LittleEndian(head[4..]) + (long)ChunkBytes;
        long offset = HeaderBytes;
        for (int i = 0; offset + ChunkBytes <= _source.Length && i < MostChunks && (_start < 0 || _format.Channels == 0); i++)
        {
            var chunk = head[..ChunkBytes];
            _source.Read(offset, chunk);
            offset += ChunkBytes;
            long bytes = BinaryPrimitives.ReadUInt32LittleEndian(chunk[4..]), left = _source.Length - offset;
            if (chunk.StartsWith("fmt "u8)) ReadFormat(offset, Math.Min(bytes, left));
            if (chunk.StartsWith("data"u8) && _start < 0)
            {
                // A recorder that was stopped, or wrote to a pipe, did not fill the length in.
                bool isOpen = bytes > left || (bytes == 0 && left > 0 && promised != _source.Length);
                (_start, _bytes) = (offset, isOpen ? left : bytes);
                IsCutShort = bytes > left && bytes < LeastUnfilled;
                if (isOpen) return;
            }

            offset += bytes + (bytes & 1);
        }
    }

    void ReadFormat(long offset, long bytes)
    {
        Span<byte> format = stackalloc byte[LongestFormat];
        format = format[..(int)Math.Min(bytes, LongestFormat)];
        if (format.Length < 16) throw Broken($"has a fmt chunk of {format.Length} bytes; expected 16 or more");
        _source.Read(offset, format);
        int tag = BinaryPrimitives.ReadUInt16LittleEndian(format), channels = BinaryPrimitives.ReadUInt16LittleEndian(format[2..]);
        uint rate = BinaryPrimitives.ReadUInt32LittleEndian(format[4..]);
        int frameBytes = BinaryPrimitives.ReadUInt16LittleEndian(format[12..]);
        int bits = BinaryPrimitives.ReadUInt16LittleEndian(format[14..]);
        if (tag == WavFormat.Extensible)
        {
            if (format.Length < LongestFormat || !format[26..].SequenceEqual(WavFormat.KindTail))
                throw Broken("has an extensible fmt chunk of no known kind; save it as PCM of 16 bits");
            tag = BinaryPrimitives.ReadUInt16LittleEndian(format[24..]);
        }

        if (!WavFormat.IsRead(tag, bits))
        {
            throw Broken($"has {WavFormat.NameOf(tag)} of {bits} bits; expected PCM of 8, 16, 24 or 32 bits or floats of 32 or 64: convert "
                + "it");
        }

        if (channels is 0 or > MostChannels || frameBytes != channels * bits / 8 || rate is 0 or > HighestRate)
            throw Broken($"has a damaged fmt chunk: {channels} channels of {bits} bits in {frameBytes} bytes at {rate} Hz");
        _format = new WavFormat(tag, bits, channels, (int)rate);
    }

    EdgeLearnException Broken(string what) => new($"{_path} {what}");
}

/// <summary>How samples of a WAV file are stored.</summary>
/// <param name="Tag">1 PCM, 3 floats</param>
/// <param name="Bits">of a sample</param>
/// <param name="Channels">of a frame</param>
/// <param name="Rate">frames a second</param>
readonly record struct WavFormat(int Tag, int Bits, int Channels, int Rate)
{
    public const int Pcm = 1, Float = 3, Extensible = 0xFFFE;

    /// <summary>What follows the tag in the 16 bytes that name the kind of an extensible file.</summary>
    public static ReadOnlySpan<byte> KindTail => [0, 0, 0, 0, 0x10, 0, 0x80, 0, 0, 0xAA, 0, 0x38, 0x9B, 0x71];

    /// <summary>Bytes of one sample of every channel.</summary>
    public int FrameBytes => Channels * Bits / 8;

    public static bool IsRead(int tag, int bits) => tag == Pcm ? bits is 8 or 16 or 24 or 32 : tag == Float && bits is 32 or 64;

    public static string NameOf(int tag) => tag switch
    {
        Pcm => "PCM",
        2 or 17 => "ADPCM",
        Float => "floats",
        6 => "A-law",
        7 => "mu-law",
        80 or 85 => "MPEG audio",
        _ => $"sound of kind {tag}",
    };

    /// <summary>The mean of the channels of a frame, -1 to 1 where whole numbers are stored.</summary>
    public float Mean(ReadOnlySpan<byte> frame)
    {
        double sum = 0;
        int bytes = Bits / 8;
        for (int at = 0; at < frame.Length; at += bytes) sum += Sample(frame[at..]);
        return (float)(sum / Channels);
    }

    double Sample(ReadOnlySpan<byte> bytes) => (Tag, Bits) switch
    {
        (Float, 32) => BinaryPrimitives.ReadSingleLittleEndian(bytes),
        (Float, _) => BinaryPrimitives.ReadDoubleLittleEndian(bytes),
        (_, 8) => (bytes[0] - 128) / 128.0,
        (_, 16) => BinaryPrimitives.ReadInt16LittleEndian(bytes) / 32768.0,
        (_, 24) => (bytes[0] | bytes[1] << 8 | (sbyte)bytes[2] << 16) / 8388608.0,
        _ => BinaryPrimitives.ReadInt32LittleEndian(bytes) / 2147483648.0,
    };
}
