using System.CommandLine;

namespace EdgeLearn.Commands;

/// <summary><c>plan</c>: what a run would take, without running it.</summary>
public sealed class PlanCommand
{
    readonly DataArguments _data = new();
    readonly TrainingOptions _training;
    readonly LossOptions _loss = new();
    readonly Option<string?> _network = OptionText.Text("--network", "SPEC",
        "a shorthand such as 28x28-1000@10x10-10, a JSON file or a model file (default: one that suits the data)");
    readonly Option<int?> _classes = OptionText.Whole("--classes", "outputs of the default network where there is no data (default 10)");

    readonly Option<long?> _limit = OptionText.MemoryLimit("weights and workspace");
    readonly Option<bool> _buffers = new("--buffers") { Description = "list every buffer with its place and the moments of its use" };

    PlanCommand(ExampleCommand command)
    {
        command.Add("", _network);
        _data.AddTo(command, required: false);
        _training = new TrainingOptions(command);
        _loss.AddTo(command);
        command.Add("network", _classes);
        command.Add("", _limit);
        command.Add("memory", _buffers);
        command.Add("", CommandOutput.JsonOption());
    }

    /// <summary>The command.</summary>
    public static Command Create()
    {
        var command = new ExampleCommand(
            "plan",
            "Say how much memory training would take, by category and for each rule; allocates nothing.",
            "--network 28x28-1000@10x10-10",
            "--data mnist --batch 16 --update adam",
            "--network digits.safetensors --train lora:2 --rule backprop",
            "--data cifar10 --memory-limit 8MB --buffers",
            "--network 30-16-1 --loss huber --rule local-heads --head-units 8");
        command.SetAction(new PlanCommand(command).Run);
        return command;
    }

    int Run(ParseResult parsed)
    {
        var output = CommandOutput.Of(parsed);
        var settings = _training.Read(parsed);
        var network = NetworkSource.Read(parsed.GetValue(_network));
        var result = PlanResult.Of(settings.Train is { } train ? train.Adapt(Spec(parsed, network, output)) : Spec(parsed, network, output),
            _training.Has(parsed, "weights") ? settings : settings with { Weights = network.Storage ?? WeightStorage.Float32 },
            parsed.GetValue(_limit), parsed.GetValue(_buffers));
        output.Write(result, ResultJson.Default.PlanResult, result.Write);
        return 0;
    }

    NetworkSpec Spec(ParseResult parsed, NetworkSource network, CommandOutput output)
    {
        var loss = _loss.Read(parsed, network);
        using var data = _data.Open(parsed, loss, output);
        loss = _loss.Complete(parsed, loss, network, data);
        if (data is not null) return network.SpecFor(data.InputShape, loss.OutputsFor(data.ClassCount, data.TargetLength), loss);
        int classes = parsed.GetValue(_classes) ?? 10;
        if (classes < 1) throw new EdgeLearnException($"--classes {classes}: expected 1 or more");
        if (_data.InputShape(parsed) is { } shape) return network.SpecFor(shape, loss.OutputsFor(classes, classes), loss);
        return network.SpecAlone(loss)
            ?? throw new EdgeLearnException("nothing to plan: give --network SPEC, --data DATA or --input-shape HxW");
    }
}
