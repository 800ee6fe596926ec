using System.Buffers.Binary;
using System.IO.Compression;
using System.Text;
using Xunit;

namespace EdgeLearn.Tests;

/// <summary>A file that is something else is called what it is, in one line that says what to do.</summary>
public sealed class ForeignFileTests
{
    // The letters as bytes.
    static byte[] Bytes(string latin) => Encoding.Latin1.GetBytes(latin);

    static string Refusal(byte[] file, string path = "m.safetensors")
    {
        string message = Assert.Throws<EdgeLearnException>(() => SafeTensors.FromMemory(file, path)).Message;
        Assert.DoesNotContain('\n', message);
        return message;
    }

    [Theory]
    [InlineData("", "an empty file")]
    [InlineData(" \n\t ", "a file of blanks")]
    [InlineData("version https://git-lfs.github.com/spec/v1\noid sha256:4d\nsize 12345\n", "a Git LFS pointer")]
    [InlineData("version https://hawser.github.com/spec/v1\noid sha256:4d\nsize 12345\n", "a Git LFS pointer")]
    [InlineData("<!DOCTYPE html><html><body>Not found</body></html>", "a web page (HTML)")]
    [InlineData("\r\n\n   <!doctype HTML>", "a web page (HTML)")]
    [InlineData("\u00ef\u00bb\u00bf<HTML lang=en>", "a web page (HTML)")]
    [InlineData("\u00ef\u00bb\u00bf \n<Html>", "a web page (HTML)")]
    [InlineData("\u00ff\u00fe<\0h\0t\0m\0l\0>\0", "a web page (HTML)")]
    [InlineData("<!-- made by hand --><title>x</title>", "a web page (HTML)")]
    [InlineData("<title>\u00e9</title>", "a web page (HTML)")] // Latin-1
    [InlineData("<?xml version=\"1.0\"?><!DOCTYPE html PUBLIC \"-//W3C//DTD XHTML 1.0\"><html>", "a web page (HTML)")]
    [InlineData("<?xml version=\"1.0\"?>\n<Error><Code>AccessDenied</Code></Error>", "an XML file, such as a server's message")]
    [InlineData("<Error>AccessDenied</Error>", "an XML file, such as a server's message")]
    [InlineData("GGUF\u0003\0\0\0\0\0\0\0", "a GGUF file, as llama.cpp reads it")]
    [InlineData("\u0089HDF\r\n\u001a\n\0\0\0\0", "an HDF5 file, as Keras (.h5) and MATLAB (.mat) write it")]
    [InlineData("\u0080\u0002\u008a\nl\u00fc\u009cF\u00f9 j\u00a8P\u0019.",
        "a pickle, as Python writes it, and torch.save before version 1.6")]
    [InlineData("\u0080\u0004\u0095\u0010\0\0\0\0\0\0\0}", "a pickle, as Python writes it, and torch.save before version 1.6")]
    [InlineData("(dp0\nVa\np1\n(lp2\n", "a pickle, as Python writes it, and torch.save before version 1.6")]
    [InlineData("}q\0(X\u0001\0\0\0aq\u0001", "a pickle, as Python writes it, and torch.save before version 1.6")]
    [InlineData("\u0093NUMPY\u0001\0v\0{'descr': '<f4'", "a numpy array (npy)")]
    [InlineData("\u001f\u008b\b\0\0\0\0\0\0\u0003", "a file packed with gzip")]
    [InlineData("BZh91AY&SY\0\0", "a file packed with bzip2")]
    [InlineData("\u00fd7zXZ\0\0\u0004", "a file packed with xz")]
    [InlineData("\u0028\u00b5\u002f\u00fd\u0004\0", "a file packed with zstd")]
    [InlineData("\b\u0007\u0012\u0007pytorch\u001a\u00051.13.", "an ONNX model")]
    [InlineData("\b\n:\u00c8\u0001\n\u0010", "an ONNX model")]
    [InlineData("{\"version\":1,\"input\":[4]}", "a JSON file")]
    [InlineData("  [1, 2]", "a JSON file")]
    [InlineData("{\"metadata\":{},\"weight_map\":{\"a\":\"model-00001-of-00002.safetensors\"}}", "the index of a model in several files")]
    [InlineData("a,b,c\n1,2,3\n", "a table as text (csv)")]
    [InlineData("a;b\n1;2", "a table as text (csv)")]
    [InlineData("404: Not Found", "text that begins with '404: Not Found'")]
    [InlineData("Z\u00c3\u00bcrich", "text that begins with 'Z\u00fcrich'")]
    public void A_file_is_called_what_it_is(string latin, string expected)
    {
        byte[] file = Bytes(latin);
        Assert.Equal(expected, ForeignFile.NameOf(file));
        Assert.StartsWith($"m.safetensors is {expected}", Refusal(file), StringComparison.Ordinal);
        byte[] longer = [.. file, .. Enumerable.Repeat((byte)(latin.Contains('\0') ? 0 : 'x'), latin.Length > 4 ? 5000 : 0)];
        Assert.Equal(expected.Split('\'')[0], ForeignFile.NameOf(longer.AsSpan(0, Math.Min(longer.Length, ForeignFile.StartBytes)))!
            .Split('\'')[0]);
    }

    [Theory]
    [InlineData("")]
    [InlineData("\0\0\0\0\0\0\0\0")]
    [InlineData("\u0001\u0002\u0003\u0004\u0005\u0006\u0007\b\t")]
    [InlineData("\u00ff\u00fa\u00fb\u00fc\u00f0\u00f1\u00f2\u00f3\u00f4\u00f5")]
    [InlineData("\u0080\u0002\0\0\0\0\0\0")] // a header of 640 bytes begins like a pickle
    public void Bytes_that_nobody_knows_are_not_named(string latin)
    {
        if (latin.Length > 0) Assert.Null(ForeignFile.NameOf(Bytes(latin)));
        else Assert.Equal("an empty file", ForeignFile.NameOf([]));
    }

    [Fact]
    public void Archives_are_told_apart_by_their_first_entry()
    {
        static byte[] Zip(string entry)
        {
            using var stream = new MemoryStream();
            using (var zip = new ZipArchive(stream, ZipArchiveMode.Create))
            {
                using var content = zip.CreateEntry(entry).Open();
                content.Write("content"u8);
            }

            return stream.ToArray();
        }

        Assert.Equal("a PyTorch file (a zip archive with a pickle, as torch.save writes it)", ForeignFile.NameOf(Zip("net/data.pkl")));
        Assert.Equal("an archive of numpy arrays (npz)", ForeignFile.NameOf(Zip("layer0.npy")));
        Assert.Equal("a zip archive", ForeignFile.NameOf(Zip("readme.txt")));
        Assert.Equal("net.pt is a zip archive: unpack it first; if torch.save wrote it (.pt, .pth), it could run any code when read; "
            + "convert it with: python3 -c \"import torch, safetensors.torch as s; s.save_file(torch.load('net.pt', map_location='cpu'), "
            + "'net.safetensors')\"", Refusal(Zip("readme.txt"), "net.pt"));
        for (int length = 4; length < 40; length++) Assert.NotNull(ForeignFile.NameOf(Zip("layer0.npy").AsSpan(0, length)));
    }

    [Fact]
    public void The_line_says_what_to_do()
    {
        Assert.Equal("m.safetensors is a Git LFS pointer: it stands for a file that this line fetches: git lfs pull",
            Refusal(Bytes("version https://git-lfs.github.com/spec/v1\n")));
        Assert.Equal("m.safetensors is a web page (HTML): the download went wrong, or the address wants a login: fetch the file itself",
            Refusal(Bytes("<html>")));
        Assert.Equal("m.safetensors.gz is a file packed with gzip: unpack it first, with: gunzip < m.safetensors.gz > m.safetensors",
            Refusal([0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 3], "m.safetensors.gz"));
        Assert.Equal("m.safetensors is a GGUF file, as llama.cpp reads it, where a safetensors file is expected: save the weights as "
            + "safetensors, in the program that made it", Refusal(Bytes("GGUF\u0003\0\0\0")));
        string pickle = Refusal([0x80, 2, (byte)'}', (byte)'q', 1, 1, 1, 1, 1], "it's.safetensors"); // not over the file that is read
        Assert.EndsWith("s.save_file(torch.load('it\\'s.safetensors', map_location='cpu'), 'it\\'s.new.safetensors')\"", pickle,
            StringComparison.Ordinal);
    }

    [Fact]
    public void A_safetensors_file_is_none_of_them_whatever_the_length_of_its_header()
    {
        // Lengths whose bytes begin as gzip, a pickle, ONNX and text do; a header may end in blanks.
        foreach (int length in (int[])[0x088B1F, 0x950280, 0x120708, 0x202020, '{' | '"' << 8])
        {
            byte[] file = new byte[8 + length + 4];
            BinaryPrimitives.WriteInt64LittleEndian(file, length);
            file.AsSpan(8, length).Fill((byte)' ');
            Bytes("""{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}""").CopyTo(file, 8);
            using var read = SafeTensors.FromMemory(file, "m");
            Assert.Equal(["a"], read.Tensors.Select(tensor => tensor.Name));
        }
    }

    [Fact]
    public void Any_bytes_are_looked_at_without_harm()
    {
        var random = new Random(3);
        string[] starts =
            ["", "PK\u0003\u0004", "\b\u0007\u0012", "\u0080\u0004", "<", "{", "\u00ff\u00fe", "\u00fe\u00ff", "\u00ef\u00bb"];
        for (int n = 0; n < 20_000; n++)
        {
            byte[] file = new byte[random.Next(n % 10 == 0 ? ForeignFile.StartBytes + 1 : 40)];
            random.NextBytes(file);
            if (n % 3 == 0) foreach (ref byte letter in file.AsSpan()) letter = (byte)(32 + letter % 95);
            byte[] start = Bytes(starts[n % starts.Length]);
            start.AsSpan(0, Math.Min(start.Length, file.Length)).CopyTo(file);
            if (ForeignFile.Of(file) is { } other) Assert.DoesNotContain('\n', other.Refusal("m"));
        }
    }
}
