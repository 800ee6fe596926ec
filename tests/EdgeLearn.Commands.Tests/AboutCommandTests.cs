using System.Runtime.InteropServices;
using Xunit;

namespace EdgeLearn.Tests;

public sealed class AboutCommandTests : IDisposable
{
    readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void The_program_names_itself_and_the_machine()
    {
        var program = Invoked.Run("info", "--json").Json().GetProperty("program");
        Assert.Equal(("JIT", "Apache-2.0", Environment.ProcessorCount, 1, 1),
            (program.Text("compiled"), program.Text("licence"), program.Number("cores"), program.Number("noise_version"),
            program.Number("model_format")));
        Assert.Contains((int)program.Number("vector_bits"), new[] { 32, 128, 256, 512 });
        string architecture = RuntimeInformation.ProcessArchitecture == Architecture.X64 ? "x86-64-v" : "arm64";
        Assert.StartsWith(architecture, program.Text("instruction_set"));
        // The JIT uses what the CPU has, unless it is told not to.
        if (Environment.GetEnvironmentVariable("DOTNET_EnableHWIntrinsic") is null)
            Assert.Equal(program.Text("cpu_instruction_set"), program.Text("instruction_set"));
        Assert.InRange(program.Number("peak_rss_bytes"), 1e6, program.Number("memory_bytes"));
        string text = Invoked.Run("info").Output;
        foreach (string word in new[] { "EdgeLearn", "instructions", "machine", "this process", "formats" })
            Assert.Contains($"{word} ", text);
    }

    [Fact]
    public void A_model_is_a_table_of_layers()
    {
        string path = _folder["model.safetensors"];
        using (var network = new Network(NetworkSpec.Parse("8x8-20@4x4-3", null, Loss.SoftmaxCrossEntropy)).Initialise(1))
            ModelFile.Save(path, new Model(network, Preparation.ScaleBy(16), ["a", "b", "c"]));
        var model = Invoked.Run("info", "--model", path, "--json").Json().GetProperty("model");
        Assert.Equal(("8x8-20@4x4-3", "cross-entropy", "global"), (model.Text("network"), model.Text("loss"), model.Text("preparation")));
        Assert.Equal((20 * 17) + (3 * 21), model.Number("parameter_count"));
        Assert.Equal((20 * 16) + (3 * 20), model.Number("multiply_adds"));
        Assert.Equal(new FileInfo(path).Length, model.Number("file_bytes"));
        string text = Invoked.Run("info", "--model", path).Output;
        Assert.Contains("classes  a, b, c\n", text);
        Assert.Matches(@"layers\.0 +receptive 20 of 4x4 tanh +20 +340 +1\.52 kB +336 B +320\n", text);
    }
}
