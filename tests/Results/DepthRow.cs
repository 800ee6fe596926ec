using System.Globalization;

namespace EdgeLearn.Results;

/// <summary>Workspace of training nets of one width and growing depth, as the memory plan has it: nothing is run.</summary>
sealed record DepthRow(string Name, int Width, int Batch) : ResultRow(Name)
{
    // A workspace that the deepest net grows by this part at most counts as flat.
    const double Flat = 0.05;

    static readonly int[] s_depths = [2, 3, 4, 6, 8, 12, 16];

    /// <inheritdoc/>
    public override string Section => "Depth";

    /// <inheritdoc/>
    public override IEnumerable<ResultJob> Jobs(ResultScope scope) => [];

    /// <inheritdoc/>
    public override void Render(ResultScope scope, ResultValues values, ResultDocument document)
    {
        ResultRule[] rules = [.. ResultRule.ForwardOnly, ResultRule.Frozen, ResultRule.Backprop];
        var bytes = rules.ToDictionary(rule => rule, rule => s_depths.Select(depth => WorkspaceBytes(rule, depth)).ToArray());
        var text = CultureInfo.InvariantCulture;
        document.Write(
            string.Create(text,
            $"Workspace bytes of nets of 2 to 16 layers of {Width} units and a head of 10, batch {Batch}, without weights, as "
            + $"planned.\n\n| rule | {string.Join(" | ", s_depths.Select(depth => $"{depth} layers"))} | growth "
            + $"|\n|---|{string.Concat(Enumerable.Repeat("---|", s_depths.Length + 1))}\n"));
        foreach (var rule in rules)
        {
            double growth = Growth(bytes[rule]);
            document.Write(
                string.Create(text,
                $"| {rule.Word} | "
                + $"{string.Join(" | ", bytes[rule].Select(value => value.ToString("N0", text)))} | {growth:+0.0 %;-0.0 %;0.0 %} |\n"));
            if (rule.IsForwardOnly)
            {
                document.Add(
                    new ResultTarget(Name, $"workspace of {rule.Word} flat from 2 to 16 layers (+5 % at most)",
                    string.Create(text, $"{growth:+0.0 %;-0.0 %;0.0 %}"), growth <= Flat));
            }
        }

        double linear = Growth(bytes[ResultRule.Backprop]);
        document.Add(
            new ResultTarget(Name, "workspace of backprop grows with the layers", string.Create(text, $"{linear:+0 %}"), linear > 1));
        var chart = new SvgChart("Workspace of a training step against depth", "layers",
            "workspace, kB")
        { XTicks = [.. s_depths.Select(depth => (double)depth)], StartsAtZero = true, Names = ResultRule.Words };
        foreach (var rule in rules) chart.AddLine(rule.Word, [.. s_depths.Select((depth, i) => ((double)depth, bytes[rule][i] / 1000.0))]);
        document.Show("depth.svg", "workspace against depth: forward-only rules are flat, backprop grows", chart.Draw());
    }

    long WorkspaceBytes(ResultRule rule, int depth)
    {
        var spec = new NetworkSpec(Shape.Vector(Width),
            [.. Enumerable.Repeat(new DenseSpec(Width, Activation.Tanh), depth), new DenseSpec(10, Activation.Identity)],
            Loss.SoftmaxCrossEntropy);
        return TrainingPlan.MemoryOf(spec, new TrainingSettings { Rule = rule.Kind!, Batch = Batch }).WorkspaceBytes;
    }

    static double Growth(long[] bytes) => (double)bytes[^1] / bytes[0] - 1;
}
