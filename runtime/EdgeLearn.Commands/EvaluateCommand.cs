using System.CommandLine;
using System.Diagnostics;
using EdgeLearn.Datasets;

namespace EdgeLearn.Commands;

/// <summary><c>evaluate</c>: how a model does on data.</summary>
public sealed class EvaluateCommand
{
    readonly DataArguments _data;
    readonly Option<string?> _model =
        OptionText.Text("--model", "FILE", "a model file, or a PyTorch state_dict (safetensors) of the net that --network names");
    readonly Option<string?> _network =
        OptionText.Text("--network", "SPEC", "the net of a state_dict, whose inputs are taken as they are stored");
    readonly Option<string?> _adaptor =
        OptionText.Text("--adaptor", "FILE", "an adaptor that was trained on the model, applied without merging");
    readonly Option<int?> _batch = OptionText.Whole("--batch", "samples at a time (default 64)");
    readonly Option<WeightStorage?> _weights = OptionText.Weights();
    readonly Option<int?> _threads = OptionText.Threads();
    readonly Option<string?> _svg = OptionText.Text("--svg", "FILE", "draw which of up to 20 classes were taken for which");
    readonly Option<bool> _bytes =
        OptionText.Flag("--int8-inputs", "with int8 weights: round the inputs of dense layers to int8 too and multiply bytes");

    EvaluateCommand(ExampleCommand command, IImageDecoder? images)
    {
        _data = new DataArguments(images);
        _model.Required = true;
        command.Add("", _model, _network, _adaptor);
        _data.AddTo(command, required: true);
        command.Add("", _batch, _weights, _bytes, _threads, _svg, CommandOutput.JsonOption());
    }

    /// <summary>The command.</summary>
    /// <param name="images">reads images; null = the program reads none</param>
    public static Command Create(IImageDecoder? images = null)
    {
        var command = new ExampleCommand("evaluate", "Say how a model does on the test part of some data.",
            "--model digits.safetensors --data digits", "--model digits.safetensors --data digits --weights int8",
            "--model m.safetensors --data ./readings --svg classes.svg",
            "--model state.safetensors --network 64-100:relu-10 --data digits");
        command.SetAction(new EvaluateCommand(command, images).Run);
        return command;
    }

    int Run(ParseResult parsed)
    {
        var output = CommandOutput.Of(parsed);
        int batch = parsed.GetValue(_batch) ?? 64;
        if (batch < 1) throw new EdgeLearnException($"--batch {batch}: expected 1 or more");
        ThreadTeam.Use(parsed.GetValue(_threads) ?? 1);
        string path = parsed.GetRequiredValue(_model)!;
        CodePages.Drop();
        var source = parsed.GetValue(_network) is { } network ? NetworkSource.Read(network, path) : null;
        using var whole = source is null ? ModelFile.Load(path) : null;
        var loss = whole?.Network.Loss ?? source!.Loss ?? Loss.SoftmaxCrossEntropy;
        string? adaptor = parsed.GetValue(_adaptor);
        // An adaptor may bring a head for other classes, by which the data are read.
        using var known = whole is null || adaptor is null ? null : Adaptor.Apply(whole, adaptor, path);
        using var data = _data.Open(parsed, loss, output, (known ?? whole) is { } read ? ModelMeaning.Of(read) : null)!;
        using var state = source is null
            ? null
            : new Model(
                source.Build(source.SpecFor(data.InputShape, loss.OutputsFor(data.ClassCount, data.TargetLength), loss), 0,
                WeightStorage.Float32), Preparation.Identity);
        source?.SayLeftOut(output.Error);
        using var adapted = state is null || adaptor is null ? null : Adaptor.Apply(state, adaptor, path);
        var loaded = known ?? adapted ?? whole ?? state!;
        using var converted = parsed.GetValue(_weights) is { } weights && weights != loaded.Network.Parameters.Storage
            ? loaded with { Network = loaded.Network.WithStorage(weights) } : null;
        var model = converted ?? loaded;
        bool bytes = parsed.GetValue(_bytes);
        if (bytes && model.Network.Parameters.Storage != WeightStorage.Int8)
        {
            throw new EdgeLearnException($"--int8-inputs needs int8 weights, {path} has {model.Network.Parameters.Storage.Word()}: add "
                + $"--weights int8");
        }
        string? svg = parsed.GetValue(_svg);
        new OutputFiles().Reads("--data", data.Source).Reads("--model", path).Reads("--network", source?.NamedPath)
            .Reads("--adaptor", adaptor).Writes("--svg", svg, OutputKind.Svg);
        if (svg is not null) CheckClasses(model.Network);
        var result = Evaluate(model, path, data, batch, bytes);
        if (svg is not null) TrainPicture.Save(svg, result);
        output.Write(result, ResultJson.Default.EvaluateResult, text => result.Write(data.Name, text));
        return 0;
    }

    static void CheckClasses(Network network)
    {
        var loss = network.Loss;
        int classes = loss.IsClassification ? loss.ClassesOf(network.Spec.ClassCount) : 0;
        if (classes is 0 or > TestFigures.MostClasses)
        {
            throw new EdgeLearnException($"--svg draws which of 2 to {TestFigures.MostClasses} classes were taken for which, and this "
                + $"model has {(classes == 0 ? "none" : $"{classes:N0}")}: leave it out");
        }
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
        return new EvaluateResult(
            Model: path,
            Network: network.Spec.ToString(),
            TestExamples: evaluation.Count,
            TestAccuracy: network.Loss.MeasuresAccuracy ? evaluation.Accuracy : null,
            TestLoss: JsonNumber.Finite(evaluation.Loss),
            Seconds: Stopwatch.GetElapsedTime(begin).TotalSeconds,
            ParameterBytes: network.ParameterBytes,
            WorkspaceBytes: plan.WorkspaceBytes,
            PeakRssBytes: Machine.PeakRssBytes,
            Figures: TestFigures.Of(evaluation, model.ClassNames ?? data.ClassNames, model.Columns?.Labels));
    }
}

/// <summary>What <c>evaluate --json</c> prints.</summary>
/// <param name="Model">the model file</param>
/// <param name="Network">the network in shorthand</param>
/// <param name="TestExamples">samples to test with</param>
/// <param name="TestAccuracy">share of test samples that are classified right; null for a regression</param>
/// <param name="TestLoss">mean loss on the test samples; null where it is no number</param>
/// <param name="Seconds">wall time of the pass over all samples, reading included</param>
/// <param name="ParameterBytes">weights and integer tensors</param>
/// <param name="WorkspaceBytes">the one block of the forward pass</param>
/// <param name="PeakRssBytes">peak memory of the process</param>
/// <param name="Figures">what the test says beside accuracy and loss</param>
public sealed record EvaluateResult(string Model, string Network, int TestExamples, double? TestAccuracy, double? TestLoss, double Seconds,
    long ParameterBytes, long WorkspaceBytes, long PeakRssBytes, TestFigures? Figures)
{
    internal void Write(string data, TextWriter output)
    {
        var facts = new FactList();
        facts.Add("model", $"{Model} ({Network})");
        facts.Add("data", $"{data}: {NumberText.Counted(TestExamples, "sample")} to test with");
        if (TestAccuracy is { } accuracy) facts.Add("accuracy", NumberText.Fraction(accuracy));
        facts.Add("loss", TestAccuracy is null ? $"{TestLoss:G4}" : NumberText.Fraction(TestLoss));
        facts.Add("memory", $"weights {ByteCount.Format(ParameterBytes)}, workspace {ByteCount.Format(WorkspaceBytes)}; peak of the "
            + $"process {ByteCount.Format(PeakRssBytes)}");
        facts.Add("time", NumberText.Duration(Seconds));
        facts.Write(output);
        Figures?.Write(output);
    }
}
