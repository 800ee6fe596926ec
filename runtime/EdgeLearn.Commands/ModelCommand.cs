using System.CommandLine;
using EdgeLearn.Datasets;

namespace EdgeLearn.Commands;

/// <summary><c>model</c>: looks into model files, makes one from another, exchanges them with PyTorch.</summary>
public static class ModelCommand
{
    /// <summary>The command.</summary>
    public static Command Create() => new ExampleCommand(
        "model",
        "Look into a model file, make one from another, or exchange one with PyTorch.",
        "inspect digits.safetensors",
        "merge digits.safetensors site.adaptor --output site.safetensors",
        "add-class digits.safetensors --name 10 --output wider.safetensors")
    {
        ModelExchange.CreateInspect(), ModelExchange.CreateImport(), ModelExchange.CreateExport(), CreateMerge(), CreateAddClass(),
    };

    static ExampleCommand CreateMerge()
    {
        var model = new Argument<string>("BASE") { Description = "the model file that the adaptor was trained on" };
        var adaptor = new Argument<string>("ADAPTOR") { Description = "what train --save-adaptor wrote" };
        var target = Target();
        var command = new ExampleCommand("merge", "Take an adaptor up into the weights of its base. Bottlenecks stay as they are.",
            "digits.safetensors site.adaptor --output site.safetensors") { model, adaptor, target, CommandOutput.JsonOption() };
        command.SetAction(parsed =>
        {
            string path = parsed.GetRequiredValue(model),
                output = Checked(parsed.GetRequiredValue(target)!, OutputKind.Model, path, parsed.GetRequiredValue(adaptor));
            using var loaded = ModelFile.Load(path);
            using var adapted = Adaptor.Apply(loaded, parsed.GetRequiredValue(adaptor), path);
            using var network = adapted.Network.Merge();
            ModelFile.Save(output, adapted with { Network = network });
            Say(CommandOutput.Of(parsed), output, network);
        });
        return command;
    }

    static ExampleCommand CreateAddClass()
    {
        var model = new Argument<string>("MODEL") { Description = "a model file that ends with a dense layer" };
        var name = OptionText.Text("--name", "NAME", "what the class is called");
        var target = Target();
        name.Required = true;
        var command = new ExampleCommand("add-class",
            "Give a model an output for one class more. The others' outputs stay as they are, and the new one cannot win before it has "
            + "learned.", "digits.safetensors --name 10 --output wider.safetensors") { model, name, target, CommandOutput.JsonOption() };
        command.SetAction(parsed =>
        {
            string path = parsed.GetRequiredValue(model), output = Checked(parsed.GetRequiredValue(target)!, OutputKind.Model, path);
            string word = parsed.GetRequiredValue(name)!;
            using var loaded = ModelFile.Load(path);
            using var wider = loaded.WithClass(word, path);
            ModelFile.Save(output, wider);
            var console = CommandOutput.Of(parsed);
            if (CellText.IsMissingLabel(word)) console.Error.WriteLine($"'{word}' in a table means no label: no row will be of this class");
            Say(console, output, wider.Network);
        });
        return command;
    }

    internal static Option<string?> Target()
    {
        var option = OptionText.Text("--output", "FILE", "write the new file there; the old files stay");
        option.Required = true;
        return option;
    }

    internal static string Checked(string output, OutputKind kind, params string?[] sources)
    {
        var files = new OutputFiles();
        foreach (string? source in sources) files.Reads(source ?? "", source);
        files.Writes("--output", output, kind);
        return output;
    }

    internal static void Say(CommandOutput output, string path, Network network)
    {
        var result = new ModelResult(path, network.Spec.ToString(), network.Parameters.Length, network.OutputLength);
        output.Write(result, ResultJson.Default.ModelResult,
            text => text.WriteLine($"saved {path}: {result.Network}, {result.ParameterCount:N0} weights"));
    }
}

/// <summary>What <c>model ... --json</c> prints.</summary>
/// <param name="Model">the file that was written</param>
/// <param name="Network">in shorthand</param>
/// <param name="ParameterCount">weights</param>
/// <param name="Outputs">of the last layer</param>
public sealed record ModelResult(string Model, string Network, long ParameterCount, int Outputs);
