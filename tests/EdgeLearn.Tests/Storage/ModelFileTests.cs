using Xunit;

namespace EdgeLearn.Tests;

public sealed class ModelFileTests
{
    static Model Sample() => new(
        new Network(NetworkSpec.Parse("4x4-6@2x3-5@3:relu-3", null, Loss.SoftmaxCrossEntropy)).Initialise(7),
        new Preparation([0.5f], [2f]),
        ["a", "b", "c"]);

    [Fact]
    public void Everything_comes_back_bit_for_bit()
    {
        using var model = Sample();
        byte[] bytes = ModelFile.ToArray(model);
        using var read = ModelFile.Load(bytes, "test");
        Assert.Equal(model.Network.Spec.ToString(), read.Network.Spec.ToString());
        Assert.Equal(model.Network.Parameters.ContentHash(), read.Network.Parameters.ContentHash());
        Assert.Equal(model.ClassNames, read.ClassNames);
        Assert.Equal(0.5f, read.Preparation.Shift[0]);
        Assert.Equal(bytes, ModelFile.ToArray(read)); // integer tensors included
    }

    [Theory]
    [InlineData("4x4x2-conv3x3x4:same:nobias-batchnorm-relu-residual(conv3x3x4:same-silu-conv3x3x4:same)-pool2-layernorm-5-3",
        "layers.3.body.2.bias")]
    [InlineData("9x3-conv3x4-rmsnorm-globalmax-3", "layers.1.weight")]
    [InlineData("5x5-residual(7@3x3-25-reshape5x5)-local2x2x2-3", "layers.0.body.0.window")]
    public void Layers_of_every_kind_come_back_bit_for_bit(string text, string tensor)
    {
        using var model = new Model(new Network(NetworkSpec.Parse(text, null, Loss.SoftmaxCrossEntropy)).Initialise(7),
            Preparation.Identity, null);
        byte[] bytes = ModelFile.ToArray(model);
        using var file = SafeTensors.FromMemory(bytes, "test");
        Assert.NotNull(file.Find(tensor));
        using var read = ModelFile.Load(bytes, "test");
        Assert.Equal(model.Network.Parameters.ContentHash(), read.Network.Parameters.ContentHash());
        Assert.Equal(bytes, ModelFile.ToArray(read));
    }

    [Fact]
    public void A_saved_file_is_read_from_disk_and_replaces_an_older_one_whole()
    {
        string path = Path.Combine(Directory.CreateTempSubdirectory("edgelearn-model-").FullName, "m.safetensors");
        File.WriteAllText(path, "old");
        using var model = Sample();
        ModelFile.Save(path, model);
        using var read = ModelFile.Load(path);
        Assert.Equal(model.Network.Parameters.ContentHash(), read.Network.Parameters.ContentHash());
        Assert.Single(Directory.GetFiles(Path.GetDirectoryName(path)!));
        Directory.Delete(Path.GetDirectoryName(path)!, recursive: true);
    }

    [Fact]
    public void A_file_cut_at_any_byte_is_refused_in_one_line()
    {
        using var model = Sample();
        byte[] bytes = ModelFile.ToArray(model);
        for (int length = 0; length < bytes.Length; length += length < 64 ? 1 : 13)
        {
            var error = Assert.Throws<EdgeLearnException>(() => ModelFile.Load(bytes.AsMemory(0, length), "cut"));
            Assert.DoesNotContain('\n', error.Message);
        }
    }

    [Fact]
    public void A_window_outside_the_image_and_a_weight_that_is_no_number_are_refused()
    {
        using var model = Sample();
        byte[] bytes = ModelFile.ToArray(model);
        using (var file = SafeTensors.FromMemory(bytes, "test"))
        {
            long start = bytes.Length - file.Tensors.Max(tensor => tensor.Offset + tensor.Bytes);
            byte[] outside = [.. bytes];
            outside[start + file.Find("layers.0.window")!.Offset] = 3; // rows 3 and 4 of a 4x4 image
            Assert.Contains("leaves the 4x4 image", Assert.Throws<EdgeLearnException>(() => ModelFile.Load(outside, "bad")).Message,
                StringComparison.Ordinal);
            byte[] notFinite = [.. bytes];
            BitConverter.TryWriteBytes(notFinite.AsSpan((int)(start + file.Find("layers.2.weight")!.Offset)), float.NaN);
            Assert.Contains("not a finite number", Assert.Throws<EdgeLearnException>(() => ModelFile.Load(notFinite, "bad")).Message,
                StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("784--10")]
    [InlineData("784")]
    [InlineData("")]
    [InlineData("-10")]
    [InlineData("784-0")]
    [InlineData("784-ten")]
    [InlineData("28x28-5@29x1-10")]
    [InlineData("784-5@2x2-10")]
    [InlineData("10-5@11-2")]
    [InlineData("10-5:sigmoid-2")]
    [InlineData("99999999999-10")]
    public void A_network_that_makes_no_sense_is_refused_in_one_line(string text)
        => Assert.DoesNotContain('\n',
            Assert.Throws<EdgeLearnException>(() => NetworkSpec.Parse(text, null, Loss.SoftmaxCrossEntropy)).Message);

    [Theory]
    [InlineData("28x28-1000@10x10-10")]
    [InlineData("16-8@4:relu-3:tanh")]
    [InlineData("8x8x3-5@2x2-2")]
    [InlineData("1x6-5-relu-4-leakyrelu0.25-reshape2x2-flatten-2")]
    public void The_json_form_says_the_same_as_the_shorthand(string text)
    {
        var spec = NetworkSpec.Parse(text, null, Loss.MeanSquareError);
        var read = NetworkJson.Read(NetworkJson.Write(spec), "test");
        Assert.Equal(text, spec.ToString());
        Assert.Equal(text, read.ToString());
        Assert.Equal(spec.Loss, read.Loss);
    }

    [Fact]
    public void A_description_of_millions_of_fields_allocates_nothing_on_its_word()
    {
        var writer = new SafeTensorsWriter();
        writer.AddMetadata("edgelearn.format", "1");
        writer.AddMetadata("edgelearn.network",
            """{"version":1,"input":[1,784,1],"loss":"cross-entropy",""" + "\"layers\":"
                + """[{"units":4000000,"inputs":100,"activation":"tanh"},{"units":10}]}""");
        byte[] file = writer.ToArray();
        long before = GC.GetAllocatedBytesForCurrentThread();
        Assert.Contains("layers.0.inputs is missing", Assert.Throws<EdgeLearnException>(() => ModelFile.Load(file, "bomb")).Message,
            StringComparison.Ordinal);
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 1_000_000);
    }

    [Fact]
    public void Planning_a_network_allocates_none_of_it()
    {
        var spec = NetworkSpec.Parse("784-4000000@100-10", null, Loss.SoftmaxCrossEntropy);
        long before = GC.GetAllocatedBytesForCurrentThread();
        Assert.InRange(TrainingPlan.MemoryOf(spec, new TrainingSettings()).TotalBytes, 3_000_000_000, 20_000_000_000);
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 4_000_000);
    }
}
