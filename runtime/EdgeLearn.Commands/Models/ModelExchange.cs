using System.CommandLine;

namespace EdgeLearn.Commands;

/// <summary>
/// <c>model inspect</c>, and <c>model import</c> and <c>model export</c>, which exchange weights with PyTorch as a <c>state_dict</c> in a
/// safetensors file.
/// </summary>
static class ModelExchange
{
    /// <summary>Draws a net.</summary>
    public static ExampleCommand CreateInspect()
    {
        var file = new Argument<string>("MODEL") { Description = "a model file" };
        var json = CommandOutput.JsonOption();
        var command = new ExampleCommand("inspect", "Draw the net of a model file as a table: shapes, weights, memory.",
            "digits.safetensors") { file, json };
        command.SetAction(parsed =>
        {
            var output = CommandOutput.Of(parsed, json);
            var description = ModelDescription.Of(parsed.GetRequiredValue(file));
            if (output.Json) output.WriteJson(new AboutResult { Model = description }, ResultJson.Default.AboutResult);
            else description.Write(output.Output);
        });
        return command;
    }

    /// <summary>From a state_dict.</summary>
    public static ExampleCommand CreateImport()
    {
        var state = new Argument<string>("STATE") { Description = "a state_dict saved as safetensors" };
        var network = OptionText.Text("--network", "SPEC", "the net that it was saved from: a shorthand or a JSON file");
        var loss = OptionText.Parsed<Loss?>("--loss", "LOSS", "what the outputs are held against in training (default cross-entropy)",
            Loss.Named);
        var mean = OptionText.Text("--mean", "X[,X...]",
            "subtracted from raw inputs: one number, one a channel or feature, or one a value (default 0)");
        var deviation = OptionText.Text("--std", "X[,X...]", "divides them afterwards: as many numbers, or one (default 1)");
        var target = ModelCommand.Target();
        var json = CommandOutput.JsonOption();
        network.Required = true;
        var command = new ExampleCommand(
            "import",
            "Make a model file of a PyTorch state_dict. Tensors are found by name, by shape and by order.",
            "state.safetensors --network 784-100:relu-10 --mean 33.3 --std 78.6 --output m.safetensors") { state, network, loss, mean,
            deviation, target, json };
        command.SetAction(parsed =>
        {
            string from = parsed.GetRequiredValue(state), path = ModelCommand.Checked(parsed.GetRequiredValue(target)!, from);
            var source = NetworkSource.Read(parsed.GetRequiredValue(network), from);
            var spec = source.SpecAlone(parsed.GetValue(loss) ?? source.Loss ?? Loss.SoftmaxCrossEntropy)!;
            var preparation = StatedPreparation.Of(spec.Input, parsed.GetValue(mean), parsed.GetValue(deviation));
            using var model = new Model(StateFile.Load(from, spec), preparation);
            ModelFile.Save(path, model);
            ModelCommand.Say(CommandOutput.Of(parsed, json), path, model.Network);
        });
        return command;
    }

    /// <summary>To a state_dict.</summary>
    public static ExampleCommand CreateExport()
    {
        var file = new Argument<string>("MODEL") { Description = "a model file" };
        var like = OptionText.Text("--like", "STATE",
            "take the names of this state_dict of the same net (default: the numbers of nn.Sequential)");
        var target = ModelCommand.Target();
        var json = CommandOutput.JsonOption();
        var command = new ExampleCommand("export", "Write the weights of a model file as a state_dict that PyTorch loads.",
            "m.safetensors --output state.safetensors", "m.safetensors --like old.safetensors --output new.safetensors") { file, like,
            target, json };
        command.SetAction(parsed =>
        {
            string from = parsed.GetRequiredValue(file), path = ModelCommand.Checked(parsed.GetRequiredValue(target)!, from);
            using var model = ModelFile.Load(from);
            DurableFile.Replace(path, StateFile.ToArray(model, parsed.GetValue(like)));
            var output = CommandOutput.Of(parsed, json);
            ModelCommand.Say(output, path, model.Network);
            if (!model.Preparation.IsIdentity)
                output.Error.WriteLine($"{path} does not hold how inputs are prepared: see input.shift and input.scale of {from}");
        });
        return command;
    }
}
