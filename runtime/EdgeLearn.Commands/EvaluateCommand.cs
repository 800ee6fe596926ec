using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using EdgeLearn.Datasets;

namespace EdgeLearn.Commands;

/// <summary><c>evaluate</c>: how a model does on data.</summary>
public sealed class EvaluateCommand
{
    readonly DataArguments _data = new();
    readonly Option<string?> _model =
        OptionText.Text("--model", "FILE", "a model file, or a PyTorch state_dict (safetensors) of the net that --network names");
    readonly Option<string?> _network =
        OptionText.Text("--network", "SPEC", "the net of a state_dict, whose inputs are taken as they are stored");
    readonly Option<string?> _adaptor =
        OptionText.Text("--adaptor", "FILE", "an adaptor that was trained on the model, applied without merging");
    readonly Option<int?> _batch = OptionText.Whole("--batch", "samples at a time (default 64)");
    readonly Option<WeightStorage?> _weights = OptionText.Weights();
    readonly Option<int?> _threads = OptionText.Threads();
    readonly Option<bool> _bytes =
        OptionText.Flag("--int8-inputs", "with int8 weights: round the inputs of dense layers to int8 too and multiply bytes");
    readonly Option<bool> _json = CommandOutput.JsonOption();

    EvaluateCommand()
    {
    }

    /// <summary>The command.</summary>
    public static Command Create()
    {
        var command = new ExampleCommand("evaluate", "Say how a model does on the test part of some data.",
            "--model digits.safetensors --data digits", "--model digits.safetensors --data digits --weights int8",
            "--model m.safetensors --data ./readings --json", "--model state.safetensors --network 64-100:relu-10 --data digits");
        var options = new EvaluateCommand();
        options._model.Required = true;
        command.Add("", options._model, options._network, options._adaptor);
        options._data.AddTo(command, required: true);
        command.Add("", options._batch, options._weights, options._bytes, options._threads, options._json);
        command.SetAction(options.Run);
        return command;
    }

    int Run(ParseResult parsed)
    {
        var output = CommandOutput.Of(parsed, _json);
        int batch = parsed.GetValue(_batch) ?? 64;
        if (batch < 1) throw new EdgeLearnException($"--batch {batch}: expected 1 or more");
        ThreadTeam.Use(parsed.GetValue(_threads) ?? 1);
        string path = parsed.GetRequiredValue(_model)!;
        var source = parsed.GetValue(_network) is { } network ? NetworkSource.Read(network, path) : null;
        using var whole = source is null ? ModelFile.Load(path) : null;
        var loss = whole?.Network.Loss ?? source!.Loss ?? Loss.SoftmaxCrossEntropy;
        using var data = _data.Open(parsed, loss, output)!;
        using var state = source is null
            ? null
            : new Model(
                source.Build(source.SpecFor(data.InputShape, loss.OutputsFor(data.ClassCount, data.TargetLength), loss), 0,
                WeightStorage.Float32), Preparation.Identity);
        var file = whole ?? state!;
        using var adapted = parsed.GetValue(_adaptor) is { } adaptor ? Adaptor.Apply(file, adaptor, path) : null;
        var loaded = adapted ?? file;
        using var converted = parsed.GetValue(_weights) is { } weights && weights != loaded.Network.Parameters.Storage
            ? new Model(loaded.Network.WithStorage(weights), loaded.Preparation, loaded.ClassNames) : null;
        var model = converted ?? loaded;
        if (model.ClassNames is { } known && data.ClassNames is { } names && !known.SequenceEqual(names))
        {
            throw new EdgeLearnException($"{path} knows the classes {string.Join(", ", known.Take(5))}, {data.Name} "
                + $"has {string.Join(", ", names.Take(5))}");
        }
        bool bytes = parsed.GetValue(_bytes);
        if (bytes && model.Network.Parameters.Storage != WeightStorage.Int8)
        {
            throw new EdgeLearnException($"--int8-inputs needs int8 weights, {path} has {model.Network.Parameters.Storage.Word()}: add "
                + $"--weights int8");
        }
        var result = Evaluate(model, path, data, batch, bytes);
        if (output.Json) output.WriteJson(result, ResultJson.Default.EvaluateResult);
        else Write(result, data, output.Output);
        return 0;
    }

    static EvaluateResult Evaluate(Model model, string path, DataSplit data, int batch, bool multipliesBytes)
    {
        var network = model.Network;
        TrainingSession.CheckFit(network, data.Test);
        var evaluator = new Evaluator(new NetworkForwardPass(network) { MultipliesBytes = multipliesBytes }, network.Loss);
        var plan = new MemoryPlan();
        evaluator.Plan(plan, Math.Min(batch, data.Test.Count));
        using var workspace = new Workspace(plan);
        long begin = Stopwatch.GetTimestamp();
        var evaluation = evaluator.Run(data.Test, model.Preparation);
        return new EvaluateResult
        {
            Model = path,
            Network = network.Spec.ToString(),
            TestExamples = evaluation.Count,
            TestAccuracy = network.Loss.MeasuresAccuracy ? evaluation.Accuracy : null,
            TestLoss = evaluation.Loss,
            Seconds = Stopwatch.GetElapsedTime(begin).TotalSeconds,
            ParameterBytes = network.ParameterBytes,
            WorkspaceBytes = plan.WorkspaceBytes,
            PeakRssBytes = Machine.PeakRssBytes,
        };
    }

    static void Write(EvaluateResult result, DataSplit data, TextWriter output)
    {
        var text = CultureInfo.InvariantCulture;
        output.WriteLine(string.Create(text, $"model     {result.Model} ({result.Network})"));
        output.WriteLine(string.Create(text, $"data      {data.Name}: {result.TestExamples:N0} samples to test with"));
        if (result.TestAccuracy is { } accuracy) output.WriteLine(string.Create(text, $"accuracy  {accuracy:F4}"));
        output.WriteLine(string.Create(text, $"loss      {result.TestLoss:F4}"));
        output.WriteLine(
            string.Create(text,
            $"memory    weights {result.ParameterBytes:N0} bytes, workspace {result.WorkspaceBytes:N0}; peak of the "
            + $"process {ByteCount.Format(result.PeakRssBytes)}; {result.Seconds:F1} s"));
    }
}

/// <summary>What <c>evaluate --json</c> prints.</summary>
public sealed record EvaluateResult
{
    /// <summary>The model file.</summary>
    public required string Model { get; init; }

    /// <summary>The network in shorthand.</summary>
    public required string Network { get; init; }

    /// <summary>Samples to test with.</summary>
    public required int TestExamples { get; init; }

    /// <summary>Share of test samples that are classified right; null for a regression.</summary>
    public required double? TestAccuracy { get; init; }

    /// <summary>Mean loss on the test samples.</summary>
    public required double TestLoss { get; init; }

    /// <summary>Wall time of the pass over all samples, reading included.</summary>
    public required double Seconds { get; init; }

    /// <summary>Weights and integer tensors.</summary>
    public required long ParameterBytes { get; init; }

    /// <summary>The one block of the forward pass.</summary>
    public required long WorkspaceBytes { get; init; }

    /// <summary>Peak memory of the process.</summary>
    public required long PeakRssBytes { get; init; }
}
