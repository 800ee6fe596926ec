using System.Globalization;
using System.Text;

namespace EdgeLearn.Results;

/// <summary>Planned bytes of training beside those of inference, as <c>plan</c> prints them: nothing is run.</summary>
/// <param name="Name">of the row</param>
/// <param name="Networks">in shorthand</param>
sealed record PlanRow(string Name, IReadOnlyList<string> Networks) : ResultRow(Name)
{
    /// <inheritdoc/>
    public override string Section => "Memory of training beside inference";

    /// <inheritdoc/>
    public override string Head => "Planned bytes at batch 64 with `sgd`, as multiples of inference with the same batch: the run without a "
        + "limit, and the least that `plan` names ([memory](memory.md) says how). Local heads are part of their rows.\n";

    /// <inheritdoc/>
    public override IEnumerable<ResultJob> Jobs(ResultScope scope) => [];

    /// <inheritdoc/>
    public override void Render(ResultScope scope, ResultValues values, ResultDocument document)
    {
        RuleSettings[] rules = [new TargetProjectionSettings(), new LocalHeadsSettings(), new BackpropSettings(), new FrozenSettings()];
        var text = new StringBuilder($"\n| network | inference | {string.Join(" | ", rules.Select(rule => rule.Word + " | least"))} |\n"
            + $"|---|---|{string.Concat(Enumerable.Repeat("---|---|", rules.Length))}\n");
        foreach (string network in Networks)
        {
            var spec = NetworkSpec.Parse(network, null, Loss.SoftmaxCrossEntropy);
            double inference = TrainingPlan.MemoryOfInference(spec, 64).TotalBytes;
            text.Append(CultureInfo.InvariantCulture, $"| `{network}` | {inference:N0} |");
            foreach (var rule in rules)
            {
                var settings = new TrainingSettings { Rule = rule, Update = new SgdSettings() };
                double usual = TrainingPlan.MemoryOf(spec, settings).TotalBytes;
                double least = TrainingPlan.MemoryOf(spec, settings, 0).TotalBytes;
                text.Append(CultureInfo.InvariantCulture, $" {usual / inference:F2} | {least / inference:F2} |");
            }

            text.Append('\n');
        }

        document.Write(text.ToString());
    }
}
