using System.CommandLine;
using System.Text;
using EdgeLearn.Datasets;

namespace EdgeLearn.Commands;

/// <summary><c>plan</c>: what a run would take, without running it.</summary>
public sealed class PlanCommand
{
    readonly DataArguments _data;
    readonly TrainingOptions _training;
    readonly LossOptions _loss = new();
    readonly Option<string?> _network = OptionText.Text("--network", "SPEC",
        "a shorthand such as 28x28-1000@10x10-10, a JSON file or a model file (default: one that suits the data)");
    readonly Option<int?> _classes = OptionText.Whole("--classes", "outputs of the default network where there is no data (default 10)");

    readonly Option<long?> _limit = OptionText.MemoryLimit("weights and workspace");
    readonly Option<bool> _buffers = new("--buffers") { Description = "list every buffer with its place and the moments of its use" };
    readonly Option<string?> _svg = OptionText.Text("--svg", "FILE", "draw the buffers: moments across, bytes up");

    PlanCommand(ExampleCommand command, IImageDecoder? images)
    {
        _data = new DataArguments(images);
        command.Add("", _network);
        _data.AddTo(command, required: false);
        _training = new TrainingOptions(command);
        _loss.AddTo(command);
        command.Add("network", _classes);
        command.Add("", _limit);
        command.Add("memory", _buffers, _svg);
        command.Add("", CommandOutput.JsonOption());
    }

    /// <summary>The command.</summary>
    /// <param name="images">reads images; null = the program reads none</param>
    public static Command Create(IImageDecoder? images = null)
    {
        var command = new ExampleCommand(
            "plan",
            "Say how much memory training would take, by category and for each rule; allocates nothing.",
            "--network 28x28-1000@10x10-10",
            "--data mnist --batch 16 --update adam",
            "--network digits.safetensors --train lora:2 --rule backprop",
            "--data cifar10 --memory-limit 8MB --buffers",
            "--data har-hapt --svg plan.svg",
            "--network 30-16-1 --loss huber --rule local-heads --head-units 8");
        command.SetAction(new PlanCommand(command, images).Run);
        return command;
    }

    int Run(ParseResult parsed)
    {
        var output = CommandOutput.Of(parsed);
        var settings = _training.Read(parsed);
        var network = NetworkSource.Read(parsed.GetValue(_network));
        var spec = Spec(parsed, network, settings.Train, output);
        if (settings.Train is { } train) spec = train.Adapt(spec);
        var result = PlanResult.Of(spec,
            _training.Has(parsed, "weights") ? settings : settings with { Weights = network.Storage ?? WeightStorage.Float32 },
            rule => _training.WithUpdate(parsed, rule, spec), parsed.GetValue(_limit),
            listsBuffers: parsed.GetValue(_buffers) || parsed.GetValue(_svg) is not null);
        if (parsed.GetValue(_svg) is { } file)
        {
            new OutputFiles().Reads("--network", network.NamedPath).Writes("--svg", file, OutputKind.Svg);
            Draw(result, file);
        }

        if (!parsed.GetValue(_buffers)) result = result with { Buffers = null };
        output.Write(result, ResultJson.Default.PlanResult, result.Write);
        return 0;
    }

    static void Draw(PlanResult result, string file)
    {
        string title = $"{result.Network}: {result.Rule} with {result.Update}, batch {result.Batch}, "
            + $"{result.WorkspaceBytes:N0} bytes beside {result.ParameterBytes:N0} of weights";
        try
        {
            DurableFile.Replace(file, Encoding.UTF8.GetBytes(PlanPicture.Draw(title, result.Buffers!, result.WorkspaceBytes)));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new EdgeLearnException($"cannot write {file}: {e.Message}", e);
        }
    }

    NetworkSpec Spec(ParseResult parsed, NetworkSource network, TrainableParts? train, CommandOutput output)
    {
        var loss = _loss.Read(parsed, network);
        using var data = _data.Open(parsed, loss, output, network.Meaning(loss, train));
        loss = _loss.Complete(parsed, loss, network, data);
        if (data is not null)
        {
            int outputs = loss.OutputsFor(data.ClassCount, data.TargetLength);
            return network.SpecFor(data.InputShape, outputs, loss, data.IsSequence);
        }
        int classes = parsed.GetValue(_classes) ?? 10;
        if (classes < 1) throw new EdgeLearnException($"--classes {classes}: expected 1 or more");
        if (_data.InputShape(parsed) is { } shape) return network.SpecFor(shape, loss.OutputsFor(classes, classes), loss);
        return network.SpecAlone(loss)
            ?? throw new EdgeLearnException("nothing to plan: give --network SPEC, --data DATA or --input-shape HxW");
    }
}
