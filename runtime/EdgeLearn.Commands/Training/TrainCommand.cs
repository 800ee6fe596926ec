using System.CommandLine;
using EdgeLearn.Datasets;

namespace EdgeLearn.Commands;

/// <summary><c>train</c>: learns from data on this machine.</summary>
public sealed class TrainCommand
{
    readonly DataArguments _data;
    readonly TrainingOptions _training;
    readonly Option<string?> _network = OptionText.Text("--network", "SPEC",
        "a shorthand such as 784-1000@10x10-10, a JSON file, or a model file or checkpoint folder to go on from (default: one that suits "
        + "the data)");
    readonly Option<string?> _model = OptionText.Text("--model", "FILE",
        "weights to start from: a model file, or a PyTorch state_dict (safetensors) of the net that --network names");
    readonly LossOptions _loss = new();
    readonly Option<PreparationChoice?> _preparation = OptionText.Words("--preparation",
        "how inputs are prepared, saved with the model (default auto: the model's own; else standardise, per feature of vectors and of a "
        + "sequence's steps, per channel of images; none for tokens)",
        ("auto", PreparationChoice.Auto), ("none", PreparationChoice.None), ("scale", PreparationChoice.Scale),
        ("standardise", PreparationChoice.Standardise));
    readonly Option<string?> _save = OptionText.Text("--save", "FILE", "write the trained model (safetensors) there");
    readonly Option<string?> _saveAdaptor = OptionText.Text("--save-adaptor", "FILE",
        "write only what learned there: a few kB that belong to --model, for 'evaluate --adaptor' and 'model merge'");
    readonly Option<string?> _past = OptionText.Text("--past", "FILE",
        "what runs keep between them, earlier samples and weights (--replay-bytes, --ewc) and local heads: read when it is there, "
        + "replaced at the end");
    readonly Option<string?> _checkpoint = OptionText.Text("--checkpoint", "DIR", "keep the run there, so that it can go on after a crash");
    readonly Option<double?> _interval = OptionText.Number("--checkpoint-interval", "seconds between two saves there (default 30)");
    readonly Option<bool> _resume = OptionText.Flag("--resume", "go on from --checkpoint; begins anew when nothing is there");
    readonly Option<long?> _memoryLimit = OptionText.MemoryLimit("weights and workspace");
    readonly Option<double?> _validation = OptionText.Number("--validation",
        "part of the training samples to hold back and judge by, whole groups where subjects, users or writers are known (default 0)");
    readonly Option<int?> _crossValidate = OptionText.Whole("--cross-validate",
        "test with each of so many equal parts in turn, trained on the others, and print mean and spread; saves nothing", 2, 1000,
        "a number of parts from 2 to 1000");
    readonly Option<bool> _controls =
        OptionText.Flag("--controls", "train backprop and frozen afterwards on the same budget, each at its own rate");
    readonly Option<int?> _threads = OptionText.Threads();
    readonly Option<string?> _log = OptionText.Text("--log", "FILE",
        "keep the course of the run there as lines of JSON: settings, then at most about 2,000 moments with step, loss, rate and, at 20 of "
        + "them, accuracy on up to 1,000 test samples, then the result");
    readonly Option<string?> _svg = OptionText.Text("--svg", "FILE",
        "draw loss and accuracy over the steps, and which of up to 20 classes were taken for which");
    readonly Option<bool> _verbose = OptionText.Flag("--verbose",
        "where standard error is no terminal: print a line of progress each epoch, not only every ten seconds");

    TrainCommand(ExampleCommand command, IImageDecoder? images)
    {
        _data = new DataArguments(images);
        _data.AddTo(command, required: true);
        command.Add("", _network);
        _training = new TrainingOptions(command);
        command.Add("", _save, _checkpoint, _resume, _controls);
        command.Add("data", _preparation, _validation, _crossValidate);
        command.Add("network", _model, _saveAdaptor);
        _loss.AddTo(command);
        command.Add("run", _interval, _log, _svg, _verbose);
        command.Add("continual", _past);
        command.Add("memory", _memoryLimit, _threads);
        command.Add("", CommandOutput.JsonOption());
    }

    /// <summary>The command.</summary>
    /// <param name="images">reads images; null = the program reads none</param>
    public static Command Create(IImageDecoder? images = null)
    {
        var command = new ExampleCommand(
            "train",
            "Learn from data on this machine, without backprop unless asked for.",
            "--data mnist",
            "--data mnist --network 784-1000@10x10-10 --rule tpsgd --epochs 4 --controls",
            "--data digits --save digits.safetensors",
            "--data readings.csv --label state --network 12-64-3 --update signsgd",
            "--data motion.csv --window 50 --group-column person --cross-validate 5",
            "--data new-site --model digits.safetensors --train lora:2 --save-adaptor site.adaptor",
            "--data digits --log run.jsonl --svg run.svg",
            "--data tuesday --network board.safetensors --replay-bytes 200kB --past board.past --save board.safetensors",
            "--data mnist --checkpoint run --resume --memory-limit 2MB");
        var options = new TrainCommand(command, images);
        command.SetAction((parsed, stop) => Task.FromResult(options.Run(parsed, stop)));
        return command;
    }

    int Run(ParseResult parsed, CancellationToken stop)
    {
        var output = CommandOutput.Of(parsed);
        var settings = _training.Read(parsed);
        ThreadTeam.Use(parsed.GetValue(_threads) ?? 1);
        Interval(parsed);
        if (parsed.GetValue(_resume) && parsed.GetValue(_checkpoint) is null)
            throw new EdgeLearnException("--resume needs --checkpoint DIR, the folder of the run that is to go on");
        var network = NetworkSource.Read(parsed.GetValue(_network), parsed.GetValue(_model));
        // Under a limit, memory is given up for speed only on request.
        if (!_training.Has(parsed, "feature-cache") && settings.Train is not null && parsed.GetValue(_memoryLimit) is null)
            settings = settings with { Features = FeatureStorage.Auto };
        if (!_training.Has(parsed, "weights")) settings = settings with { Weights = network.Storage ?? WeightStorage.Float32 };
        var loss = _loss.Read(parsed, network);
        var meaning = network.Meaning(loss, settings.Train);
        if (parsed.GetValue(_crossValidate) is { } folds)
        {
            RefuseWith(parsed, "--cross-validate", _save, _saveAdaptor, _past, _checkpoint, _log, _svg);
            if (_data.SaysTestPart(parsed))
                throw new EdgeLearnException("--cross-validate says which parts are tested with: leave --fold and --test-fraction out");
            if (parsed.GetValue(_validation) is not null)
                throw new EdgeLearnException("--cross-validate judges by the part that is left out: leave --validation out");
            var all = new CrossValidation(folds, fold => _data.Open(parsed, loss, output, meaning, fold)!,
                data => Request(parsed, settings, network, loss, data), output, stop).Run();
            output.Write(all, ResultJson.Default.CrossValidationResult, all.Write);
            return 0;
        }

        using var whole = _data.Open(parsed, loss, output, meaning)!;
        // Not by --seed: runs of several seeds are judged by the same samples.
        var data = parsed.GetValue(_validation) is { } fraction and not 0 ? whole.HoldOut(fraction, seed: 0) : whole;
        var run = new TrainRun(Request(parsed, settings, network, loss, data), output, stop);
        var result = run.Run();
        output.Write(result, ResultJson.Default.TrainResult, text => TrainReport.Write(result, data, text));
        return run.WasStopped ? CommandProgram.Interrupted : 0;
    }

    TrainRequest Request(ParseResult parsed, TrainingSettings settings, NetworkSource network, Loss loss, DataSplit data) => new()
    {
        Settings = _training.Has(parsed, "epochs") || _training.Has(parsed, "steps")
            ? settings
            : settings with { Epochs = TrainingSettings.EpochsFor(data.Train.Count, settings.Batch) },
        WithUpdate = (settings, spec) => _training.WithUpdate(parsed, settings, spec),
        Network = network,
        Data = data,
        Loss = _loss.Complete(parsed, loss, network, data),
        Preparation = parsed.GetValue(_preparation) ?? PreparationChoice.Auto,
        AdaptorPath = parsed.GetValue(_saveAdaptor),
        SavePath = parsed.GetValue(_save),
        PastPath = parsed.GetValue(_past),
        LogPath = parsed.GetValue(_log),
        SvgPath = parsed.GetValue(_svg),
        CheckpointFolder = parsed.GetValue(_checkpoint),
        Resume = parsed.GetValue(_resume),
        CheckpointInterval = Interval(parsed),
        MemoryLimitBytes = parsed.GetValue(_memoryLimit),
        Controls = parsed.GetValue(_controls),
        Verbose = parsed.GetValue(_verbose),
    };

    TimeSpan Interval(ParseResult parsed)
    {
        double seconds = parsed.GetValue(_interval) ?? 30;
        return seconds >= 0 && seconds <= TimeSpan.FromDays(1).TotalSeconds
            ? TimeSpan.FromSeconds(seconds)
            : throw new EdgeLearnException($"--checkpoint-interval {seconds}: expected seconds, 0 to 86400");
    }

    static void RefuseWith(ParseResult parsed, string option, params Option<string?>[] others)
    {
        foreach (var other in others)
        {
            if (parsed.GetValue(other) is not null)
                throw new EdgeLearnException($"{option} saves nothing: leave {other.Name} out");
        }
    }
}
