using System.CommandLine;

namespace EdgeLearn.Commands;

/// <summary><c>info</c>: this program, this machine, or a model file.</summary>
public static class AboutCommand
{
    /// <summary>The command.</summary>
    public static Command Create()
    {
        var model = OptionText.Text("--model", "FILE", "describe the network of a model file instead");
        var command = new ExampleCommand("info", "Describe this program and this machine, or a model file.", "",
            "--model digits.safetensors") { model, CommandOutput.JsonOption() };
        command.SetAction(parsed =>
        {
            var output = CommandOutput.Of(parsed);
            if (parsed.GetValue(model) is { } path)
            {
                ModelDescription.Of(path).Write(output);
                return;
            }

            var program = Program();
            output.Write(new AboutResult(program, null), ResultJson.Default.AboutResult, program.Write);
        });
        return command;
    }

    static ProgramDescription Program() => new(
        Version: typeof(AboutCommand).Assembly.GetName().Version!.ToString(3),
        Compiled: Machine.Compiled,
        InstructionSet: InstructionSet.Name,
        VectorBits: InstructionSet.VectorBits,
        CpuInstructionSet: Machine.CpuInstructionSet,
        Machine: Machine.Model,
        Cores: Environment.ProcessorCount,
        MemoryBytes: Machine.MemoryBytes,
        AvailableBytes: Machine.AvailableBytes,
        PeakRssBytes: Machine.PeakRssBytes,
        NoiseVersion: Noise.Version,
        ModelFormat: ModelFile.Format,
        Licence: "Apache-2.0");
}

/// <summary>What <c>info --json</c> prints: one of the two.</summary>
/// <param name="Program">the program and the machine</param>
/// <param name="Model">a model file</param>
public sealed record AboutResult(ProgramDescription? Program, ModelDescription? Model);

/// <summary>This program on this machine.</summary>
/// <param name="Version">of the program</param>
/// <param name="Compiled">NativeAOT or JIT</param>
/// <param name="InstructionSet">what the program was compiled for or may use</param>
/// <param name="VectorBits">width of the registers that the kernels use</param>
/// <param name="CpuInstructionSet">what the CPU has</param>
/// <param name="Machine">name of the board or the CPU; null where the kernel does not say</param>
/// <param name="Cores">cores that this process may use</param>
/// <param name="MemoryBytes">RAM of the machine</param>
/// <param name="AvailableBytes">RAM that could be used now</param>
/// <param name="PeakRssBytes">peak memory of this process</param>
/// <param name="NoiseVersion">version of the noise</param>
/// <param name="ModelFormat">version of the model file</param>
/// <param name="Licence">SPDX identifier</param>
public sealed record ProgramDescription(string Version, string Compiled, string InstructionSet, int VectorBits, string CpuInstructionSet,
    string? Machine, int Cores, long MemoryBytes, long AvailableBytes, long PeakRssBytes, int NoiseVersion, int ModelFormat,
    string Licence)
{
    internal void Write(TextWriter output)
    {
        var facts = new FactList();
        facts.Add("EdgeLearn", $"{Version}, {Compiled}, licence {Licence}");
        facts.Add("instructions", $"{InstructionSet}, vectors of {VectorBits} bits; the CPU has {CpuInstructionSet}");
        facts.Add("machine", $"{Machine ?? "unknown"}, {NumberText.Counted(Cores, "core")}, memory {ByteCount.Format(MemoryBytes)}, "
            + $"{ByteCount.Format(AvailableBytes)} available");
        facts.Add("this process", $"peak memory {ByteCount.Format(PeakRssBytes)}");
        facts.Add("formats", $"model file {ModelFormat}, noise {NoiseVersion}");
        facts.Write(output);
    }
}
