using System.Buffers.Binary;
using System.Text;
using Xunit;

namespace EdgeLearn.Tests;

public sealed class SafeTensorsTests
{
    // Written by hand from the specification, not by our writer.
    static byte[] File(string header, int dataBytes)
    {
        byte[] text = Encoding.UTF8.GetBytes(header);
        byte[] file = new byte[8 + text.Length + dataBytes];
        BinaryPrimitives.WriteUInt64LittleEndian(file, (ulong)text.Length);
        text.CopyTo(file, 8);
        for (int i = 0; i < dataBytes; i++) file[8 + text.Length + i] = (byte)(i + 1);
        return file;
    }

    const string Valid =
        """{"__metadata__":{"k":"v"},"a":{"dtype":"F32","shape":[2,1],"data_offsets":[0,8]},""" + "\"b\":"
            + """{"dtype":"U8","shape":[],"data_offsets":[8,9]}}""";

    [Fact]
    public void Tensors_and_metadata_are_read_as_the_format_says()
    {
        using var file = SafeTensors.FromMemory(File(Valid, 9), "test");
        Assert.Equal("v", file.Metadata["k"]);
        var a = file.Find("a")!;
        Assert.Equal(("F32", 8L), (a.Type, a.Bytes));
        Assert.Equal([2, 1], a.Shape);
        byte[] bytes = new byte[1];
        file.Read(file.Find("b")!, bytes);
        Assert.Equal(9, bytes[0]);
        Assert.Null(file.Find("c"));
    }

    [Fact]
    public void A_file_cut_at_any_byte_is_refused_in_one_line()
    {
        byte[] whole = File(Valid, 9);
        for (int length = 0; length < whole.Length; length++)
        {
            var error = Assert.Throws<EdgeLearnException>(() => SafeTensors.FromMemory(whole.AsMemory(0, length), "cut"));
            Assert.DoesNotContain('\n', error.Message);
        }
    }

    [Theory]
    [InlineData("""{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,12]}}""", "lies at bytes")]
    [InlineData("""{"a":{"dtype":"F32","shape":[2000000000,2000000000],"data_offsets":[0,8]}}""", "impossible")]
    [InlineData("""{"a":{"dtype":"F32","shape":[-2],"data_offsets":[0,8]}}""", "dimension of -2")]
    [InlineData("""{"a":{"dtype":"F32","shape":[2],"data_offsets":[-8,0]}}""", "lies at bytes")]
    [InlineData("""{"a":{"dtype":"F31","shape":[2],"data_offsets":[0,8]}}""", "unknown type")]
    [InlineData("""{"a":{"dtype":"F32","data_offsets":[0,8]}}""", "lacks")]
    [InlineData("""{"a":{"dtype":"F32","shape":[2],"data_offsets":[9223372036854775800,9223372036854775808]}}""", "broken")]
    [InlineData("""{"a":7}""", "no object")]
    [InlineData("""[1]""", "no JSON object")]
    [InlineData("""{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}""", "twice")]
    public void A_header_that_lies_is_refused(string header, string reason)
    {
        var error = Assert.Throws<EdgeLearnException>(() => SafeTensors.FromMemory(File(header, 8), "liar"));
        Assert.Contains(reason, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_gigantic_header_is_refused_before_it_is_allocated()
    {
        byte[] file = new byte[64];
        BinaryPrimitives.WriteUInt64LittleEndian(file, ulong.MaxValue / 2);
        long before = GC.GetAllocatedBytesForCurrentThread();
        Assert.Throws<EdgeLearnException>(() => SafeTensors.FromMemory(file, "huge"));
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 100_000);
    }

    [Fact]
    public void The_writer_gives_aligned_data_and_the_same_bytes_each_time()
    {
        static byte[] Write()
        {
            var writer = new SafeTensorsWriter();
            writer.AddMetadata("name", "\"quoted\"");
            writer.Add("w", [2], [1.5f, -2f]);
            writer.Add("i", [1, 1], (ReadOnlySpan<int>)[7]);
            return writer.ToArray();
        }

        byte[] file = Write();
        Assert.Equal(file, Write());
        Assert.Equal(0UL, BinaryPrimitives.ReadUInt64LittleEndian(file) % 8);
        Assert.Equal([0, 0, 0xC0, 0x3F, 0, 0, 0, 0xC0, 7, 0, 0, 0], file[^12..]);
        using var read = SafeTensors.FromMemory(file, "test");
        Assert.Equal("\"quoted\"", read.Metadata["name"]);
    }
}
