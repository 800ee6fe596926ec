using EdgeLearn.Protocol;

namespace EdgeLearn.Tests;

/// <summary>Codecs over arrays, which is what a test has in its hand.</summary>
static class UpdateBytes
{
    public static byte[] Encode(this UpdateCodec codec, in UpdateContext context, in BoardChange change)
    {
        using var content = new MemoryStream();
        codec.Encode(context, change, content);
        return content.ToArray();
    }

    public static Refusal Check(this UpdateCodec codec, in UpdateContext context, byte[] content, out string reason)
        => codec.Check(context, new MemoryStream(content), out reason);

    public static UpdateChange Decode(this UpdateCodec codec, in UpdateContext context, byte[] content)
        => codec.Decode(context, new MemoryStream(content));

    public static UpdateReport Report(ulong device, ulong weight, byte[] content)
        => new(device, weight, () => new MemoryStream(content));

    /// <summary>Reads a base that lies in memory.</summary>
    public static Action<int, Span<float>> Reader(float[] start) => (at, values) => start.AsSpan(at, values.Length).CopyTo(values);
}
