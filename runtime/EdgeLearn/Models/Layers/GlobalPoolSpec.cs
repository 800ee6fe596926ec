using System.Numerics.Tensors;
using System.Text.Json;

namespace EdgeLearn;

/// <summary>
/// A <see cref="GlobalPoolLayer"/>: <c>globalavg</c> or <c>globalmax</c>, one value a channel of an image or a feature of a sequence.
/// </summary>
/// <param name="IsMean">mean instead of maximum</param>
public sealed record GlobalPoolSpec(bool IsMean) : LayerSpec
{
    internal static readonly LayerKind Kind = new("global-pool", "globalavg", Parse, json => new GlobalPoolSpec(json.Flag("mean")));

    static GlobalPoolSpec? Parse(LayerText text)
        => text.Is("globalavg", 0, out _) ? new GlobalPoolSpec(true) : text.Is("globalmax", 0, out _) ? new GlobalPoolSpec(false) : null;

    internal override void Write(Utf8JsonWriter json)
    {
        json.WriteString("kind", Kind.Word);
        if (IsMean) json.WriteBoolean("mean", true);
    }

    /// <inheritdoc/>
    public override string ToShorthand(Activation unsaid) => IsMean ? "globalavg" : "globalmax";

    /// <inheritdoc/>
    public override Shape OutputShape(Shape input, string name) => input.Rank switch
    {
        1 => throw new EdgeLearnException($"{name} needs an image or a sequence, but its input is a vector of {input.Length} values: "
            + $"leave it out"),
        2 => Shape.Vector(input.Width),
        _ => Shape.Vector(input.Channels),
    };

    internal override Layer Build(string name, Shape input, ParameterSet parameters)
        => new GlobalPoolLayer(name, input, OutputShape(input, name), IsMean);
}

/// <summary>
/// y[c] = mean or maximum of channel c over all positions, or of feature c over all steps. The gradient of a maximum goes to the first
/// position that has it.
/// </summary>
sealed class GlobalPoolLayer(string name, Shape input, Shape output, bool isMean) : Layer(name, input, output)
{
    int Positions => InputLength / OutputLength;

    // The values of one channel are neighbours.
    bool IsPlanar => InputShape.IsPlanar || OutputLength == 1;

    public override string Describe() => isMean ? "globalavg" : "globalmax";

    public override bool GradientReadsInput => !isMean;

    public override bool GradientReadsOutput => !isMean;

    internal override void Forward(int batch, ParameterSet parameters, in ForwardMode mode, ReadOnlySpan<float> x, Span<float> y,
        Span<float> saved, Span<float> scratch)
    {
        for (int b = 0; b < batch; b++)
        {
            var values = x.Slice(b * InputLength, InputLength);
            var pooled = y.Slice(b * OutputLength, OutputLength);
            if (IsPlanar)
            {
                for (int c = 0; c < pooled.Length; c++)
                {
                    pooled[c] = isMean
                        ? TensorPrimitives.Sum(values.Slice(c * Positions, Positions))
                        : TensorPrimitives.Max(values.Slice(c * Positions, Positions));
                }
            }
            else
            {
                values[..OutputLength].CopyTo(pooled);
                for (int p = 1; p < Positions; p++)
                {
                    var step = values.Slice(p * OutputLength, OutputLength);
                    if (isMean) TensorPrimitives.Add(pooled, step, pooled);
                    else TensorPrimitives.Max(pooled, step, pooled);
                }
            }

            if (isMean) TensorPrimitives.Multiply(pooled, 1f / Positions, pooled);
        }
    }

    internal override void InputGradient(in ForwardTrace trace, ReadOnlySpan<float> dz, Span<float> dx, Span<float> scratch)
    {
        dx.Clear();
        int position = IsPlanar ? 1 : OutputLength, channel = IsPlanar ? Positions : 1;
        for (int b = 0; b < trace.Batch; b++)
        {
            for (int c = 0; c < OutputLength; c++)
            {
                float gradient = dz[b * OutputLength + c];
                int first = b * InputLength + c * channel;
                if (isMean)
                {
                    for (int p = 0; p < Positions; p++) dx[first + p * position] = gradient / Positions;
                    continue;
                }

                int place = 0;
                float max = trace.Output[b * OutputLength + c];
                while (place < Positions - 1 && trace.Input[first + place * position] != max) place++;
                dx[first + place * position] = gradient;
            }
        }
    }
}
