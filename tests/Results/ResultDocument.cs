using System.Globalization;
using System.Text;

namespace EdgeLearn.Results;

/// <summary>What a row set out to reach, and what it reached.</summary>
/// <param name="Row">the row's name</param>
/// <param name="Target">in words</param>
/// <param name="Reached">in words</param>
/// <param name="IsMet">null where there is nothing to judge, such as a gap that backprop does not open</param>
sealed record ResultTarget(string Row, string Target, string Reached, bool? IsMet);

/// <summary>The document as the rows write it, and the pictures beside it.</summary>
/// <param name="folder">name of the folder of the pictures, beside the document</param>
sealed class ResultDocument(string folder)
{
    readonly StringBuilder _text = new();
    readonly List<ResultTarget> _targets = [];
    readonly Dictionary<string, string> _pictures = [];
    string _section = "";

    /// <summary>SVG texts by file name.</summary>
    public IReadOnlyDictionary<string, string> Pictures => _pictures;

    /// <summary>Targets in the order of their rows.</summary>
    public IReadOnlyList<ResultTarget> Targets => _targets;

    /// <summary>Points for the picture of accuracy against memory.</summary>
    public List<MemoryPoint> Points { get; } = [];

    /// <summary>Points for the picture of accuracy against what updates remember: a chart a network and rule, a point an update.</summary>
    public List<MemoryPoint> StatePoints { get; } = [];

    /// <summary>Begins a row: writes its section's heading and head where they are new.</summary>
    public void Begin(ResultRow row)
    {
        if (row.Section == _section) return;
        _section = row.Section;
        _text.Append(CultureInfo.InvariantCulture, $"\n## {row.Section}\n\n{row.Head}");
    }

    /// <summary>Writes Markdown as it is.</summary>
    public void Write(string markdown) => _text.Append(markdown);

    /// <summary>Adds a line to the table of targets.</summary>
    public void Add(ResultTarget target) => _targets.Add(target);

    /// <summary>Adds a picture and shows it here.</summary>
    /// <param name="file">such as <c>depth.svg</c></param>
    /// <param name="title">what a reader without pictures is told</param>
    /// <param name="svg">its text</param>
    public void Show(string file, string title, string svg)
    {
        _pictures[file] = svg;
        _text.Append(CultureInfo.InvariantCulture, $"\n![{title}]({folder}/{file})\n");
    }

    /// <summary>The whole text.</summary>
    /// <param name="head">what stands before the targets</param>
    public string ToString(string head)
    {
        var whole = new StringBuilder(head);
        if (_targets.Count > 0)
        {
            whole.Append("\n## Targets\n\n| row | target | reached | |\n|---|---|---|---|\n");
            foreach (var target in _targets)
                whole.Append(CultureInfo.InvariantCulture, $"| {target.Row} | {target.Target} | {target.Reached} | {Verdict(target)} |\n");
        }

        return whole.Append(_text).ToString();
    }

    static string Verdict(ResultTarget target) => target.IsMet switch
    {
        true => "met",
        false => "**missed**",
        null => "-",
    };
}

/// <summary>A point in a picture of accuracy against memory.</summary>
/// <param name="Row">the chart that it is in: the row's name</param>
/// <param name="Rule">what it is a point of: the rule's word, or the update's</param>
/// <param name="Bytes">weights and workspace of training, or what the update remembers</param>
/// <param name="Accuracy">mean over seeds, 0 to 1</param>
sealed record MemoryPoint(string Row, string Rule, long Bytes, double Accuracy);

/// <summary>What a <see cref="TrainingRow"/> sets out to reach; null = nothing of the kind.</summary>
sealed record RowTargets
{
    /// <summary>Least accuracy of tpSGD, in percent.</summary>
    public double? LeastAccuracy { get; init; }

    /// <summary>Points that the best forward-only rule may lie below backprop.</summary>
    public double? WithinPoints { get; init; }

    /// <summary>Points that tpSGD lies above frozen.</summary>
    public double? PointsAboveFrozen { get; init; }

    /// <summary>Whether the best forward-only rule lies above frozen by more than twice the deviations of both.</summary>
    public bool ClearlyAboveFrozen { get; init; }

    /// <summary>Part of the gap that the best forward-only rule recovers.</summary>
    public double? Gap { get; init; } = 0.8;

    /// <summary>Part of the gap that tpSGD recovers.</summary>
    public double? TargetProjectionGap { get; init; } = 0.5;
}
