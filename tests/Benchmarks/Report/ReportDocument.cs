using System.Globalization;
using System.Text;
using EdgeLearn.Commands;

namespace EdgeLearn.Benchmarks;

/// <summary>docs/performance.md from a report: everything but the reasons is computed.</summary>
/// <param name="report">the measurements</param>
/// <param name="source">the report's file, as a reader would type it</param>
/// <param name="picture">file of the roofline beside the document; null = none</param>
/// <param name="reasons">by row name, or by its first word, or by section: why a row is as it is</param>
sealed class ReportDocument(BenchReport report, string source, string? picture, IReadOnlyDictionary<string, string> reasons)
{
    static readonly (string Section, string Title, string Text)[] s_sections =
    [
        ("kernels", "Matrix products", "One product in the shapes of training, m x n x k; a *forward* reads packed samples and adds the "
            + "bias, an *applied-gradient* goes into the weights as it is formed. Ceiling: what the ratio would be with every "
            + "multiply-add at the peak of the same rounds."),
        ("updates", "Elementwise updates", "One pass over arrays beyond every cache, the same arrays for both sides."),
        ("activations", "Elementwise functions", "In the second-level cache, against the vector functions of the C library."),
        ("training", "Training steps", "Forward pass, loss, gradients and update on one fixed batch, from the same weights on both sides: "
            + "after ten steps the losses agree to 1e-4, or there is no ratio. The ceiling counts matrix products alone, so a step with "
            + "many activations cannot reach it."),
        ("inference", "Inference", "A forward pass; outputs agree to 1e-4."),
        ("zeroth-order", "Zeroth-order probes", "Two opposite probes of one direction beside one forward pass of the same batch: Zs is "
            + "W1's network, Zd W1s's, b the batch; *step* includes the update. The number of operations alone gives a ratio of 0.50."),
        ("scaling", "Cost as work grows", "One training step, batch 32, of two equal hidden layers: nanoseconds a weight, beside those of "
            + "the net with a million weights in the same rounds. Flat is a ratio of 1."),
        ("threads", "Two threads", "The same work by one thread and by two (`--threads 2`), in turns; here alone the process may use two "
            + "cores. Results are the same to the bit."),
        ("online", "Single steps", "How even the steps of an online learner are, and what they allocate."),
        ("processes", "Memory and start", "Fresh processes that do one workload and nothing else (VmHWM); planned bytes are the same on "
            + "every machine. Where the memory of the agent goes, mapping by mapping, and what was done about it: "
            + "[memory.md](memory.md#the-process)."),
    ];

    readonly StringBuilder _text = new();

    /// <summary>The document.</summary>
    public string Write()
    {
        Head();
        foreach (var (section, title, text) in s_sections)
        {
            BenchRow[] rows = [.. report.Rows.Where(row => row.Section == section)];
            if (rows.Length > 0) Section(title, text, rows);
        }

        if (picture is not null)
        {
            Line($"\n## Roofline\n\nAttained rates of the kernels under the measured limits; in brackets the share of the lower "
                + $"limit.\n\n![Roofline]({picture})");
        }
        Losses();
        return _text.ToString();
    }

    void Head()
    {
        string options = picture is null ? "" : " --output docs/performance.md";
        Line($"# Performance\n\nMade by `./edgelearn bench --report {source}{options}`. Every figure is of one run, in which both sides "
            + $"took turns on one core. What counts is the **ratio = peer / ours**: above 1 we are faster (or smaller). In brackets the "
            + $"least and the greatest ratio of a round. Absolute times belong to this machine at that hour.\n");
        Line($"- Machine: {report.Machine}; {report.System}; core {report.Core}");
        Line($"- Ours: revision {report.Commit ?? "unknown"}, {report.Compiled} for {report.InstructionSet}; run of {report.Started} "
            + $"UTC, {report.Seconds:F0} s{(report.Quick ? ", **shortened by --quick**" : "")}");
        foreach (string version in report.Versions) Line($"- {version}");
        foreach (string note in report.Notes) Line($"- Note: {note}");
        Line($"- Protocol: {report.Protocol}. A contender's value in a round is the median of its turns; ratios are taken inside a round, "
            + $"then the median.");
        if (report.Limits is not { } limits) return;
        Line($"- Clock {Text(limits.ClockGhz, "F2")} GHz; {Text(limits.NopsPerCycleBefore, "F1")} nops a cycle before the "
            + $"run, {Text(limits.NopsPerCycleAfter, "F1")} after it: a busy neighbour on the core would lower them.");
        Line($"- Multiply-add "
            + $"peak: {string.Join(", ", limits.Peaks.Select(peak => $"{Text(peak.Gflops, "F0")} GFLOP/s with {peak.VectorBits} bits"))}.");
        Line("\n| working set | read GB/s | in place GB/s | triad GB/s |\n|---:|---:|---:|---:|");
        foreach (var level in limits.Memory)
        {
            Line($"| {ByteCount.Format(level.WorkingSetBytes)} | {Text(level.ReadGbs, "F1")} | "
                + $"{Text(level.InPlaceGbs, "F1")} | {Text(level.TriadGbs, "F1")} |");
        }
    }

    void Section(string title, string text, BenchRow[] rows)
    {
        bool timed = rows.Any(row => row.OursUs is not null),
            measured = rows.Any(row => row.Gflops is not null && row.PeakGflops is not null);
        bool bounded = rows.Any(row => row.Ceiling is not null),
            remembered = rows.Any(row => row.OursUs is not null && row.OursPeakRssBytes is not null);
        Line($"\n## {title}\n\n{text}\n");
        Line($"| row | ours{(timed ? ", us" : "")} | peer | peer{(timed ? ", us" : "")} | ratio | "
            + $"target |{(bounded ? " ceiling |" : "")}{(measured ? " GFLOP/s (of peak) |" : "")}"
            + $"{(remembered ? " peak RSS ours / peer |" : "")}");
        Line($"|---|---:|---|---:|---:|---:|{(bounded ? "---:|" : "")}{(measured ? "---:|" : "")}{(remembered ? "---:|" : "")}");
        foreach (var row in rows)
        {
            string spread = row.RatioMin is { } least && row.RatioMax is { } most && Ratio(least) != Ratio(most)
                ? $" [{Ratio(least)}-{Ratio(most)}]" : "";
            string target = row.TargetText ?? (row.Target is { } needed ? ">= " + Ratio(needed) : "-");
            string rate = row.Gflops is { } gflops && row.PeakGflops is { } peak
                ? $"{Text(gflops, "F1")} ({Text(100 * gflops / peak, "F0")} %)" : "-";
            string memory = row.OursPeakRssBytes is { } ours
                ? $"{ByteCount.Format(ours)} / {(row.PeerPeakRssBytes is { } theirs ? ByteCount.Format(theirs) : "-")}" : "-";
            Line($"| {row.Name} | {Value(row.OursUs ?? row.Ours, row.Unit)} | {row.Peer} | "
                + $"{Value(row.PeerUs ?? row.Theirs, row.Unit)} | {Emphasis(Ratio(row.Ratio), row)}{spread} | {target}{Verdict(row)} |"
                + $"{(bounded ? $" {Ratio(row.Ceiling)} |" : "")}{(measured ? $" {rate} |" : "")}{(remembered ? $" {memory} |" : "")}");
        }
    }

    static string Verdict(BenchRow row) => row.Met switch { true => ", met", false => ", **missed**", null => "" };

    static string Emphasis(string text, BenchRow row) => row.Ratio is null ? text : $"**{text}**";

    void Losses()
    {
        BenchRow[] rows = [
            .. report.Rows.Where(row => row.Met == false || (row.Met is null && row.Ratio is < 1 && row.Section != "zeroth-order")
                || (row.Ratio is null && row.Note is not null && row.Met is null))];
        Line("\n## Rows that we lose, and targets that we miss\n");
        if (rows.Length == 0) Line("None.");
        foreach (var row in rows) Line($"- **{row.Name}** against {row.Peer}: {Facts(row)}{Reason(row)}");
    }

    // What can be computed about a row.
    static string Facts(BenchRow row)
    {
        var facts = new List<string>();
        if (row.Ratio is null)
        {
            facts.Add(row.Note ?? "no ratio");
        }
        else if (row.Met == false)
        {
            facts.Add(row.TargetText is { } text
                ? $"ratio {Ratio(row.Ratio)}, target {text} (ratio {Ratio(row.Target)})"
                : $"ratio {Ratio(row.Ratio)}, target {Ratio(row.Target)}");
        }
        else
        {
            facts.Add($"ratio {Ratio(row.Ratio)}");
        }
        if (row.Ceiling is { } ceiling)
        {
            if (row.Target > ceiling)
            {
                facts.Add($"the target lies above the ceiling: at the {row.CeilingLimit} of the same rounds the ratio would "
                    + $"be {Ratio(ceiling)}");
            }
            else
            {
                facts.Add($"ceiling {Ratio(ceiling)} by the {row.CeilingLimit}");
            }
            facts.Add($"ours attains {Text(100 * (row.Ratio ?? 0) / ceiling, "F0")} % of that limit");
        }
        else if (row.Ratio is not null && row.Note is not null)
        {
            facts.Add(row.Note);
        }

        return string.Join("; ", facts) + ".";
    }

    string Reason(BenchRow row)
    {
        foreach (string key in (string[])[$"{row.Name} / {row.Peer}", row.Name, row.Name.Split(' ')[0], row.Section])
        {
            if (reasons.TryGetValue(key, out string? reason)) return " " + reason;
        }

        return "";
    }

    static string Ratio(double? value) => ReportTable.Ratio(value);

    static string Value(double? value, string? unit) => ReportTable.Value(value, unit);

    static string Text(double value, string format) => value.ToString(format, CultureInfo.InvariantCulture);

    void Line(string text) => _text.Append(text).Append('\n');
}
