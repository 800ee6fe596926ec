using System.CommandLine;
using EdgeLearn.Datasets;

namespace EdgeLearn.Commands;

/// <summary>The options that say what to read, shared by the commands that read data.</summary>
/// <param name="images">reads images; null = the program reads none</param>
sealed class DataArguments(IImageDecoder? images = null)
{
    const int MostWindowRows = 1 << 16;
    const string RowCount = "a number of rows from 1 to 65536";

    readonly Option<string?> _data = OptionText.Text("--data", "DATA",
        "a folder (of arrays; of class folders of images or WAV files), a file (IDX, npy, csv; gzip or not), text:FILE "
        + "(its bytes as tokens) or a known name: "
        + string.Join(", ", DataCatalog.KnownNames));
    readonly Option<string?> _label = OptionText.Text("--label", "NAME[,NAME]",
        "table: the label's column, or several, as many outputs (default: the model's; one called label, class, target or y; the last)");
    readonly Option<string?> _ignore = OptionText.Text("--ignore", "NAME[,NAME]", "table: columns to leave out");
    readonly Option<string?> _columns = OptionText.Text("--columns", "NAME=KIND[,...]",
        "table: what a column is where its cells do not show it: number, category, time (hour and weekday) or elapsed (days)");
    readonly Option<MissingChoice?> _missing = OptionText.Words("--missing",
        "table: what becomes of cells without a value: drop leaves their rows out, mean fills in the training mean, indicator does and "
        + "adds an input that says where (default: they are refused)",
        ("drop", MissingChoice.Drop), ("mean", MissingChoice.Mean), ("indicator", MissingChoice.Indicator));
    readonly Option<HeaderChoice?> _header = OptionText.Words("--header", "table: whether the first line has the names (default auto)",
        ("auto", HeaderChoice.Auto), ("yes", HeaderChoice.Yes), ("no", HeaderChoice.No));
    readonly Option<string?> _time = OptionText.Text("--time", "NAME",
        "table: the column by whose time rows follow each other, no input itself (default: in the order of the file)");
    readonly Option<int?> _window = OptionText.Whole("--window",
        "table: so many rows that follow each other are one sample, within a group, between gaps of --time and changes of the label", 1,
        MostWindowRows, RowCount);
    readonly Option<int?> _hop = OptionText.Whole("--hop", "table: rows from one window to the next (default half a window)", 1,
        MostWindowRows, RowCount);
    readonly Option<SplitChoice?> _split = OptionText.Words("--split",
        "how the test part is chosen where there is no test file: at random, or the last in time (default random)",
        ("random", SplitChoice.Random), ("time", SplitChoice.Time));
    readonly Option<string?> _group = OptionText.Text("--group-column", "NAME",
        "what says which samples belong together, such as a person: a column of a table, which is no input then, or a word in the name of "
        + "a folder's file; all parts keep its groups whole");
    readonly Option<double?> _testFraction =
        OptionText.Number("--test-fraction", "part to test with where there is no test file, the same for every --seed (default 0.2)");
    readonly Option<(int, int)?> _fold = OptionText.Part("--fold",
        "test with part I of N equal parts where there is no test file, in place of --test-fraction", "two numbers such as 1/5");
    readonly Option<Shape?> _inputShape = OptionText.ShapeOf("--input-shape",
        "shape of a sample where the file does not tell it; images are scaled to it, WAV files cut or filled up with silence");
    readonly Option<AudioKind?> _audio = OptionText.Words("--audio",
        "WAV files: what an input holds: samples, or rows of mfcc or log-mel for frames of 40 ms every 20 ms (default: the "
        + "model's; samples)",
        ("samples", AudioKind.Samples), ("mfcc", AudioKind.Mfcc), ("log-mel", AudioKind.LogMel));
    readonly Option<int?> _audioRate = OptionText.Whole<int>("--audio-rate",
        "WAV files: samples a second at which all are read (default: the model's; the files', where it is one)", 1, 4_000_000,
        "samples a second, such as 16000");

    readonly Option<InputLayout?> _layout = OptionText.Words("--input-layout",
        "arrays: whether an item is height x width x channels, or channels x height x width as PyTorch has it (default: by the model, or "
        + "channels-last where the shape leaves no doubt)",
        ("channels-last", InputLayout.ChannelsLast), ("channels-first", InputLayout.ChannelsFirst));

    /// <summary>Gives the options to a command.</summary>
    /// <param name="command">the command</param>
    /// <param name="required">whether it cannot do without data</param>
    public void AddTo(ExampleCommand command, bool required)
    {
        _data.Required = required;
        command.Add("", _data);
        command.Add("data", _label, _ignore, _columns, _missing, _header, _group, _time, _window, _hop, _testFraction, _fold, _split,
            _inputShape, _layout, _audio, _audioRate);
    }

    /// <summary>The shape that the command line gives.</summary>
    public Shape? InputShape(ParseResult parsed) => parsed.GetValue(_inputShape);

    /// <summary>What --data names; null where it is not given.</summary>
    public string? Data(ParseResult parsed) => parsed.GetValue(_data);

    /// <summary>Whether the command line says how a test part is split off.</summary>
    public bool SaysTestPart(ParseResult parsed) => parsed.GetValue(_testFraction) is not null || parsed.GetValue(_fold) is not null;

    /// <summary>Opens the data that the command line names; null when it names none. The caller disposes of it.</summary>
    /// <param name="parsed">the command line</param>
    /// <param name="loss">decides whether labels are classes or numbers</param>
    /// <param name="output">told of progress and of what the user should know</param>
    /// <param name="model">whose columns and classes the data are read by; null = they are new</param>
    /// <param name="fold">that is for testing, whatever the command line says; its notes are those of the first</param>
    public DataSplit? Open(ParseResult parsed, Loss loss, CommandOutput output, ModelMeaning? model = null,
        (int Part, int Count)? fold = null) => Open(parsed, Options(parsed, loss, model), output, fold);

    /// <summary>Opens the data with nothing split off; a test file is a part of its own all the same. The caller disposes of it.</summary>
    /// <param name="parsed">the command line, which names data</param>
    /// <param name="output">told of progress and of what the user should know</param>
    /// <param name="model">whose columns and classes the data are read by</param>
    /// <exception cref="EdgeLearnException">The command line says how a test part is split off.</exception>
    public DataSplit OpenWhole(ParseResult parsed, CommandOutput output, ModelMeaning model)
    {
        if (SaysTestPart(parsed) || parsed.GetValue(_split) is not null)
        {
            throw new EdgeLearnException("--test-fraction, --fold and --split say what train holds back, and here all samples are taken: "
                + "leave them out");
        }
        return Open(parsed, Options(parsed, Loss.SoftmaxCrossEntropy, model) with { TakesWhole = true }, output, null)!;
    }

    DataSplit? Open(ParseResult parsed, DataOptions options, CommandOutput output, (int Part, int Count)? fold)
    {
        if (parsed.GetValue(_data) is not { } data) return null;
        using var progress = new ProgressLine(output);
        var split = DataCatalog.Open(data, options with { Progress = progress.Show, Fold = fold ?? options.Fold });
        progress.Clear();
        if (fold is null or (1, _))
        {
            foreach (string note in split.Notes) output.Error.WriteLine(note);
        }

        return split;
    }

    /// <summary>What the command line says about reading.</summary>
    public DataOptions Options(ParseResult parsed, Loss loss, ModelMeaning? model) => (new DataOptions
    {
        LabelColumn = parsed.GetValue(_label),
        GroupColumn = parsed.GetValue(_group),
        TestFraction = parsed.GetValue(_testFraction) ?? new DataOptions().TestFraction,
        Fold = parsed.GetValue(_fold),
        InputShape = parsed.GetValue(_inputShape),
        Regression = !loss.IsClassification,
        Ignored = parsed.GetValue(_ignore),
        ColumnKinds = parsed.GetValue(_columns),
        Missing = parsed.GetValue(_missing) ?? MissingChoice.Refuse,
        Header = parsed.GetValue(_header) ?? HeaderChoice.Auto,
        TimeColumn = parsed.GetValue(_time),
        Layout = parsed.GetValue(_layout),
        Window = parsed.GetValue(_window),
        Hop = parsed.GetValue(_hop),
        Audio = parsed.GetValue(_audio),
        AudioRate = parsed.GetValue(_audioRate),
        Images = images,
        SplitByTime = parsed.GetValue(_split) == SplitChoice.Time,
    }).By(model);
}

/// <summary>How the test part is chosen.</summary>
enum SplitChoice
{
    /// <summary>At random.</summary>
    Random,

    /// <summary>The last in the order of time.</summary>
    Time,
}
