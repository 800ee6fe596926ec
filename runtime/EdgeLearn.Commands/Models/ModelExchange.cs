using System.CommandLine;
using System.Globalization;

namespace EdgeLearn.Commands;

/// <summary>
/// <c>model inspect</c>, and <c>model import</c> and <c>model export</c>, which exchange weights with PyTorch as a <c>state_dict</c> in a
/// safetensors file.
/// </summary>
static class ModelExchange
{
    public static ExampleCommand CreateInspect()
    {
        var file = new Argument<string>("MODEL") { Description = "a model file" };
        var command = new ExampleCommand("inspect", "Draw the net of a model file as a table: shapes, weights, memory.",
            "digits.safetensors") { file, CommandOutput.JsonOption() };
        command.SetAction(parsed => ModelDescription.Of(parsed.GetRequiredValue(file)).Write(CommandOutput.Of(parsed)));
        return command;
    }

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
        network.Required = true;
        var command = new ExampleCommand(
            "import",
            "Make a model file of a PyTorch state_dict. Tensors are found by name, by shape and by order.",
            "state.safetensors --network 784-100:relu-10 --mean 33.3 --std 78.6 --output m.safetensors") { state, network, loss, mean,
            deviation, target, CommandOutput.JsonOption() };
        command.SetAction(parsed =>
        {
            string from = parsed.GetRequiredValue(state);
            string path = ModelCommand.Checked(parsed.GetRequiredValue(target)!, OutputKind.Model, from, parsed.GetRequiredValue(network));
            var source = NetworkSource.Read(parsed.GetRequiredValue(network), from);
            var spec = source.SpecAlone(parsed.GetValue(loss) ?? source.Loss ?? Loss.SoftmaxCrossEntropy)!;
            var preparation = StatedPreparation.Of(spec.Input, parsed.GetValue(mean), parsed.GetValue(deviation));
            using var model = new Model(StateFile.Load(from, spec), preparation);
            ModelFile.Save(path, model);
            var output = CommandOutput.Of(parsed);
            source.SayLeftOut(output.Error);
            ModelCommand.Say(output, path, model.Network);
        });
        return command;
    }

    public static ExampleCommand CreateExport()
    {
        var file = new Argument<string>("MODEL") { Description = "a model file" };
        var like = OptionText.Text("--like", "STATE",
            "take the names of this state_dict of the same net (default: the numbers of nn.Sequential)");
        var target = ModelCommand.Target();
        var command = new ExampleCommand("export", "Write the weights of a model file as a state_dict that PyTorch loads.",
            "m.safetensors --output state.safetensors", "m.safetensors --like old.safetensors --output new.safetensors") { file, like,
            target, CommandOutput.JsonOption() };
        command.SetAction(parsed =>
        {
            string from = parsed.GetRequiredValue(file);
            string path = ModelCommand.Checked(parsed.GetRequiredValue(target)!, OutputKind.State, from, parsed.GetValue(like));
            using var model = ModelFile.Load(from);
            StateFile.Save(path, model, parsed.GetValue(like));
            var output = CommandOutput.Of(parsed);
            if (parsed.GetValue(like) is { } pattern && StateFile.SayLeftOut(pattern) is { } line) output.Error.WriteLine(line);
            ModelCommand.Say(output, path, model.Network);
            if (!model.Preparation.IsIdentity)
                output.Error.WriteLine($"{path} does not hold how inputs are prepared: see input.shift and input.scale of {from}");
        });
        return command;
    }
}

/// <summary>
/// The preparation that <c>--mean</c> and <c>--std</c> state: what a PyTorch program did to its inputs, which no state_dict tells.
/// </summary>
static class StatedPreparation
{
    /// <summary>x' = (x - mean) / deviation. A number a channel or feature is repeated over pixels or steps, as the values lie.</summary>
    /// <param name="input">shape of a sample</param>
    /// <param name="mean">numbers with commas between them; null = 0</param>
    /// <param name="deviation">the same; null = 1</param>
    /// <exception cref="EdgeLearnException">One is no number, or there are neither one, nor one a channel, nor one a value.</exception>
    public static Preparation Of(Shape input, string? mean, string? deviation)
    {
        float[] shift = Numbers("--mean", mean, 0), scale = [.. Numbers("--std", deviation, 1).Select(value => 1 / value)];
        if (Array.Exists(scale, value => !float.IsFinite(value)))
            throw new EdgeLearnException($"--std {deviation}: expected numbers other than 0");
        int count = Math.Max(shift.Length, scale.Length), inner = input.Rank == 3 ? input.Channels : input.Width;
        if (count != 1 && count != inner && count != input.Length)
        {
            throw new EdgeLearnException($"--mean and --std have {count} numbers: expected 1, {inner} or {input.Length} for inputs "
                + $"of {input}");
        }
        if ((shift.Length, scale.Length) is var (a, b) && a != b && a != 1 && b != 1)
            throw new EdgeLearnException($"--mean has {a} numbers and --std {b}: give as many, or one");
        int length = count == 1 ? 1 : input.Length;
        return new Preparation(Repeated(shift, length), Repeated(scale, length));
    }

    static float[] Repeated(float[] values, int length) => [.. Enumerable.Range(0, length).Select(i => values[i % values.Length])];

    static float[] Numbers(string option, string? text, float unsaid) => text is null
        ? [unsaid]
        : [.. text.Split(',')
            .Select(part => float.TryParse(part, NumberStyles.Float, CultureInfo.InvariantCulture, out float value) && float.IsFinite(value)
            ? value : throw new EdgeLearnException($"{option} {text}: '{part}' is no number"))];
}
