using System.CommandLine;
using System.Globalization;
using System.Numerics;

namespace EdgeLearn.Commands;

/// <summary>Options that say in one line what was wrong with their value. An option that is not given has the value null.</summary>
static class OptionText
{
    /// <summary>An option with a parser that throws <see cref="EdgeLearnException"/>.</summary>
    public static Option<T?> Parsed<T>(string name, string placeholder, string description, Func<string, T> parse)
        => new(name)
        {
            Description = description,
            HelpName = placeholder,
            CustomParser = result =>
            {
                try
                {
                    return parse(result.Tokens[0].Value);
                }
                catch (EdgeLearnException e)
                {
                    result.AddError(e.Message);
                    return default;
                }
            },
        };

    /// <summary>Free text.</summary>
    public static Option<string?> Text(string name, string placeholder, string description)
        => new(name) { Description = description, HelpName = placeholder };

    /// <summary>True when it is there.</summary>
    public static Option<bool> Flag(string name, string description) => new(name) { Description = description };

    public static Option<int?> Whole(string name, string description) => Parsed<int?>(name, "N", description, text =>
    {
        if (!long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out long value))
            throw new EdgeLearnException($"{name} {text}: expected a whole number");
        return value is >= int.MinValue and <= int.MaxValue
            ? (int)value : throw new EdgeLearnException($"{name} {text}: expected a whole number up to {int.MaxValue}");
    });

    /// <summary>A whole number from some value on.</summary>
    /// <param name="name">of the option</param>
    /// <param name="description">in its help</param>
    /// <param name="least">the smallest that is taken</param>
    /// <param name="most">the greatest</param>
    /// <param name="expected">what an error says that is expected</param>
    public static Option<T?> Whole<T>(string name, string description, T least, T most, string expected)
        where T : struct, IBinaryInteger<T>
        => Parsed<T?>(name, "N", description, text
            => T.TryParse(text, CultureInfo.InvariantCulture, out var value) && value >= least && value <= most
            ? value : throw new EdgeLearnException($"{name} {text}: expected {expected}"));

    /// <summary>Two whole numbers of 0 or more, such as 1/4.</summary>
    /// <param name="name">of the option</param>
    /// <param name="description">in its help</param>
    /// <param name="expected">what an error says that is expected</param>
    public static Option<(int Part, int Count)?> Part(string name, string description, string expected)
        => Parsed<(int, int)?>(name, "I/N", description, text =>
        {
            string[] halves = text.Split('/');
            return halves.Length == 2 && int.TryParse(halves[0], NumberStyles.None, CultureInfo.InvariantCulture, out int part)
                && int.TryParse(halves[1], NumberStyles.None, CultureInfo.InvariantCulture, out int count)
                ? (part, count) : throw new EdgeLearnException($"{name} {text}: expected {expected}");
        });

    public static Option<ulong?> Seed(string name, string description)
        => Parsed<ulong?>(name, "N", description,
            text => ulong.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out ulong value)
            ? value : throw new EdgeLearnException($"{name} {text}: expected a whole number of 0 or more"));

    public static Option<double?> Number(string name, string description)
        => Parsed<double?>(name, "X", description,
            text => double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out double value)
            ? value : throw new EdgeLearnException($"{name} {text}: expected a number"));

    public static Option<Shape?> ShapeOf(string name, string description)
        => Parsed<Shape?>(name, "HxW[xC]", description,
            text => Shape.TryParse(text, out var shape)
            ? shape : throw new EdgeLearnException($"{name} {text}: expected a shape such as 28x28 or 32x32x3, or a number of values"));

    /// <summary>One of a few words.</summary>
    public static Option<T?> Words<T>(string name, string description, params (string Word, T Value)[] words)
        where T : struct
        => Parsed<T?>(name, string.Join('|', words.Select(w => w.Word)), description, text =>
        {
            foreach (var (word, value) in words)
            {
                if (word == text) return value;
            }

            throw new EdgeLearnException($"{name} {text}: expected {string.Join(", ", words.Select(w => w.Word))}");
        });

    /// <summary>How matrices are stored.</summary>
    public static Option<WeightStorage?> Weights() => Parsed<WeightStorage?>("--weights", "float32|bf16|int8",
        "how matrices are stored (default: the model's own)", text => WeightStorageWords.Parse(text));

    /// <summary><c>--memory-limit</c>: bytes, such as 2MB.</summary>
    /// <param name="of">what takes them</param>
    public static Option<long?> MemoryLimit(string of) => Parsed<long?>("--memory-limit", "BYTES",
        $"bytes that {of} may take (2MB, 1.5MiB, 800k): fewer rows of a batch then go through the network at a time",
        text => ByteCount.Parse("--memory-limit", text));

    /// <summary>How many threads the kernels use.</summary>
    public static Option<int?> Threads()
        => Whole("--threads", "threads that share the products (default 1: a board is shared); the results are the same to the bit");
}
