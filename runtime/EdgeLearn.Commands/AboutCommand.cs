using System.CommandLine;
using System.Globalization;

namespace EdgeLearn.Commands;

/// <summary><c>info</c>: this program, this machine, or a model file.</summary>
public sealed class AboutCommand
{
    readonly Option<string?> _model = OptionText.Text("--model", "FILE", "describe the network of a model file instead");
    readonly Option<bool> _json = CommandOutput.JsonOption();

    AboutCommand()
    {
    }

    /// <summary>The command.</summary>
    public static Command Create()
    {
        var command = new ExampleCommand("info", "Describe this program and this machine, or a model file.", "",
            "--model digits.safetensors");
        var options = new AboutCommand();
        command.Options.Add(options._model);
        command.Options.Add(options._json);
        command.SetAction(options.Run);
        return command;
    }

    int Run(ParseResult parsed)
    {
        var output = CommandOutput.Of(parsed, _json);
        var result = parsed.GetValue(_model) is { } path
            ? new AboutResult { Model = ModelDescription.Of(path) }
            : new AboutResult { Program = ProgramDescription() };
        if (output.Json) output.WriteJson(result, ResultJson.Default.AboutResult);
        else if (result.Model is { } model) model.Write(output.Output);
        else Write(result.Program!, output.Output);
        return 0;
    }

    static ProgramDescription ProgramDescription() => new()
    {
        Version = typeof(AboutCommand).Assembly.GetName().Version!.ToString(3),
        Compiled = Machine.Compiled,
        InstructionSet = InstructionSet.Name,
        VectorBits = InstructionSet.VectorBits,
        CpuInstructionSet = Machine.CpuInstructionSet,
        Machine = Machine.Model,
        Cores = Environment.ProcessorCount,
        MemoryBytes = Machine.MemoryBytes,
        AvailableBytes = Machine.AvailableBytes,
        PeakRssBytes = Machine.PeakRssBytes,
        NoiseVersion = Noise.Version,
        ModelFormat = ModelFile.Format,
        Licence = "Apache-2.0",
    };

    static void Write(ProgramDescription program, TextWriter output)
    {
        var text = CultureInfo.InvariantCulture;
        output.WriteLine(string.Create(text, $"EdgeLearn     {program.Version}, {program.Compiled}, licence {program.Licence}"));
        output.WriteLine(
            string.Create(text,
            $"instructions  {program.InstructionSet}, vectors of {program.VectorBits} bits; the CPU has {program.CpuInstructionSet}"));
        output.WriteLine(
            string.Create(text,
            $"machine       {program.Machine ?? "unknown"}, {program.Cores} cores, "
            + $"memory {ByteCount.Format(program.MemoryBytes)}, {ByteCount.Format(program.AvailableBytes)} available"));
        output.WriteLine(string.Create(text, $"this process  peak memory {program.PeakRssBytes:N0} bytes"));
        output.WriteLine(string.Create(text, $"formats       model file {program.ModelFormat}, noise {program.NoiseVersion}"));
    }
}

/// <summary>What <c>info --json</c> prints: one of the two.</summary>
public sealed record AboutResult
{
    /// <summary>The program and the machine.</summary>
    public ProgramDescription? Program { get; init; }

    /// <summary>A model file.</summary>
    public ModelDescription? Model { get; init; }
}

/// <summary>This program on this machine.</summary>
public sealed record ProgramDescription
{
    /// <summary>Of the program.</summary>
    public required string Version { get; init; }

    /// <summary>NativeAOT or JIT.</summary>
    public required string Compiled { get; init; }

    /// <summary>What the program was compiled for or may use.</summary>
    public required string InstructionSet { get; init; }

    /// <summary>Width of the registers that the kernels use.</summary>
    public required int VectorBits { get; init; }

    /// <summary>What the CPU has.</summary>
    public required string CpuInstructionSet { get; init; }

    /// <summary>Name of the board or the CPU; null where the kernel does not say.</summary>
    public required string? Machine { get; init; }

    /// <summary>Cores that this process may use.</summary>
    public required int Cores { get; init; }

    /// <summary>RAM of the machine.</summary>
    public required long MemoryBytes { get; init; }

    /// <summary>RAM that could be used now.</summary>
    public required long AvailableBytes { get; init; }

    /// <summary>Peak memory of this process.</summary>
    public required long PeakRssBytes { get; init; }

    /// <summary>Version of the noise.</summary>
    public required int NoiseVersion { get; init; }

    /// <summary>Version of the model file.</summary>
    public required int ModelFormat { get; init; }

    /// <summary>SPDX identifier.</summary>
    public required string Licence { get; init; }
}
