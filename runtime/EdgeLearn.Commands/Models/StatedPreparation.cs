using System.Globalization;

namespace EdgeLearn.Commands;

/// <summary>
/// The preparation that <c>--mean</c> and <c>--std</c> state: what a PyTorch program did to its inputs, which no state_dict tells.
/// </summary>
static class StatedPreparation
{
    /// <summary>x' = (x - mean) / deviation. A number a channel or feature is repeated over pixels or steps, as the values lie.</summary>
    /// <param name="input">shape of a sample</param>
    /// <param name="mean">numbers with commas between them; null = 0</param>
    /// <param name="deviation">the same; null = 1</param>
    /// <exception cref="EdgeLearnException">One is no number, or there are neither one, nor one a channel, nor one a value.</exception>
    public static Preparation Of(Shape input, string? mean, string? deviation)
    {
        float[] shift = Numbers("--mean", mean, 0), scale = [.. Numbers("--std", deviation, 1).Select(value => 1 / value)];
        if (Array.Exists(scale, value => !float.IsFinite(value)))
            throw new EdgeLearnException($"--std {deviation}: expected numbers other than 0");
        int count = Math.Max(shift.Length, scale.Length), inner = input.Rank == 3 ? input.Channels : input.Width;
        if (count != 1 && count != inner && count != input.Length)
        {
            throw new EdgeLearnException($"--mean and --std have {count} numbers: expected 1, {inner} or {input.Length} for inputs "
                + $"of {input}");
        }
        if ((shift.Length, scale.Length) is var (a, b) && a != b && a != 1 && b != 1)
            throw new EdgeLearnException($"--mean has {a} numbers and --std {b}: give as many, or one");
        int length = count == 1 ? 1 : input.Length;
        return new Preparation(Repeated(shift, length), Repeated(scale, length));
    }

    static float[] Repeated(float[] values, int length) => [.. Enumerable.Range(0, length).Select(i => values[i % values.Length])];

    static float[] Numbers(string option, string? text, float unsaid) => text is null
        ? [unsaid]
        : [.. text.Split(',')
            .Select(part => float.TryParse(part, NumberStyles.Float, CultureInfo.InvariantCulture, out float value) && float.IsFinite(value)
            ? value : throw new EdgeLearnException($"{option} {text}: '{part}' is no number"))];
}
