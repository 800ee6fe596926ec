using System.Globalization;
using EdgeLearn.Commands;
using EdgeLearn.Datasets;

namespace EdgeLearn.Results;

/// <summary>Streams with the defaults of <c>stream</c> under several rules, beside what needs no network.</summary>
/// <param name="Name">of the row</param>
sealed record StreamRow(string Name) : ResultRow(Name)
{
    const double WithinPoints = 3;

    static readonly RuleSettings[] s_rules = [new LocalHeadsSettings(), new TargetProjectionSettings(), new BackpropSettings(),
        new FrozenSettings()];

    // Least: what the defaults must reach.
    static readonly (string Name, string Data, string? Label, int Delay, double Least)[] s_streams =
    [
        ("electricity", "drift-electricity/elec.csv.gz", null, 0, 0.905),
        ("electricity, labels 48 rows late", "drift-electricity/elec.csv.gz", null, 48, 0.765),
        ("occupancy", "drift-occupancy", "Occupancy", 0, 0),
        ("occupancy, 60 rows late", "drift-occupancy", "Occupancy", 60, 0.955),
        ("gas sensors, 60 rows late", "drift-gas-sensor", null, 60, 0.76),
    ];

    /// <inheritdoc/>
    public override string Section => "Streams";

    /// <inheritdoc/>
    public override string Head => "`stream --data DATA --label-delay N --rule RULE` with its defaults: one pass in the order of time, "
        + "each row answered before it is learned, seven rates side by side, one hidden layer of 64. Prequential accuracy in percent, "
        + "mean and deviation over three seeds. *one layer* learns in the same way by its own gradient, *last label* repeats the newest "
        + "label that has arrived ([docs/streams.md](streams.md)).\n";

    /// <inheritdoc/>
    public override IEnumerable<ResultJob> Jobs(ResultScope scope)
    {
        foreach (var stream in s_streams)
        {
            string path = DataCatalog.Places(null).Select(place => Path.Combine(place, stream.Data))
                .FirstOrDefault(place => File.Exists(place) || Directory.Exists(place))
                ?? throw new EdgeLearnException($"{stream.Data} is not on this machine; set EDGELEARN_DATA to the folder that has it");
            foreach (var rule in s_rules)
            {
                foreach (ulong seed in scope.Seeds())
                {
                    yield return new ResultJob(Name, JobName(stream.Name, rule, seed), DigestOf(path), 1e9,
                        stop => Run(path, stream.Label, stream.Delay, rule, seed, stop));
                }
            }
        }
    }

    static string DigestOf(string path) => File.Exists(path)
        ? GzipFile.Digest(path)
        : string.Join(' ', Directory.EnumerateFiles(path).Order(StringComparer.Ordinal).Select(GzipFile.Digest));

    static Dictionary<string, double> Run(string path, string? label, int delay, RuleSettings rule, ulong seed, CancellationToken stop)
    {
        var usual = new StreamSettings();
        var settings = usual with { Training = usual.Training with { Rule = rule, Seed = seed }, MostWaiting = delay + 1 };
        using var source = RowSource.Open(path, new DataOptions { LabelColumn = label });
        using var run = new StreamRun(new StreamRequest
        {
            Source = source,
            Network = StreamCommand.Network(null, source, settings, Loss.SoftmaxCrossEntropy),
            Settings = settings,
            LabelDelay = delay,
        }, new CommandOutput(TextWriter.Null, TextWriter.Null, Json: true, IsTerminal: false));
        var result = run.Run(stop);
        stop.ThrowIfCancellationRequested();
        return new()
        {
            ["accuracy"] = result.PrequentialAccuracy!.Value,
            ["one layer"] = result.Baselines.Logistic!.Value,
            ["last"] = result.Baselines.LastClass!.Value,
            ["rows"] = result.Examples,
        };
    }

    /// <inheritdoc/>
    public override void Render(ResultScope scope, ResultValues values, ResultDocument document)
    {
        document.Write("\n| stream | rows | local-heads | tpsgd | backprop | frozen | one layer | last label |\n"
            + "|---|---|---|---|---|---|---|---|\n");
        foreach (var stream in s_streams)
        {
            Spread Of(RuleSettings rule, string what) => values.Over(scope.Seeds().Select(seed => JobName(stream.Name, rule, seed)), what);
            var spreads = s_rules.Select(rule => Of(rule, "accuracy")).ToArray();
            document.Write(string.Create(CultureInfo.InvariantCulture, $"| {stream.Name} | {Of(s_rules[0], "rows").Mean:N0} | "
                + $"{string.Join(" | ", spreads.Select(spread => spread.Percent))} | {Of(s_rules[0], "one layer").Percent} | "
                + $"{100 * Of(s_rules[0], "last").Mean:F2} |\n"));
            if (stream.Least > 0)
            {
                document.Add(new ResultTarget(Name, $"{stream.Name}: defaults at least {100 * stream.Least:0.0}", spreads[0].Percent,
                    spreads[0].Mean >= stream.Least));
            }

            double points = 100 * (spreads[1].Mean - spreads[2].Mean);
            document.Add(new ResultTarget(Name, $"{stream.Name}: tpsgd within {WithinPoints} points of backprop",
                points.ToString("+0.0;-0.0;0.0", CultureInfo.InvariantCulture), points >= -WithinPoints));
        }
    }

    static string JobName(string stream, RuleSettings rule, ulong seed)
        => string.Create(CultureInfo.InvariantCulture, $"{stream} {rule.Word} seed {seed}");
}
