using System.Runtime.InteropServices;
using System.Text;

namespace EdgeLearn.Tests;

/// <summary>How a tensor's values are stored in the file.</summary>
public enum Encoding32
{
    Raw,
    PackedFloats,
    UnpackedFloats,
}

/// <summary>A message in protobuf's wire format, written by the letter and independent of the product's own writer.</summary>
sealed class Message
{
    readonly List<byte> _bytes = [];

    public byte[] ToArray() => [.. _bytes];

    public Message Number(int field, long value)
    {
        Varint((ulong)field << 3);
        Varint((ulong)value);
        return this;
    }

    public Message Bytes(int field, byte[] content)
    {
        Varint((ulong)field << 3 | 2);
        Varint((ulong)content.Length);
        _bytes.AddRange(content);
        return this;
    }

    public Message Text(int field, string text) => Bytes(field, Encoding.UTF8.GetBytes(text));

    public Message Sub(int field, Message message) => Bytes(field, message.ToArray());

    public Message Float(int field, float value)
    {
        Varint((ulong)field << 3 | 5);
        _bytes.AddRange(BitConverter.GetBytes(value));
        return this;
    }

    void Varint(ulong value)
    {
        for (; value > 127; value >>= 7) _bytes.Add((byte)(value & 127 | 128));
        _bytes.Add((byte)value);
    }
}

/// <summary>Writes small ONNX models.</summary>
static class OnnxWriter
{
    public const int Float32 = 1, Int64 = 7, Float16 = 10;

    public static Message Tensor(string name, long[] shape, float[] values, Encoding32 encoding = Encoding32.Raw)
    {
        var tensor = new Message();
        foreach (long size in shape) tensor.Number(1, size);
        tensor.Number(2, Float32).Text(8, name);
        byte[] raw = MemoryMarshal.AsBytes<float>(values).ToArray();
        if (encoding == Encoding32.Raw) tensor.Bytes(9, raw);
        if (encoding == Encoding32.PackedFloats) tensor.Bytes(4, raw);
        if (encoding == Encoding32.UnpackedFloats)
        {
            foreach (float value in values) tensor.Float(4, value);
        }

        return tensor;
    }

    /// <summary>A value with its shape; 0 or less is a batch dimension named N.</summary>
    public static Message Value(string name, params long[] shape)
    {
        var dimensions = new Message();
        foreach (long size in shape) dimensions.Sub(1, size > 0 ? new Message().Number(1, size) : new Message().Text(2, "N"));
        return new Message().Text(1, name).Sub(2, new Message().Sub(1, new Message().Number(1, Float32).Sub(2, dimensions)));
    }

    public static Message Node(string operation, string[] inputs, string output, params (string Name, long Value)[] attributes)
    {
        var node = new Message();
        foreach (string input in inputs) node.Text(1, input);
        node.Text(2, output).Text(4, operation);
        foreach (var (name, value) in attributes) node.Sub(5, new Message().Text(1, name).Number(3, value).Number(20, 2));
        return node;
    }

    public static byte[] Model(int irVersion, IEnumerable<Message> nodes, IEnumerable<Message> initializers, IEnumerable<Message> inputs,
        IEnumerable<Message> outputs)
    {
        var graph = new Message();
        foreach (var node in nodes) graph.Sub(1, node);
        graph.Text(2, "a graph");
        foreach (var tensor in initializers) graph.Sub(5, tensor);
        foreach (var input in inputs) graph.Sub(11, input);
        foreach (var output in outputs) graph.Sub(12, output);
        return new Message().Number(1, irVersion).Text(2, "tests").Sub(7, graph).Sub(8, new Message().Text(1, "").Number(2, 9)).ToArray();
    }
}
