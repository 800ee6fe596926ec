using System.Buffers.Binary;
using System.IO.Compression;
using System.IO.Hashing;
using System.Text;

namespace EdgeLearn;

/// <summary>
/// The zip files of numpy.savez and numpy.savez_compressed, as folders of npy files: the array x of data.npz is data.npz/x.npy. An array is
/// expanded into the cache once and checked against the sum that the zip has of it. The framework's own reader of zips is a quarter of a
/// megabyte in a program for boards, makes an object of every entry and does not look at the sums.
/// </summary>
/// <remarks>Source: PKWARE's .ZIP File Format Specification, 4.3 and 4.4.</remarks>
static class NpzFile
{
    // Deflate cannot do better. Source: zlib technical details, "maximum compression factor".
    const long LargestRatio = 1032;

    // The end record and the longest comment behind it, and more than the directory of some thousand arrays takes.
    const int EndBytes = 22, LongestEnd = EndBytes + ushort.MaxValue, LongestDirectory = 1 << 20;

    // Bytes before the name of an entry, in the directory and in front of its content.
    const int EntryBytes = 46, LocalBytes = 30;

    const int Stored = 0, Deflated = 8;

    /// <summary>An array: how and where its bytes are stored.</summary>
    sealed class Entry(string name, int method, uint sum, long compressedBytes, long bytes, long offset)
    {
        public string Name => name;

        public int Method => method;

        public uint Sum => sum;

        public long CompressedBytes => compressedBytes;

        public long Bytes => bytes;

        /// <summary>Where its own header begins.</summary>
        public long Offset => offset;
    }

    /// <summary>True when the bytes begin a zip file, an empty one among them.</summary>
    public static bool HasMagic(ReadOnlySpan<byte> start) => start.StartsWith("PK\x3\x4"u8) || start.StartsWith("PK\x5\x6"u8);

    /// <summary>True when a path is that of an array in a zip file.</summary>
    public static bool IsEntry(string path) => Path.GetDirectoryName(path) is { Length: > 0 } zip && File.Exists(zip);

    /// <summary>The paths of the arrays in a zip file, in the order of their names.</summary>
    /// <exception cref="EdgeLearnException">It is damaged, too large, or has two arrays of one name.</exception>
    public static string[] Entries(string path)
    {
        using var zip = ByteSource.Open(path);
        string[] names = [.. Directory(zip).Select(entry => entry.Name)];
        Array.Sort(names, StringComparer.Ordinal);
        for (int i = 1; i < names.Length; i++)
        {
            if (names[i] == names[i - 1])
                throw new EdgeLearnException($"{path} has two arrays {names[i]}; save it anew, each name once");
        }

        return [.. names.Select(name => $"{path}/{name}")];
    }

    /// <summary>Opens an array for reading by position.</summary>
    /// <param name="path">one of <see cref="Entries"/></param>
    /// <param name="cache">where expanded arrays are kept</param>
    /// <param name="header">what its header promises; the length has been checked against it</param>
    /// <exception cref="EdgeLearnException">The zip is damaged, or the array is none, or larger than its header or the cache
    /// allows.</exception>
    public static ByteSource OpenEntry(string path, FileCache cache, out ArrayHeader header)
    {
        string zipPath = Path.GetDirectoryName(path)!, entryName = Path.GetFileName(path);
        string name = $"{entryName} of {Path.GetFileName(zipPath)}";
        using var zip = ByteSource.Open(zipPath);
        var entry = Directory(zip).Find(one => one.Name == entryName) ?? throw new EdgeLearnException($"there is no {name}");
        long start = StartOf(zip, entry, name);

        byte[] first = new byte[(int)Math.Min(ArrayHeader.LongestBytes, entry.Bytes)];
        using (var content = Content(zipPath, entry, start)) first = first[..ReadSome(content, first, name)];
        header = ArrayHeader.Parse(first, name);
        header.CheckLength(entry.Bytes, name);
        if (entry.Bytes / LargestRatio > entry.CompressedBytes)
        {
            throw new EdgeLearnException($"{name}: the header promises {entry.Bytes} bytes; {entry.CompressedBytes} compressed bytes "
                + $"cannot hold them");
        }
        string digest = Convert.ToHexStringLower(Sha256.Hash(Encoding.UTF8.GetBytes($"npz\n{cache.DigestOf(zipPath)}\n{entryName}")));
        return cache.GetOrCreate(digest + ".raw", name, entry.Bytes, destination =>
        {
            using var content = Content(zipPath, entry, start);
            Expand(content, entry, name, destination);
        });
    }

    static void Expand(Stream content, Entry entry, string name, Stream destination)
    {
        byte[] buffer = new byte[1 << 16];
        var sum = new Crc32();
        for (long left = entry.Bytes; left > 0;)
        {
            var part = buffer.AsSpan(0, (int)Math.Min(buffer.Length, left));
            if (ReadSome(content, part, name) != part.Length) throw Damaged(name, $"{left} of its {entry.Bytes} bytes are missing");
            sum.Append(part);
            destination.Write(part);
            left -= part.Length;
        }

        if (sum.GetCurrentHashAsUInt32() != entry.Sum) throw Damaged(name, "its bytes do not have the sum that the zip promises");
    }

    // The arrays in the directory at the end of the file; names with folders in them are none that are looked for here.
    static List<Entry> Directory(ByteSource zip)
    {
        if (!HasMagic(zip.ReadStart(4))) throw new EdgeLearnException($"{zip.Name} is no zip file as it lies there; unpack it first");
        byte[] end = new byte[(int)Math.Min(zip.Length, LongestEnd)];
        zip.Read(zip.Length - end.Length, end);
        int at = end.AsSpan().LastIndexOf("PK\x5\x6"u8);
        if (at < 0 || end.Length - at < EndBytes) throw Damaged(zip.Name, "its end is missing");
        int count = UInt16(end, at + 10);
        long length = UInt32(end, at + 12), offset = UInt32(end, at + 16);
        if (offset == uint.MaxValue || count == ushort.MaxValue) throw TooLarge(zip.Name);
        if (length > LongestDirectory)
            throw new EdgeLearnException($"{zip.Name} has a directory of {length} bytes; save few arrays in it");
        if (offset + length > zip.Length - end.Length + at) throw Damaged(zip.Name, "its directory is cut short");

        byte[] bytes = new byte[(int)length];
        zip.Read(offset, bytes);
        var entries = new List<Entry>();
        for (int from = 0; count > 0; count--)
        {
            if (from + EntryBytes > bytes.Length || !bytes.AsSpan(from).StartsWith("PK\x1\x2"u8)
                || bytes.Length - from - EntryBytes - UInt16(bytes, from + 28) is < 0)
            {
                throw Damaged(zip.Name, "its directory has a broken entry");
            }

            string name = Encoding.UTF8.GetString(bytes, from + EntryBytes, UInt16(bytes, from + 28));
            bool isEncrypted = (UInt16(bytes, from + 8) & 1) != 0;
            if (IsArray(name))
            {
                entries.Add(new Entry(name, isEncrypted ? -1 : UInt16(bytes, from + 10), UInt32(bytes, from + 16),
                    UInt32(bytes, from + 20), UInt32(bytes, from + 24), UInt32(bytes, from + 42)));
            }
            from += EntryBytes + UInt16(bytes, from + 28) + UInt16(bytes, from + 30) + UInt16(bytes, from + 32);
        }

        return entries;
    }

    static bool IsArray(string name)
        => name.EndsWith(".npy", StringComparison.OrdinalIgnoreCase) && !name.AsSpan().ContainsAny('/', '\\')
            && !name.AsSpan().ContainsAnyInRange('\0', '\x1F');

    // Where the content begins: behind a header of its own, whose length the directory does not tell.
    static long StartOf(ByteSource zip, Entry entry, string name)
    {
        if (entry.Method is not (Stored or Deflated))
            throw new EdgeLearnException($"{name} is encrypted or compressed in a way of its own; save it with numpy.savez_compressed");
        if (entry.Bytes == uint.MaxValue || entry.CompressedBytes == uint.MaxValue || entry.Offset == uint.MaxValue)
            throw TooLarge(zip.Name);
        byte[] local = new byte[LocalBytes];
        if (entry.Offset + LocalBytes > zip.Length) throw Damaged(name, "it is missing");
        zip.Read(entry.Offset, local);
        long start = entry.Offset + LocalBytes + UInt16(local, 26) + UInt16(local, 28);
        return local.AsSpan().StartsWith("PK\x3\x4"u8) && start + entry.CompressedBytes <= zip.Length
            && (entry.Method == Deflated || entry.CompressedBytes == entry.Bytes)
            ? start : throw Damaged(name, "its header is broken");
    }

    static Stream Content(string path, Entry entry, long start)
    {
        var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read | FileShare.Delete) { Position = start };
        return entry.Method == Deflated ? new DeflateStream(file, CompressionMode.Decompress) : file;
    }

    static int ReadSome(Stream content, Span<byte> bytes, string name)
    {
        try
        {
            return content.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false);
        }
        catch (Exception e) when (e is InvalidDataException or IOException)
        {
            throw Damaged(name, e.Message);
        }
    }

    static int UInt16(byte[] bytes, int at) => BinaryPrimitives.ReadUInt16LittleEndian(bytes.AsSpan(at));

    static uint UInt32(byte[] bytes, int at) => BinaryPrimitives.ReadUInt32LittleEndian(bytes.AsSpan(at));

    static EdgeLearnException TooLarge(string name)
        => new($"{name} has more than 2 GB or very many arrays; save its arrays as npy files");

    static EdgeLearnException Damaged(string name, string why)
        => new($"{name} is a damaged zip file ({why.ReplaceLineEndings(" ")}); save or fetch it again");
}
