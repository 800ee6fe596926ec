using System.Globalization;
using EdgeLearn.Commands;

namespace EdgeLearn.Results;

/// <summary>
/// A network that has learned images as they are meets shifted ones: turned, blurred, noisy, inverted. How much of what fine-tuning of all
/// weights by backprop regains do adaptors of a few per cent of the weights regain? Every way has the same samples and epochs, and the best
/// of the same rates on samples that are held back.
/// </summary>
sealed record AdaptorRow(string Name, string Data, string Network, int PretrainingEpochs) : ResultRow(Name)
{
    const int Adaptation = 2000, HeldBack = 1000, AdaptationEpochs = 5;
    const double MostShare = 0.05, LeastRegained = 0.8;

    static readonly float[] s_rates = [0.02f, 0.06f, 0.2f];

    static readonly BackpropSettings s_backprop = new();

    static readonly (RuleSettings Rule, string Train)[] s_ways =
    [
        (s_backprop, "all"), (s_backprop, "lora:1,bias"), (s_backprop, "scale"), (s_backprop, "bias"),
            (s_backprop, "residual:2"), (s_backprop, "head"), (s_backprop, "scale,head"),
    ];

    /// <inheritdoc/>
    public override string Section => "Adaptors on shifted images";

    /// <inheritdoc/>
    public override string Head
        => string.Create(CultureInfo.InvariantCulture,
            $"A network trained on images as they are goes on with {Adaptation:N0} shifted ones, {AdaptationEpochs} epochs; test accuracy "
            + $"in per cent. *regained* = (after - before) / (fine-tuning of all weights - before), over all shifts together. Rates are "
            + $"the best of {string.Join(", ", s_rates)} on {HeldBack:N0} samples that are held back.\n");

    static string JobName(ulong seed) => string.Create(CultureInfo.InvariantCulture, $"seed {seed}");

    static string ValueName(ImageShift shift, (RuleSettings Rule, string Train) way) => $"{shift} {way.Rule.Word} {way.Train}";

    /// <inheritdoc/>
    public override IEnumerable<ResultJob> Jobs(ResultScope scope)
    {
        var data = scope.Data(Data);
        var training = scope.Training(data);
        var spec = NetworkSpec.Parse(Network, data.InputShape, Loss.SoftmaxCrossEntropy);
        int epochs = scope.Epochs(PretrainingEpochs), adaptation = Math.Min(Adaptation, training.Count / 2);
        using var network = new Network(spec);
        double samples = (double)training.Count * epochs
            + (double)adaptation * AdaptationEpochs * s_rates.Length * s_ways.Length * Enum.GetValues<ImageShift>().Length;
        double cost = 3 * samples * network.Layers.Sum(layer => layer.MultiplyAdds);
        foreach (ulong seed in scope.Seeds())
        {
            string settings =
                string.Create(CultureInfo.InvariantCulture,
                $"{spec} {epochs} {adaptation} {AdaptationEpochs} {string.Join(' ', s_rates)} {string.Join(' ', s_ways)} "
                + $"{training.Count} {scope.Signature(data)}");
            yield return new ResultJob(Name, JobName(seed), settings, cost,
                stop => Run(spec, training, data.Test, epochs, adaptation, seed, stop));
        }
    }

    static Dictionary<string,
        double> Run(NetworkSpec spec, Dataset training, Dataset test, int epochs, int adaptation, ulong seed, CancellationToken stop)
    {
        var preparation = Preparation.Standardise(training, perFeature: false);
        using var network = new Network(spec).Initialise(seed);
        var values = new Dictionary<string,
            double>
        {
            ["accuracy"] =
            TrainingRow.Train(network, new TrainingSettings { Rule = s_backprop, Epochs = epochs, LearningRate = 0.1f, Seed = seed },
            training, test, preparation, stop)
        };
        using var pretrained = new Model(network, preparation);
        int held = adaptation * HeldBack / Adaptation, tested = Math.Min(test.Count / 2, 2 * adaptation);
        foreach (var shift in Enum.GetValues<ImageShift>())
        {
            using var shifted = ShiftedImages.Of(training, shift, isOdd: false, adaptation);
            using var judged = ShiftedImages.Of(training, shift, isOdd: true, held);
            using var seen = ShiftedImages.Of(test, shift, isOdd: false, tested);
            values[$"{shift} before"] = Evaluator.Score(pretrained, seen, 64).Accuracy;
            foreach (var way in s_ways)
            {
                stop.ThrowIfCancellationRequested();
                values[ValueName(shift, way)] = Adapt(network, way, shifted, judged, seen, preparation, seed, stop);
            }
        }

        return values;
    }

    static double Adapt(Network network, (RuleSettings Rule, string Train) way, Dataset training, Dataset judged, Dataset test,
        Preparation preparation, ulong seed, CancellationToken stop)
    {
        var train = TrainableParts.Parse(way.Train);
        double best = -1, accuracy = 0;
        foreach (float rate in s_rates)
        {
            using var adapted = network.Rebuild(train.Adapt(network.Spec), seed);
            using var session = new TrainingSession(adapted,
                new TrainingSettings
                {
                    Rule = way.Rule,
                    Train = train,
                    Epochs = AdaptationEpochs,
                    Batch = 32,
                    LearningRate = rate,
                    Seed = seed
                }, training, preparation);
            bool diverged = false;
            while (!session.IsDone && !diverged)
            {
                stop.ThrowIfCancellationRequested();
                diverged = session.Step().Diverged;
            }

            double validation = diverged ? 0 : session.Evaluate(judged).Accuracy;
            if (validation <= best) continue;
            best = validation;
            accuracy = diverged ? 0 : session.Evaluate(test).Accuracy;
        }

        return accuracy;
    }

    /// <inheritdoc/>
    public override void Render(ResultScope scope, ResultValues values, ResultDocument document)
    {
        string[] jobs = [.. scope.Seeds().Select(JobName)];
        var spec = NetworkSpec.Parse(Network, scope.Data(Data).InputShape, Loss.SoftmaxCrossEntropy);
        var shifts = Enum.GetValues<ImageShift>();
        Spread Of(string value) => values.Over(jobs, value);
        double Mean(Func<ImageShift, string> name) => shifts.Average(shift => Of(name(shift)).Mean);
        double before = Mean(shift => $"{shift} before"), full = Mean(shift => ValueName(shift, s_ways[0]));
        document.Write(
            string.Create(CultureInfo.InvariantCulture,
            $"\n### {Name}\n\n`{spec}`, {Of("accuracy").Percent} % on {Data} as it is\n\n| what learns | "
            + $"weights | {string.Join(" | ", shifts)} | regained "
            + $"|\n|---|---|{string.Concat(Enumerable.Repeat("---|", shifts.Length))}---|\n"));
        document.Write($"| nothing | 0 | {string.Join(" | ", shifts.Select(shift => Of($"{shift} before").Percent))} | 0 |\n");
        (double Regained, double Share, string Way) best = (double.NegativeInfinity, 0, "");
        foreach (var way in s_ways)
        {
            double share = ShareOf(spec, way.Train), regained = (Mean(shift => ValueName(shift, way)) - before) / (full - before);
            string weights = string.Create(CultureInfo.InvariantCulture, $"{100 * share:F1} %");
            document.Write(
                string.Create(CultureInfo.InvariantCulture,
                $"| `{way.Train}` "
                + $"by {way.Rule.Word} | {weights} | "
                + $"{string.Join(" | ", shifts.Select(shift => Of(ValueName(shift, way)).Percent))} | {regained:F2} |\n"));
            if (share <= MostShare && regained > best.Regained) best = (regained, share, $"`{way.Train}` by {way.Rule.Word}");
        }

        string reached =
            string.Create(CultureInfo.InvariantCulture,
            $"{best.Way}: {100 * best.Regained:F0} % with {100 * best.Share:F1} % of the weights");
        document.Add(
            new ResultTarget(Name, "at most 5 % of the weights regain at least 80 % of what all regain",
            double.IsFinite(best.Regained) ? reached : "-", double.IsFinite(best.Regained) ? best.Regained >= LeastRegained : null));
    }

    static double ShareOf(NetworkSpec spec, string keys)
    {
        var train = TrainableParts.Parse(keys);
        using Network whole = new(spec), adapted = new(train.Adapt(spec));
        train.Freeze(adapted);
        return (double)adapted.Parameters.Slices.Where(slice => slice.Trainable).Sum(slice => (long)slice.Length) / whole.Parameters.Length;
    }
}
