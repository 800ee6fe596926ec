using System.Globalization;

namespace EdgeLearn;

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
