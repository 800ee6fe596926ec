using System.CommandLine;
using EdgeLearn.Datasets;

namespace EdgeLearn.Commands;

/// <summary>The options that say what the outputs are held against. Balanced class weights wait for the labels.</summary>
sealed class LossOptions
{
    readonly Option<Loss?> _loss = OptionText.Parsed<Loss?>(
        "--loss", "cross-entropy|binary-cross-entropy[:multilabel]|mean-square|huber[:DELTA]",
        "what the outputs are held against: classes, two classes with one output, or real numbers, which multilabel takes as 0 or 1 for "
        + "each output (default: the model's own; cross-entropy for a new one)", Loss.Named);
    readonly Option<double?> _smoothing =
        OptionText.Number("--label-smoothing", "cross-entropy: share of the target that is spread over all classes (default 0)");
    readonly Option<string?> _weights = OptionText.Text("--class-weights", "balanced|W0,W1,...",
        "cross-entropy: how much the classes count; balanced: rare ones more, by the training labels (default 1 each)");

    public void AddTo(ExampleCommand command) => command.Add("network", _loss, _smoothing, _weights);

    /// <summary>The loss, with balanced weights still missing.</summary>
    /// <param name="parsed">the command line</param>
    /// <param name="network">may have a loss of its own</param>
    /// <exception cref="EdgeLearnException">The options contradict each other, or the loss takes other targets than the network was made
    /// for.</exception>
    public Loss Read(ParseResult parsed, NetworkSource network)
    {
        var loss = parsed.GetValue(_loss) ?? network.Loss ?? Loss.SoftmaxCrossEntropy;
        if (network.Loss is { } own && own.IsClassification != loss.IsClassification)
        {
            throw new EdgeLearnException($"--loss {loss.Name}: the network of --network was made for {own.Name}, which "
                + $"takes {(own.IsClassification ? "classes" : "real targets")}");
        }
        float? smoothing = (float?)parsed.GetValue(_smoothing);
        string? weights = parsed.GetValue(_weights);
        if (smoothing is null && weights is null) return loss;
        if (loss is not CrossEntropyLoss plain)
        {
            throw new EdgeLearnException($"{(smoothing is null ? "--class-weights" : "--label-smoothing")} belongs to cross-entropy, the "
                + $"loss is {loss.Name}: leave it out, or use --loss cross-entropy");
        }
        return new CrossEntropyLoss(smoothing ?? plain.Smoothing,
            weights is null ? plain.ClassWeights : weights == "balanced"
            ? []
            : ((CrossEntropyLoss)Loss.Named($"cross-entropy:weights{weights}")).ClassWeights);
    }

    /// <summary>The loss once the data are known.</summary>
    /// <param name="parsed">the command line</param>
    /// <param name="loss">what <see cref="Read"/> gave</param>
    /// <param name="network">what is trained</param>
    /// <param name="data">whose training labels balance the classes; null where there is none</param>
    /// <exception cref="EdgeLearnException">There are no labels, or not those that the network can learn.</exception>
    public Loss Complete(ParseResult parsed, Loss loss, NetworkSource network, DataSplit? data)
    {
        if (parsed.GetValue(_weights) != "balanced" || loss is not CrossEntropyLoss plain) return loss;
        if (data is null) throw new EdgeLearnException("--class-weights balanced counts the labels of the training data: add --data");
        var spec = network.SpecFor(data.InputShape, data.ClassCount, loss, data.IsSequence);
        loss.CheckFit(data.Train, spec);
        return new CrossEntropyLoss(plain.Smoothing, CrossEntropyLoss.BalancedWeights(data.Train, spec.ClassCount));
    }
}
