using System.CommandLine;
using EdgeLearn.Datasets;

namespace EdgeLearn.Commands;

/// <summary><c>stream</c>: one pass over a recording, each row answered before it is learned.</summary>
public sealed class StreamCommand
{
    // What a network of a stream has between inputs and outputs where nobody says more.
    const string UsualHidden = "64";

    static readonly string[] s_ofRunsWithAnEnd = ["epochs", "steps", "schedule", "warmup", "feature-cache", "feature-bytes", "train",
        "ewc", "ewc-decay", "ewc-samples", "average", "replay-fraction"];

    static readonly Dictionary<string, string> s_defaults = new()
    {
        ["batch"] = "1, with --replay-bytes 4: the new row and three earlier ones",
        ["lr"] = "seven around the usual one, side by side",
        ["weights"] = "float32",
        ["replay-bytes"] = "none",
    };

    readonly TrainingOptions _training;
    readonly Option<string?> _data = OptionText.Text("--data", "DATA",
        "a table, a folder of tables (in the order of the dates of their first rows, else of their names) or of arrays (by their names), "
        + "or what else --data of train reads");
    readonly Option<string?> _label = OptionText.Text("--label", "NAME",
        "table: the column of the label, or several of real targets (default: label, class, target or y, else the last)");
    readonly Option<string?> _ignore = OptionText.Text("--ignore", "A,B", "table: columns that are left out");
    readonly Option<string?> _columns = OptionText.Text("--columns", "A=category,B=number",
        "table: what columns are where the first 1,000 rows do not show it: number, category, time, elapsed");
    readonly Option<HeaderChoice?> _header = OptionText.Words("--header", "table: whether the first line has the names (default auto)",
        ("auto", HeaderChoice.Auto), ("yes", HeaderChoice.Yes), ("no", HeaderChoice.No));
    readonly Option<int?> _delay = OptionText.Whole("--label-delay", "rows that are answered before the label of one arrives (default 0)",
        0, 1_000_000, "a number of rows from 0 to 1,000,000");
    readonly Option<int?> _lags = OptionText.Whole("--lags",
        "labels that arrived last and are inputs; real targets are then predicted as the change since the newest (default 0)", 0, 1000,
        "a number of labels from 0 to 1000");
    readonly Option<string?> _network =
        OptionText.Text("--network", "SPEC", "a shorthand such as 6-64-2 (default: one hidden layer of 64)");
    readonly Option<Loss?> _loss = OptionText.Parsed<Loss?>("--loss", "cross-entropy|mean-square|huber[:DELTA]",
        "classes, or real targets (default cross-entropy)", Loss.Named);
    readonly Option<string?> _drift = OptionText.Text("--drift", string.Join('|', DriftDetector.Words),
        "what watches the errors for changes (default adwin)");
    readonly Option<bool> _controls = OptionText.Flag("--controls",
        "run backprop, frozen and a learner that stops after a tenth of the rows beside it");
    readonly Option<string?> _save = OptionText.Text("--save", "FILE",
        "write the network of the best rate there, with the scale as it stands at the end");
    readonly Option<long?> _memoryLimit = OptionText.MemoryLimit("all weights, workspaces and waiting rows: fewer rates are tried");
    readonly Option<int?> _threads = OptionText.Threads();

    StreamCommand(ExampleCommand command)
    {
        _data.Required = true;
        command.Add("", _data, _label, _ignore, _delay, _lags, _network, _loss);
        _training = new TrainingOptions(command, ("local-heads", "sgd"), s_defaults, s_ofRunsWithAnEnd);
        command.Add("", _controls, _save);
        command.Add("data", _columns, _header);
        command.Add("continual", _drift);
        command.Add("memory", _memoryLimit, _threads);
        command.Add("", CommandOutput.JsonOption());
    }

    /// <summary>The command.</summary>
    public static Command Create()
    {
        var command = new ExampleCommand("stream",
            "Learn from a recording as from a sensor: one pass, each row answered before its label is known, and learned when it is.",
            "--data elec.csv.gz", "--data elec.csv.gz --label-delay 48 --controls",
            "--data ./days --label occupied --label-delay 60 --json",
            "--data load.csv --loss huber --lags 3", "--data elec.csv.gz --memory-limit 20kB --save elec.safetensors");
        var options = new StreamCommand(command);
        command.SetAction((parsed, stop) => Task.FromResult(options.Run(parsed, stop)));
        return command;
    }

    int Run(ParseResult parsed, CancellationToken stop)
    {
        var output = CommandOutput.Of(parsed);
        ThreadTeam.Use(parsed.GetValue(_threads) ?? 1);
        var training = _training.Read(parsed, new StreamSettings().Training);
        if (training.Continual is { ReplayBytes: > 0 } && !_training.Has(parsed, "batch")) training = training with { Batch = 4 };
        var loss = parsed.GetValue(_loss) ?? Loss.SoftmaxCrossEntropy;
        string data = parsed.GetRequiredValue(_data)!;
        string? save = parsed.GetValue(_save);
        int lags = parsed.GetValue(_lags) ?? 0, delay = parsed.GetValue(_delay) ?? 0;
        if (save is not null)
        {
            if (lags > 0)
                throw new EdgeLearnException("--save: a model answers a row alone, and with --lags it needs the labels before it");
            ModelCommand.Checked(save, OutputKind.Model, data);
            SaveTarget.Check(save);
        }

        using var progress = new ProgressLine(output);
        using var source = RowSource.Open(data, new DataOptions
        {
            LabelColumn = parsed.GetValue(_label),
            Ignored = parsed.GetValue(_ignore),
            ColumnKinds = parsed.GetValue(_columns),
            Header = parsed.GetValue(_header) ?? HeaderChoice.Auto,
            Regression = !loss.IsClassification,
            Progress = progress.Show,
        });
        progress.Clear();
        foreach (string note in source.Notes) output.Error.WriteLine(note);
        if (source.Columns is { } columns) output.Error.WriteLine($"columns: {DataResult.Line(columns)}");
        var settings = new StreamSettings
        {
            Training = training,
            Lags = lags,
            MostWaiting = delay + 1,
            Drift = parsed.GetValue(_drift) ?? new StreamSettings().Drift,
            MemoryLimitBytes = parsed.GetValue(_memoryLimit),
        };
        using var run = new StreamRun(new StreamRequest
        {
            Source = source,
            Network = Network(parsed.GetValue(_network), source, settings, loss),
            Settings = settings,
            LabelDelay = delay,
            Controls = parsed.GetValue(_controls),
            SavePath = save,
        }, output);
        var result = run.Run(stop);
        output.Write(result, ResultJson.Default.StreamResult, text => StreamReport.Write(result, text));
        return run.WasStopped ? CommandProgram.Interrupted : 0;
    }

    /// <summary>The network that was said, or the usual one.</summary>
    /// <exception cref="EdgeLearnException">It does not fit the rows.</exception>
    internal static NetworkSpec Network(string? text, RowSource source, StreamSettings settings, Loss loss)
    {
        int scores = Math.Max(source.ClassCount, source.TargetCount);
        int inputs = settings.InputsFor(source.ValueCount, scores, source.ClassCount > 0);
        int outputs = loss.OutputsFor(source.ClassCount, source.TargetCount);
        var spec = NetworkSpec.Parse(text ?? $"{inputs}-{UsualHidden}-{outputs}", null, loss);
        if (spec.Input.Length != inputs)
        {
            throw new EdgeLearnException($"network '{spec}' has {spec.Input.Length} inputs; {source.Name} has rows of {source.ValueCount} "
                + $"values{(settings.Lags > 0 ? ", and the lags are inputs" : "")}: begin it with {inputs}");
        }
        int told = loss.IsClassification ? loss.ClassesOf(spec.ClassCount) : spec.OutputLength;
        return told == scores
            ? spec
            : throw new EdgeLearnException($"network '{spec}' has {told} outputs, {source.Name} {scores} "
                + $"{(loss.IsClassification ? "classes" : "targets")}: end it with {scores}");
    }
}
