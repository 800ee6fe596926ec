using System.Globalization;

namespace EdgeLearn;

/// <summary>
/// What the last layer's output is held against. Two losses of the same <see cref="Name"/> are equal: it says their parameters too.
/// </summary>
public abstract class Loss : IEquatable<Loss>
{
    private protected Loss()
    {
    }

    /// <summary>
    /// Cross-entropy of the softmax of the outputs with class labels; where a row has a label for each step, the mean over its steps.
    /// </summary>
    public static Loss SoftmaxCrossEntropy { get; } = new CrossEntropyLoss(0, []);

    /// <summary>Half the mean square difference of the outputs from real targets.</summary>
    public static Loss MeanSquareError { get; } = new MeanSquareLoss();

    /// <summary>The loss with its parameters, in model files and on the command line: <c>cross-entropy:smooth0.1</c>.</summary>
    public abstract string Name { get; }

    /// <summary>Whether the targets are class labels.</summary>
    public abstract bool IsClassification { get; }

    /// <summary>Whether the targets are quantities with a unit, which are scaled so that learning does not depend on it.</summary>
    public virtual bool HasQuantities => false;

    /// <summary>The loss of one output that is off by so much; of losses that have quantities.</summary>
    internal virtual double OfDifference(double difference) => throw new InvalidOperationException($"{Name} has no quantities");

    /// <summary>Whether <see cref="CountCorrect"/> says anything.</summary>
    public virtual bool MeasuresAccuracy => IsClassification;

    /// <summary>Sum of the losses of the rows, in double. The outputs are scratch afterwards.</summary>
    /// <param name="batch">rows with their labels or targets</param>
    /// <param name="outputs">[batch x output length], overwritten</param>
    public double Sum(in Batch batch, Span<float> outputs) => Run(batch, outputs, gradient: false);

    /// <summary>Sum of the losses; the outputs become the gradient of the mean loss by the outputs.</summary>
    /// <param name="batch">rows with their labels or targets</param>
    /// <param name="outputs">[batch x output length]: outputs in, gradient out</param>
    public double Gradient(in Batch batch, Span<float> outputs) => Run(batch, outputs, gradient: true);

    /// <summary>Sum of the losses; the outputs become the gradient where it is wanted, else scratch.</summary>
    private protected abstract double Run(in Batch batch, Span<float> outputs, bool gradient);

    /// <summary>Labels, or rows of several targets, that the outputs get right; 0 for a regression.</summary>
    /// <param name="batch">rows with their labels or targets</param>
    /// <param name="outputs">[batch x output length]</param>
    public virtual int CountCorrect(in Batch batch, ReadOnlySpan<float> outputs) => 0;

    /// <summary>The class that the outputs for one label say.</summary>
    internal virtual int ClassOf(ReadOnlySpan<float> outputs) => throw new InvalidOperationException($"{Name} has no classes");

    /// <summary>Outputs that a network needs for some data.</summary>
    /// <param name="classCount">classes of the data, or 0</param>
    /// <param name="targetLength">real targets of a sample, or 0</param>
    public virtual int OutputsFor(int classCount, int targetLength) => classCount > 0 ? classCount : targetLength;

    /// <summary>Classes that so many outputs for a label tell apart.</summary>
    public virtual int ClassesOf(int outputs) => outputs;

    /// <summary>Refuses a network with a number of outputs that the loss cannot use.</summary>
    /// <exception cref="EdgeLearnException">It has; the message says what to do.</exception>
    internal virtual void CheckOutputs(NetworkSpec network)
    {
    }

    /// <summary>Refuses data whose classes or targets do not fit a network's outputs.</summary>
    /// <exception cref="EdgeLearnException">They do not; the message says what to do.</exception>
    public virtual void CheckFit(Dataset data, NetworkSpec network)
    {
        if (IsClassification && data.ClassCount == 0)
            throw new EdgeLearnException($"{data.Name} has real targets, the network's loss is {Name}: use mean-square");
        if (!IsClassification && data.TargetLength != network.OutputLength)
        {
            throw new EdgeLearnException($"{data.Name} has {data.TargetLength} real targets a sample, the network "
                + $"has {network.OutputLength} outputs");
        }
        if (data.ClassCount > ClassesOf(network.ClassCount))
        {
            throw new EdgeLearnException($"{data.Name} has {data.ClassCount} classes, the network has {network.ClassCount} outputs: end "
                + $"it with {data.ClassCount}");
        }
        if (IsClassification && data.LabelLength != network.LabelLength)
        {
            throw new EdgeLearnException($"{data.Name} has {Count(data.LabelLength)} a sample, the network's outputs "
                + $"are {network.OutputOf(network.Layers.Count - 1)} and "
                + $"need {Count(network.LabelLength)}: "
                + (data.LabelLength == 1
                    ? $"put globalavg or a recurrent layer behind the sequence, then {data.ClassCount}"
                    : $"end it with tokens{data.ClassCount} or stepwise{data.ClassCount}"));
        }

        static string Count(int labels) => labels == 1 ? "1 label" : $"{labels} labels";
    }

    /// <summary>The loss of this name, or an <see cref="EdgeLearnException"/> that lists the names.</summary>
    public static Loss Named(string name) => LossText.Parse(name);

    /// <inheritdoc/>
    public bool Equals(Loss? other) => other is not null && other.Name == Name;

    /// <inheritdoc/>
    public sealed override bool Equals(object? obj) => Equals(obj as Loss);

    /// <inheritdoc/>
    public sealed override int GetHashCode() => Name.GetHashCode(StringComparison.Ordinal);
}

/// <summary>The text of a loss: a word, then its parameters, each behind a colon.</summary>
static class LossText
{
    const string Words = "cross-entropy[:smooth0.1][:weights1,2,...], binary-cross-entropy[:multilabel], mean-square or huber[:1.0]";

    /// <summary>Reads a loss.</summary>
    /// <exception cref="EdgeLearnException">It is none, or a parameter is out of range.</exception>
    public static Loss Parse(string text)
    {
        string[] parts = text.Split(':');
        var parameters = parts.AsSpan(1);
        return parts[0] switch
        {
            "cross-entropy" => CrossEntropy(text, parameters),
            "binary-cross-entropy" when parameters is [] or ["multilabel"] => new BinaryCrossEntropyLoss(parameters.Length == 1),
            "mean-square" when parameters is [] => Loss.MeanSquareError,
            "huber" when parameters.Length <= 1 => new HuberLoss(parameters is [var delta] ? Number(text, delta) : 1),
            _ => throw Unknown(text),
        };
    }

    /// <summary>A number as it stands in a loss's name.</summary>
    public static string Format(float value) => value.ToString(CultureInfo.InvariantCulture);

    static CrossEntropyLoss CrossEntropy(string text, ReadOnlySpan<string> parameters)
    {
        float smoothing = 0;
        float[] weights = [];
        foreach (string parameter in parameters)
        {
            if (parameter.StartsWith("smooth", StringComparison.Ordinal)) smoothing = Number(text, parameter["smooth".Length..]);
            else if (parameter.StartsWith("weights", StringComparison.Ordinal))
                weights = [.. parameter["weights".Length..].Split(',').Select(part => Number(text, part))];
            else throw Unknown(text);
        }

        return new CrossEntropyLoss(smoothing, weights);
    }

    static float Number(string whole, string text)
        => float.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out float value)
            ? value
            : throw new EdgeLearnException($"loss '{Shorten(whole)}': '{Shorten(text)}' is no number");

    static EdgeLearnException Unknown(string text) => new($"unknown loss '{Shorten(text)}': expected {Words}");

    static string Shorten(string text) => text.Length <= 60 ? text : string.Concat(text.AsSpan(0, 60), "...");
}
