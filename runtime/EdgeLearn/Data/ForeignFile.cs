using System.Buffers.Binary;
using System.Text;

namespace EdgeLearn;

/// <summary>What a file is that a reader cannot use, told by how it begins, and what to do about it.</summary>
/// <param name="Name">what it is, to stand behind "is": <c>a web page (HTML)</c></param>
/// <param name="Remedy">how to get at the file that was meant, whatever was to be read; null where the file is what it is, in a format of
/// its own, and the reader says what it expects</param>
/// <param name="ForWeights">what to do where weights were expected; <c>FILE</c> stands for its path, <c>OUT</c> for a new one</param>
sealed record ForeignFile(string Name, string? Remedy, string ForWeights)
{
    /// <summary>How much of the start of a file is looked at; shorter files are given whole.</summary>
    public const int StartBytes = 1024;

    /// <summary>What a description of a network is, and the only kind that may be meant where one is expected.</summary>
    public const string Json = "a JSON file";

    const string Safetensors = "save the weights as safetensors, in the program that made it";
    const string Fetch = "the download went wrong, or the address wants a login: fetch the file itself";
    const string Python = "could run any code when read; convert it with: python3 -c \"import torch, safetensors.torch as s; "
        + "s.save_file(torch.load('FILE', map_location='cpu'), 'OUT')\"";

    static readonly ForeignFile s_empty = Broken("an empty file", "copy or save it again"),
        s_blank = Broken("a file of blanks", "copy or save it again"),
        s_pointer = Broken("a Git LFS pointer", "it stands for a file that this line fetches: git lfs pull"),
        s_page = Broken("a web page (HTML)", Fetch),
        s_xml = Broken("an XML file, such as a server's message", Fetch),
        s_torch = new("a PyTorch file (a zip archive with a pickle, as torch.save writes it)", null, "it " + Python),
        s_pickle = new("a pickle, as Python writes it, and torch.save before version 1.6", null, "it " + Python),
        s_arrays = new("an archive of numpy arrays (npz)", null,
            "convert it with: python3 -c \"import numpy, safetensors.numpy as s; s.save_file(dict(numpy.load('FILE')), 'OUT')\""),
        s_zip = new("a zip archive", "unpack it first", "unpack it first; if torch.save wrote it (.pt, .pth), it " + Python),
        s_onnx = new("an ONNX model", null, "save the state_dict that it was made from as safetensors"),
        s_index = new("the index of a model in several files", null, "join the files that it lists into one"),
        s_json = new(Json, null, "a description of a network goes to --network, under a name that ends in .json"),
        s_csv = new("a table as text (csv)", null, "data go to --data; " + Safetensors);

    // The first bytes as Latin-1, and where they stand.
    static readonly (string Magic, int Offset, ForeignFile File)[] s_kinds =
    [
        ("GGUF", 0, Other("a GGUF file, as llama.cpp reads it")),
        ("\u0089HDF\r\n\u001a\n", 0, Other("an HDF5 file, as Keras (.h5) and MATLAB (.mat) write it")),
        ("\u0089HDF\r\n\u001a\n", 512, Other("an HDF5 file, as Keras (.h5) and MATLAB (.mat) write it")),
        ("\u0093NUMPY", 0, new("a numpy array (npy)", null, "data go to --data; " + Safetensors)),
        ("TFL3", 4, Other("a TensorFlow Lite model")),
        ("\u001f\u008b", 0, Packed("gzip", "gunzip < FILE > OUT")),
        ("1AY&SY", 4, Packed("bzip2", "bunzip2 < FILE > OUT")), // behind BZh and a digit
        ("\u00fd7zXZ\0", 0, Packed("xz", "unxz < FILE > OUT")),
        ("\u0028\u00b5\u002f\u00fd", 0, Packed("zstd", "unzstd < FILE > OUT")),
        ("\u0004\u0022\u004d\u0018", 0, Packed("lz4", "unlz4 < FILE > OUT")),
        ("7z\u00bc\u00af\u0027\u001c", 0, Packed("7z", "7z x FILE")),
        ("Rar!\u001a\u0007", 0, Packed("rar", "unrar x FILE")),
        ("ustar", 257, Packed("tar", "tar -xf FILE")),
        ("PAR1", 0, Other("a Parquet file")),
        ("SQLite format 3\0", 0, Other("an SQLite database")),
        ("\u0089PNG\r\n", 0, Other("a picture (PNG)")),
        ("\u00ff\u00d8\u00ff", 0, Other("a picture (JPEG)")),
        ("%PDF-", 0, Other("a PDF document")),
    ];

    static ForeignFile Broken(string name, string remedy) => new(name, remedy, remedy);

    static ForeignFile Other(string name) => new(name, null, Safetensors);

    static ForeignFile Packed(string format, string command)
        => new($"a file packed with {format}", "unpack it first", $"unpack it first, with: {command}");

    /// <summary>Whether it may be a table, or one that has no rows yet: what is foreign to weights alone.</summary>
    public bool IsData => IsText || this == s_csv || this == s_empty || this == s_blank;

    /// <summary>Whether it is text of no known kind.</summary>
    bool IsText { get; init; }

    /// <summary>What a file is, to stand behind "is"; null where nothing is recognised.</summary>
    /// <param name="start">its first <see cref="StartBytes"/> bytes, or all</param>
    public static string? NameOf(ReadOnlySpan<byte> start) => Of(start)?.Name;

    /// <summary>What a file is; null where nothing is recognised. A reader asks where a file does not begin as its own do.</summary>
    /// <param name="start">its first <see cref="StartBytes"/> bytes, or all</param>
    public static ForeignFile? Of(ReadOnlySpan<byte> start)
    {
        if (start.IsEmpty) return s_empty;
        foreach (var (magic, offset, file) in s_kinds)
        {
            if (start.Length >= offset && StartsWith(start[offset..], magic)) return file;
        }

        if (StartsWith(start, "PK\u0003\u0004") || StartsWith(start, "PK\u0005\u0006")) return InZip(start);
        return IsPickle(start) ? s_pickle : IsOnnx(start) ? s_onnx : InText(start);
    }

    /// <summary>The one line that refuses a file where weights were expected.</summary>
    /// <param name="path">the file</param>
    public string Refusal(string path)
    {
        string stem = Path.ChangeExtension(path, null),
            output = Path.GetExtension(stem) == ".safetensors" ? stem : Path.ChangeExtension(path, ".safetensors");
        if (output == path) output = stem + ".new.safetensors";
        return $"{path} is {Name}{(Remedy is null ? ", where a safetensors file is expected" : "")}: "
            + ForWeights.Replace("OUT", InPython(output), StringComparison.Ordinal)
                .Replace("FILE", InPython(path), StringComparison.Ordinal);
    }

    static string InPython(string path)
        => path.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("'", "\\'", StringComparison.Ordinal);

    static bool StartsWith(ReadOnlySpan<byte> bytes, string magic)
    {
        if (bytes.Length < magic.Length) return false;
        for (int i = 0; i < magic.Length; i++)
        {
            if (bytes[i] != magic[i]) return false;
        }

        return true;
    }

    // The first entry's name says who wrote the archive. Source: PKWARE's APPNOTE.TXT, 4.3.7.
    static ForeignFile InZip(ReadOnlySpan<byte> start)
    {
        if (start.IndexOf("data.pkl"u8) >= 0) return s_torch;
        if (start.Length < 30) return s_zip;
        int length = BinaryPrimitives.ReadUInt16LittleEndian(start[26..]);
        return start[30..Math.Min(start.Length, 30 + length)].EndsWith(".npy"u8) ? s_arrays : s_zip;
    }

    // Protocol 2 or later, and an operation that a pickle begins with: a frame, a number, a text, a list, a dictionary, a class.
    static bool IsPickle(ReadOnlySpan<byte> start)
        => IsOldPickle(start) || start is [0x80, >= 2 and <= 5, 0x95 or 0x8A or 0x8C or (byte)'K' or (byte)'X' or (byte)']' or (byte)'}'
            or (byte)')' or (byte)'(' or (byte)'c', ..];

    // Protocols 0 and 1: a dictionary, a list or an object.
    static bool IsOldPickle(ReadOnlySpan<byte> start)
        => StartsWith(start, "(dp0\n") || StartsWith(start, "(lp0\n") || StartsWith(start, "ccopy_reg\n")
            || StartsWith(start, "}q\0") || StartsWith(start, "]q\0");

    // Field 1, the version, 3 or more in files that are about; then the producer's name, or a field behind it. Source: onnx.proto.
    static bool IsOnnx(ReadOnlySpan<byte> start)
        => start is [0x08, >= 3 and <= 32, 0x12, < 128 and var length, .. var rest]
            ? Ascii.IsValid(rest[..Math.Min(length, rest.Length)]) && !rest[..Math.Min(length, rest.Length)].Contains((byte)0)
            : start is [0x08, >= 3 and <= 32, 0x1A or 0x22 or 0x28 or 0x32 or 0x3A or 0x42, ..];

    static ForeignFile? InText(ReadOnlySpan<byte> start)
    {
        string text = TextStart.Decode(start, out bool isText).TrimStart('\uFEFF', ' ', '\t', '\r', '\n', '\f');
        if (Begins("version https://git-lfs.") || Begins("version https://hawser.")) return s_pointer;
        if (Begins("<") && TextStart.IsPage(text)) return s_page;
        if (Begins("<?xml") || Begins("<!doctype")) return s_xml;
        if (!isText) return null;
        if (text.Length == 0) return s_blank;
        if (Begins("<")) return s_xml;
        if (Begins("{") || Begins("[")) return text.Contains("\"weight_map\"", StringComparison.Ordinal) ? s_index : s_json;
        return TextStart.IsTable(text)
            ? s_csv
            : new ForeignFile($"text that begins with '{TextStart.FirstWords(text)}'", null,
                "fetch the file again if that is a server's message, else " + Safetensors)
            { IsText = true };

        bool Begins(string what) => text.StartsWith(what, StringComparison.OrdinalIgnoreCase);
    }
}

/// <summary>The beginning of a file as text.</summary>
static class TextStart
{
    const int LongestWords = 40;

    // What stands first in pages that leave <html> out, as browsers let them.
    static readonly string[] s_elements =
        ["<!--", "<head", "<body", "<title", "<meta", "<script", "<style", "<center", "<h1", "<h2", "<div", "<p>", "<pre", "<table"];

    /// <summary>Text of any bytes: those of UTF-16 where its mark says so, else UTF-8.</summary>
    /// <param name="start">of a file, perhaps cut inside a letter</param>
    /// <param name="isText">whether it is whole: no control characters and no broken letters</param>
    public static string Decode(ReadOnlySpan<byte> start, out bool isText)
    {
        string text = start switch
        {
            [0xFF, 0xFE, ..] => Encoding.Unicode.GetString(start),
            [0xFE, 0xFF, ..] => Encoding.BigEndianUnicode.GetString(start),
            _ => Encoding.UTF8.GetString(start),
        };
        var whole = text.AsSpan().TrimEnd('\uFFFD'); // what the cut left of a letter
        isText = whole.Length > 0 && text.Length - whole.Length <= 3 && !whole.Contains('\uFFFD');
        foreach (char letter in whole) isText &= !char.IsControl(letter) || letter is '\t' or '\r' or '\n' or '\f';
        return text;
    }

    /// <summary>Whether text that begins with a tag is a web page.</summary>
    public static bool IsPage(string text)
        => text.Contains("<html", StringComparison.OrdinalIgnoreCase) || text.Contains("<!doctype html", StringComparison.OrdinalIgnoreCase)
            || Array.Exists(s_elements, element => text.StartsWith(element, StringComparison.OrdinalIgnoreCase));

    /// <summary>Whether the first two lines have the same separators.</summary>
    public static bool IsTable(string text)
    {
        string[] lines = text.Split('\n', 3);
        return lines.Length > 1 && ",;\t".Any(separator => lines[0].AsSpan().Count(separator) is > 0 and var count
            && count == lines[1].AsSpan().Count(separator));
    }

    /// <summary>What stands in the first line, cut where it is long.</summary>
    public static string FirstWords(string text) => NameText.Shown(text.Split('\n', 2)[0].Trim(), LongestWords);
}
