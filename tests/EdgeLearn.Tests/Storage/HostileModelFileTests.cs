using System.Buffers.Binary;
using System.Text;
using Xunit;

namespace EdgeLearn.Tests;

/// <summary>Model files that lie: each is refused in one line that names what is wrong, before memory is taken on its word.</summary>
public sealed class HostileModelFileTests
{
    const string Description = """{"version":1,"input":[4],"loss":"cross-entropy","layers":[{"units":3}]}""";

    static byte[] Model(string network = Description, int[]? weight = null, string type = "F32", int shifts = 1, string format = "1",
        string? classes = null)
    {
        var writer = new SafeTensorsWriter();
        writer.AddMetadata("edgelearn.format", format);
        writer.AddMetadata("edgelearn.network", network);
        if (classes is not null) writer.AddMetadata("edgelearn.classes", classes);
        writer.Add("input.shift", [shifts], new float[shifts]);
        writer.Add("input.scale", [shifts], new float[shifts]);
        weight ??= [3, 4];
        writer.Add("layers.0.weight", type, weight, new byte[weight.Aggregate(1, (a, b) => a * b) * (type == "F64" ? 8 : 4)]);
        writer.Add("layers.0.bias", [3], new float[3]);
        return writer.ToArray();
    }

    // A header as it stands, however wrong, over so many bytes of content.
    static byte[] Raw(string header, int content = 0)
    {
        byte[] text = Encoding.UTF8.GetBytes(header), file = new byte[8 + text.Length + content];
        BinaryPrimitives.WriteUInt64LittleEndian(file, (ulong)text.Length);
        text.CopyTo(file, 8);
        return file;
    }

    static string Refusal(byte[] file)
    {
        long before = GC.GetAllocatedBytesForCurrentThread();
        string message = Assert.Throws<EdgeLearnException>(() => ModelFile.Load(file, "m.safetensors").Dispose()).Message;
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 4_000_000);
        Assert.DoesNotContain('\n', message);
        Assert.StartsWith("m.safetensors", message, StringComparison.Ordinal);
        return message;
    }

    [Fact]
    public void The_plain_file_is_read()
    {
        using var model = ModelFile.Load(Model(), "m.safetensors");
        Assert.Equal("4-3", model.Network.Spec.ToString());
    }

    [Fact]
    public void Tensors_that_do_not_fit_are_named_with_both_shapes()
    {
        Assert.Contains("tensor layers.0.weight is F32 [3, 5], expected F32 [3, 4]", Refusal(Model(weight: [3, 5])),
            StringComparison.Ordinal);
        Assert.Contains("tensor layers.0.weight is F64 [3, 4], expected F32 [3, 4]", Refusal(Model(type: "F64")), StringComparison.Ordinal);
        Assert.Contains("tensor layers.1.weight is missing",
            Refusal(Model("""{"version":1,"input":[4],"loss":"cross-entropy","layers":[{"units":3},{"units":2}]}""")),
            StringComparison.Ordinal);
        Assert.Contains("made for inputs of 3 values",
            Assert.Throws<EdgeLearnException>(() => ModelFile.Load(Model(shifts: 3), "m").Dispose()).Message, StringComparison.Ordinal);
        Assert.Contains("no list of 3 names", Refusal(Model(classes: """["a","b"]""")), StringComparison.Ordinal);
        Assert.Contains("model format '2', this program reads 1: use a newer program", Refusal(Model(format: "2")),
            StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("", "broken network description")]
    [InlineData("[]", "broken network description")]
    [InlineData("""{"version":2}""", "network description of version 2")]
    [InlineData("""{"version":1,"input":[0],"loss":"cross-entropy","layers":[{"units":3}]}""",
        "input [0], expected one to three numbers of 1 or more")]
    [InlineData("""{"version":1,"input":[99999,99999],"loss":"cross-entropy","layers":[{"units":3}]}""", "expected one to three numbers")]
    [InlineData("""{"version":1,"input":[4],"loss":"cross-entropy","layers":[{"kind":"magic"}]}""", "unknown kind of layer 'magic'")]
    [InlineData("""{"version":1,"input":[4],"loss":"cross-entropy","layers":7}""", "broken network description")]
    public void A_broken_description_is_refused(string network, string expected)
    => Assert.Contains(expected, Refusal(Model(network)), StringComparison.Ordinal);

    [Fact]
    public void A_description_that_is_a_thousand_blocks_deep_is_refused()
    {
        string open = string.Concat(Enumerable.Repeat("""{"kind":"residual","body":[""", 1000)),
            close = string.Concat(Enumerable.Repeat("]}", 1000));
        Assert.Contains("broken network description",
            Refusal(Model($$"""{"version":1,"input":[4],"loss":"cross-entropy","layers":[{{open}}{"units":4}{{close}}]}""")),
            StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""{"a":{"dtype":"F32","shape":[-1],"data_offsets":[0,4]}}""", "a has a dimension of -1")]
    [InlineData("""{"a":{"dtype":"F32","shape":[2147483647,2147483647,2147483647,2147483647],"data_offsets":[0,4]}}""",
        "a has an impossible shape")]
    [InlineData("""{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,4]}}""", "its shape needs 8")]
    [InlineData("""{"a":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}""", "tensor a lies at bytes 4..8 of 4")]
    [InlineData("""{"a":{"dtype":"F32","shape":[1],"data_offsets":[-4,0]}}""", "tensor a lies at bytes -4..0")]
    [InlineData("""{"a":{"dtype":"Q4","shape":[1],"data_offsets":[0,4]}}""", "unknown type Q4")]
    [InlineData("""{"a":{"dtype":"F32","shape":[1],"data_offsets":[0]}}""", "lacks dtype, shape or data_offsets")]
    [InlineData("""{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}""",
        "tensor a appears twice")]
    [InlineData("""[1,2]""", "no JSON object")]
    [InlineData("""{"a":""", "header is broken at byte")]
    public void A_header_that_promises_what_is_not_there_is_refused(string header, string expected)
    => Assert.Contains(expected, Refusal(Raw(header, 4)), StringComparison.Ordinal);

    [Fact]
    public void A_header_of_exabytes_is_refused()
    {
        byte[] file = new byte[64];
        BinaryPrimitives.WriteUInt64LittleEndian(file, ulong.MaxValue - 3);
        Assert.Contains("the header claims", Refusal(file), StringComparison.Ordinal);
    }
}
