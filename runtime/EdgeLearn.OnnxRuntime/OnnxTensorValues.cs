using System.Buffers.Binary;

namespace EdgeLearn.OnnxRuntime;

/// <summary>The float32 content of an initializer, which a file holds either as <c>raw_data</c> or as <c>float_data</c>.</summary>
static class OnnxTensorValues
{
    const ulong External = 1;

    /// <summary>Requires a float32 tensor with a length; returns the length.</summary>
    public static int Require(OnnxTensor tensor, string model)
    {
        if (tensor.ElementType != OnnxElementType.Float32)
        {
            throw new EdgeLearnException($"{tensor} of {model} is not float32, the only type that is trained: name another tensor, or "
                + $"export the model in float32");
        }
        return tensor.Length > 0
            ? tensor.Length
            : throw new EdgeLearnException($"{tensor} of {model} has no usable number of values, expected 1 to 2^31 - 1");
    }

    public static void Read(ReadOnlySpan<byte> file, OnnxTensor tensor, string model, Span<float> values)
    {
        int length = Require(tensor, model);
        if (values.Length != length)
            throw new ArgumentException($"room for {values.Length} values, the tensor has {length}", nameof(values));
        int done = 0;
        var message = new WireReader(file, tensor.Content, model);
        while (message.Next())
        {
            RequireInside(message, tensor, model);
            if (message.Number is not (OnnxFields.TensorFloats or OnnxFields.TensorRaw)) continue;
            if (message.Type == WireType.Fixed32)
            {
                if (done < length) values[done] = BitConverter.UInt32BitsToSingle((uint)message.Value);
                done++;
                continue;
            }

            var bytes = message.RequireBytes().Of(file);
            if (bytes.Length % sizeof(float) != 0)
            {
                throw new EdgeLearnException($"{tensor} of {model} holds {bytes.Length:N0} bytes, no whole number of float32 values: "
                    + $"export the model again");
            }
            int count = bytes.Length / sizeof(float);
            for (int i = 0; i < Math.Min(count, length - done); i++)
                values[done + i] = BinaryPrimitives.ReadSingleLittleEndian(bytes[(i * sizeof(float))..]);
            done += count;
        }

        if (done != length)
            throw new EdgeLearnException($"{tensor} of {model} holds {done:N0} values, its shape says {length:N0}: export the model again");
    }

    static void RequireInside(in WireReader field, OnnxTensor tensor, string model)
    {
        bool isElsewhere = field.Number == OnnxFields.TensorDataLocation && field.RequireVarint() == External;
        if (isElsewhere)
        {
            throw new EdgeLearnException($"{tensor} of {model} lies in a file beside the model (external data), which is not supported: "
                + $"export the model as one file");
        }
    }

    /// <summary>The initializer's field with other values, as raw data; its other fields are copied.</summary>
    public static byte[] Replace(ReadOnlySpan<byte> file, OnnxTensor tensor, string model, ReadOnlySpan<float> values)
    {
        var content = new WireWriter();
        var message = new WireReader(file, tensor.Content, model);
        while (message.Next())
        {
            RequireInside(message, tensor, model);
            if (message.Number is not (OnnxFields.TensorFloats or OnnxFields.TensorRaw)) content.Copy(message.Field.Of(file));
        }

        content.Floats(OnnxFields.TensorRaw, values);
        return new WireWriter().Bytes(OnnxFields.GraphInitializer, content.ToArray()).ToArray();
    }

    /// <summary>The graph input (ValueInfoProto) that stands for an initializer.</summary>
    public static byte[] InputOf(OnnxTensor tensor)
    {
        var shape = new WireWriter();
        foreach (long size in tensor.Dimensions)
            shape.Bytes(OnnxFields.ShapeDimension, new WireWriter().Varint(OnnxFields.DimensionValue, (ulong)size).ToArray());
        byte[] type = new WireWriter().Varint(OnnxFields.TensorTypeElement, (ulong)tensor.ElementType)
            .Bytes(OnnxFields.TensorTypeShape, shape.ToArray()).ToArray();
        return new WireWriter().Text(OnnxFields.ValueName, tensor.Name)
            .Bytes(OnnxFields.ValueType, new WireWriter().Bytes(OnnxFields.TypeTensor, type).ToArray()).ToArray();
    }
}
