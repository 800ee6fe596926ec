using EdgeLearn.OnnxRuntime;
using Xunit;

namespace EdgeLearn.Tests;

public class OnnxModelTests
{
    static OnnxModel Small(Encoding32 encoding = Encoding32.Raw, int irVersion = 8)
    {
        using var network = DenseOnnx.Network("3-4-2");
        return DenseOnnx.Export(network, irVersion: irVersion, encoding: encoding);
    }

    static byte[] Bytes(OnnxModel model)
    {
        string path = Path.Combine(Path.GetTempPath(), Path.GetRandomFileName());
        try
        {
            model.Save(path);
            return File.ReadAllBytes(path);
        }
        finally
        {
            File.Delete(path);
        }
    }

    static string Refusal(Action action)
    {
        string message = Assert.Throws<EdgeLearnException>(action).Message;
        Assert.DoesNotContain('\n', message);
        return message;
    }

    [Theory]
    [InlineData(3)]
    [InlineData(8)]
    public void A_model_says_what_it_takes_gives_and_holds(int irVersion) => Assert.Equal(
        "inputs x float32[?,3]; outputs y float32[?,2]; initializers layers.0.weight float32[4,3], layers.0.bias float32[4], "
        + "layers.1.weight float32[2,4], layers.1.bias float32[2]",
        Small(irVersion: irVersion).Describe());

    [Theory]
    [InlineData(Encoding32.Raw)]
    [InlineData(Encoding32.PackedFloats)]
    [InlineData(Encoding32.UnpackedFloats)]
    public void Values_are_read_in_each_of_their_encodings(Encoding32 encoding)
    {
        using var network = DenseOnnx.Network("3-4-2");
        var model = DenseOnnx.Export(network, encoding: encoding);
        foreach (var slice in network.Parameters.Slices)
        {
            float[] values = new float[slice.Length];
            model.ReadValues(model.Initializer(slice.Name), values);
            Assert.Equal(network.Parameters[slice].ToArray(), values);
        }
    }

    [Theory]
    [InlineData(Encoding32.Raw)]
    [InlineData(Encoding32.PackedFloats)]
    [InlineData(Encoding32.UnpackedFloats)]
    public void New_values_are_read_back_and_the_old_ones_bring_the_old_file_back(Encoding32 encoding)
    {
        using var network = DenseOnnx.Network("3-4-2");
        var raw = DenseOnnx.Export(network);
        var slice = network.Parameters.Find("layers.0.weight")!;
        float[] values = Rows.Inputs(4, 3);
        var changed = DenseOnnx.Export(network, encoding: encoding).WithInitializer(slice.Name, values);
        float[] read = new float[values.Length];
        changed.ReadValues(changed.Initializer(slice.Name), read);
        Assert.Equal(values, read);

        foreach (var each in network.Parameters.Slices) changed = changed.WithInitializer(each.Name, network.Parameters[each]);
        Assert.Equal(Bytes(raw), Bytes(changed));
    }

    [Theory]
    [InlineData(3)]
    [InlineData(8)]
    public void A_lifted_initializer_is_an_input_and_no_initializer(int irVersion)
    {
        var model = Small(irVersion: irVersion);
        var lifted = model.WithInputs(model.Select("layers.0.weight"));
        Assert.DoesNotContain(lifted.Initializers, tensor => tensor.Name == "layers.0.weight");
        Assert.Equal(["layers.0.weight", "x"], lifted.Inputs.Select(input => input.Name).Order());
        Assert.Equal("layers.0.weight float32[4,3]", lifted.Inputs.Single(input => input.Name != "x").ToString());
        Assert.Equal(model.Initializers.Count - 1, lifted.Initializers.Count);
    }

    [Fact]
    public void A_pattern_selects_the_float_tensors_that_it_matches()
    {
        var names = (string pattern) => Small().Select(pattern).Select(tensor => tensor.Name);
        Assert.Equal(["layers.1.bias"], names("layers.1.bias"));
        Assert.Equal(["layers.0.weight", "layers.1.weight"], names("*.weight"));
        Assert.Equal(["layers.1.weight", "layers.1.bias"], names("layers.1.*"));
    }

    [Fact]
    public void An_unknown_name_is_answered_with_the_names_there_are()
    {
        string expected = "net.onnx has layers.0.weight float32[4,3], layers.0.bias float32[4], layers.1.weight float32[2,4], "
            + "layers.1.bias float32[2]";
        Assert.Equal("no initializer named 'fc.weight': " + expected, Refusal(() => Small().Initializer("fc.weight")));
        Assert.Equal("no float32 initializer named 'fc.*': " + expected, Refusal(() => Small().Select("fc.*")));
    }

    [Fact]
    public void Other_element_types_are_refused_by_name()
    {
        var half = new Message().Number(1, 2).Number(2, OnnxWriter.Float16).Text(8, "half").Bytes(9, new byte[4]);
        var index = new Message().Number(1, 1).Number(2, OnnxWriter.Int64).Text(8, "index").Bytes(9, new byte[8]);
        var model = new OnnxModel(OnnxWriter.Model(8, [], [half, index], [], []), "m.onnx");
        Assert.Equal("half float16[2] of m.onnx is not float32, the only type that is trained: name another tensor, or export the model "
            + "in float32", Refusal(() => model.Select("half")));
        Assert.StartsWith("index int64[1] of m.onnx is not float32", Refusal(() => model.WithInitializer("index", [1])));
        Assert.StartsWith("no float32 initializer named '*': m.onnx has half float16[2], index int64[1]", Refusal(() => model.Select("*")));
    }

    [Fact]
    public void A_shape_that_promises_more_than_the_file_holds_is_refused()
    {
        var claims = new Message().Number(1, 1000).Number(1, 1000).Number(2, OnnxWriter.Float32).Text(8, "w").Bytes(9, new byte[8]);
        var beyond = new Message().Number(1, 1L << 40).Number(1, 1L << 40).Number(2, OnnxWriter.Float32).Text(8, "v").Bytes(9, new byte[8]);
        var odd = new Message().Number(1, 2).Number(2, OnnxWriter.Float32).Text(8, "u").Bytes(9, new byte[7]);
        var model = new OnnxModel(OnnxWriter.Model(8, [], [claims, beyond, odd], [], []), "m.onnx");
        Assert.Contains("holds 2 values, its shape says 1,000,000",
            Refusal(() => model.ReadValues(model.Initializer("w"), new float[1_000_000])), StringComparison.Ordinal);
        Assert.Contains("no usable number of values", Refusal(() => model.Select("v")), StringComparison.Ordinal);
        Assert.Contains("7 bytes, no whole number of float32 values", Refusal(() => model.ReadValues(model.Initializer("u"), new float[2])),
            StringComparison.Ordinal);
        Assert.Contains("2 values for w float32[1000,1000] of m.onnx, expected 1,000,000",
            Refusal(() => model.WithInitializer("w", [1, 2])), StringComparison.Ordinal);
    }

    [Fact]
    public void Data_beside_the_model_are_refused()
    {
        var tensor = new Message().Number(1, 1).Number(2, OnnxWriter.Float32).Text(8, "w").Number(14, 1);
        var model = new OnnxModel(OnnxWriter.Model(8, [], [tensor], [], []), "m.onnx");
        Assert.Contains("external data", Refusal(() => model.ReadValues(model.Initializer("w"), new float[1])), StringComparison.Ordinal);
        Assert.Contains("external data", Refusal(() => model.WithInitializer("w", [1])), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("onnx-models/mnist-8-cntk/model.onnx")]
    public void Every_truncation_is_refused_in_one_line(string? real)
    {
        byte[] file = real is not null && TestData.Find(real) is { } path
            ? File.ReadAllBytes(path)
            : Bytes(Small(Encoding32.UnpackedFloats, irVersion: 3));
        for (int length = 0; length < file.Length; length++)
            Assert.Contains("is no whole ONNX model", Refusal(() => _ = new OnnxModel(file[..length], "m.onnx")), StringComparison.Ordinal);
    }

    [Fact]
    public void A_flipped_byte_is_read_or_refused()
    {
        byte[] file = Bytes(Small());
        int refused = 0;
        for (int i = 0; i < file.Length * 8; i++)
        {
            byte[] broken = (byte[])file.Clone();
            broken[i / 8] ^= (byte)(1 << (i % 8));
            try
            {
                var model = new OnnxModel(broken, "m.onnx");
                Assert.DoesNotContain(model.Describe(), char.IsControl);
                foreach (var tensor in model.Select("*")) model.ReadValues(tensor, new float[Math.Clamp(tensor.Length, 0, 1 << 16)]);
            }
            catch (EdgeLearnException)
            {
                refused++;
            }
            catch (ArgumentException)
            {
                // A shape that grew beyond the room that this test gives.
            }
        }

        Assert.InRange(refused, 100, file.Length * 8);
    }

    [Fact]
    public void A_file_that_is_not_there_or_is_something_else_is_refused()
    {
        Assert.Contains("cannot be read", Refusal(() => OnnxModel.Load("/nowhere/model.onnx")), StringComparison.Ordinal);
        Assert.Contains("is no whole ONNX model", Refusal(() => _ = new OnnxModel("PK\u0003\u0004 not a model"u8.ToArray(), "m.zip")),
            StringComparison.Ordinal);
        Assert.Contains("cannot be written", Refusal(() => Small().Save("/nowhere/model.onnx")), StringComparison.Ordinal);
    }
}
