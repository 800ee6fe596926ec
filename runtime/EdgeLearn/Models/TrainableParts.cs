using System.Globalization;
using System.IO.Enumeration;

namespace EdgeLearn;

/// <summary>
/// What of a network training may change, by keys with commas between them: <c>head</c>, <c>bias</c>, <c>norm</c>, <c>lora:4</c>,
/// <c>scale</c>, <c>residual:8</c>, <c>all</c>, a layer (<c>layers.3</c>) or a pattern of tensor names (<c>*.weight</c>). Works on any set
/// of parameters, whoever computes the forward pass; the three adaptors need a <see cref="NetworkSpec"/>, into which <see cref="Adapt"/>
/// puts them.
/// </summary>
public sealed record TrainableParts
{
    const int MostRank = 4096;

    // First part of an adaptor's tensors behind their layer's name.
    internal const string AdaptorMark = ".adaptor.";

    static readonly (string Word, TrainableKind Kind)[] s_plain =
    [
        ("all", TrainableKind.All), ("head", TrainableKind.Head), ("bias", TrainableKind.Bias), ("norm", TrainableKind.Norm),
        ("scale", TrainableKind.ScaleShift),
    ];

    /// <summary>Takes keys.</summary>
    internal TrainableParts(params IReadOnlyList<TrainablePart> parts) => Parts = parts;

    /// <summary>The last layer with weights alone.</summary>
    public static TrainableParts Head { get; } = new(new TrainablePart(TrainableKind.Head));

    /// <summary>The keys.</summary>
    internal IReadOnlyList<TrainablePart> Parts { get; }

    /// <summary>Reads keys.</summary>
    /// <param name="text">such as <c>lora:4,head</c></param>
    /// <exception cref="EdgeLearnException">It is empty, or a rank makes no sense.</exception>
    public static TrainableParts Parse(string text) => new([.. text.Split(',').Select(ParsePart)]);

    static TrainablePart ParsePart(string key)
    {
        string[] pieces = key.Split(':');
        return pieces[0] switch
        {
            _ when Array.Find(s_plain, plain => plain.Word == key) is { Word: not null } plain => new TrainablePart(plain.Kind),
            "residual" when pieces.Length == 2 => new TrainablePart(TrainableKind.Bottleneck, RankOf(key, pieces[1])),
            "lora" when pieces.Length == 2 => new TrainablePart(TrainableKind.LowRank, RankOf(key, pieces[1]), RankOf(key, pieces[1])),
            "lora" when pieces.Length == 3 => new TrainablePart(TrainableKind.LowRank, RankOf(key, pieces[1]), RankOf(key, pieces[2])),
            _ when key.Length > 0 && pieces.Length == 1 => new TrainablePart(TrainableKind.Pattern, Pattern: key),
            _ => throw new EdgeLearnException($"--train {key}: expected head, bias, norm, lora:RANK, scale, residual:UNITS, all, a layer "
                + $"such as layers.2, or a pattern of tensor names such as *.bias"),
        };
    }

    static int RankOf(string key, string text)
        => int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int rank) && rank is >= 1 and <= MostRank
        ? rank
        : throw new EdgeLearnException($"--train {key}: '{text}' behind the colon, expected a whole number from 1 to {MostRank}");

    /// <summary>Whether one of the keys is of a kind.</summary>
    internal bool Has(TrainableKind kind) => Parts.Any(part => part.Kind == kind);

    /// <summary>The network with the adaptors among the keys put into its layers; the same network where there are none.</summary>
    /// <exception cref="EdgeLearnException">No layer can have the adaptor.</exception>
    public NetworkSpec Adapt(NetworkSpec spec)
    {
        foreach (var part in Parts)
        {
            if (part.Kind is not (TrainableKind.LowRank or TrainableKind.ScaleShift or TrainableKind.Bottleneck)) continue;
            var layers = spec.Layers.ToArray();
            int head = spec.Units[^1].Learner;
            bool any = layers.Any(layer => layer is AdaptedSpec); // goes on learning
            for (int i = 0; i < layers.Length; i++)
            {
                if (i == head && (part.Kind == TrainableKind.Bottleneck || Has(TrainableKind.Head))) continue; // learns by itself
                if (AdaptedSpec.Around(layers[i], part) is not { } adapted) continue;
                layers[i] = adapted;
                any = true;
            }

            if (!any)
            {
                throw new EdgeLearnException($"--train {Word(part)}: no layer of {spec} can have it: expected dense or convolution "
                    + $"layers{Others(part.Kind)}");
            }
            spec = new NetworkSpec(spec.Input, layers, spec.Loss);
        }

        return spec;
    }

    /// <summary>Sets which tensors of a network learn.</summary>
    /// <exception cref="EdgeLearnException">A key fits no tensor.</exception>
    public void Freeze(Network network)
    {
        var unit = network.Units[^1];
        var head = new HashSet<ParameterSlice>();
        for (int i = unit.Learner; i < unit.End; i++) head.UnionWith(network.Layers[i].Slices);
        Freeze(network.Parameters, head.Contains);
    }

    /// <summary>Sets which tensors of a set learn.</summary>
    /// <param name="parameters">of any forward pass</param>
    /// <param name="isHead">which tensors are the last layer's</param>
    /// <exception cref="EdgeLearnException">A key fits no tensor.</exception>
    public void Freeze(ParameterSet parameters, Func<ParameterSlice, bool> isHead)
    {
        foreach (var slice in parameters.Slices) slice.Trainable = false;
        foreach (var part in Parts)
        {
            bool any = false;
            foreach (var slice in parameters.Slices)
            {
                if (slice.IsStatistic || !Names(part, slice, parameters, isHead)) continue;
                slice.Trainable = any = true;
            }

            if (!any)
            {
                throw new EdgeLearnException($"--train {Word(part)} fits no tensor: expected head, bias, norm, lora:RANK, scale, "
                    + $"residual:UNITS, all, or a name "
                    + $"among {string.Join(", ", parameters.Slices.Take(8).Select(slice => slice.Name))}"
                        + $"{(parameters.Slices.Count > 8 ? ", ..." : "")}");
            }
        }
    }

    static bool Names(TrainablePart part, ParameterSlice slice, ParameterSet parameters, Func<ParameterSlice, bool> isHead)
        => part.Kind switch
        {
            TrainableKind.All => true,
            TrainableKind.Head => isHead(slice),
            TrainableKind.Bias =>
                slice.Name[(slice.Name.LastIndexOf('.') + 1)..].Contains("bias", StringComparison.Ordinal)
                && !slice.Name.Contains(AdaptorMark, StringComparison.Ordinal),
            TrainableKind.Norm => IsNorm(slice, parameters),
            TrainableKind.Pattern =>
                FileSystemName.MatchesSimpleExpression(part.Pattern, slice.Name, ignoreCase: false)
                || slice.Name.StartsWith(part.Pattern + '.', StringComparison.Ordinal),
            _ => slice.Name.Contains(AdaptorMark, StringComparison.Ordinal),
        };

    // A norm's weight has one value a channel or a value, and does not decay; its bias lies beside it.
    static bool IsNorm(ParameterSlice slice, ParameterSet parameters)
    {
        const string Weight = ".weight", Bias = ".bias";
        if (slice.Name.EndsWith(Bias, StringComparison.Ordinal))
            return parameters.Find(slice.Name[..^Bias.Length] + Weight) is { } weight && IsNorm(weight, parameters);
        return slice.Name.EndsWith(Weight, StringComparison.Ordinal) && !slice.Decay && slice.Shape.Length != 2
            && !slice.Name.Contains(AdaptorMark, StringComparison.Ordinal);
    }

    // What takes the adaptor beside dense layers and convolutions.
    static string Others(TrainableKind kind) => kind switch
    {
        TrainableKind.ScaleShift => ", or windows",
        TrainableKind.LowRank => " without groups, recurrent layers, attention or mlp",
        _ => " without groups",
    };

    static string Word(TrainablePart part) => part.Kind switch
    {
        TrainableKind.LowRank when part.Alpha != part.Rank => string.Create(CultureInfo.InvariantCulture, $"lora:{part.Rank}:{part.Alpha}"),
        TrainableKind.LowRank => string.Create(CultureInfo.InvariantCulture, $"lora:{part.Rank}"),
        TrainableKind.Bottleneck => string.Create(CultureInfo.InvariantCulture, $"residual:{part.Rank}"),
        TrainableKind.Pattern => part.Pattern,
        var kind => Array.Find(s_plain, plain => plain.Kind == kind).Word,
    };

    /// <summary>The keys as <see cref="Parse"/> reads them.</summary>
    public override string ToString() => string.Join(',', Parts.Select(Word));

    // Lists are equal when their keys are.
    /// <inheritdoc/>
    public bool Equals(TrainableParts? other) => other is not null && Parts.SequenceEqual(other.Parts);

    /// <inheritdoc/>
    public override int GetHashCode() => ToString().GetHashCode(StringComparison.Ordinal);
}

/// <summary>What one key of <see cref="TrainableParts"/> means.</summary>
enum TrainableKind
{
    /// <summary><c>all</c>: everything.</summary>
    All,

    /// <summary><c>head</c>: the last layer with weights, and what follows it.</summary>
    Head,

    /// <summary><c>bias</c>: every bias. Source: Cai et al. 2020 (TinyTL): a bias needs no input to be kept for its gradient.</summary>
    Bias,

    /// <summary><c>norm</c>: scales and shifts of norms; batch norms keep their statistics up.</summary>
    Norm,

    /// <summary>A tensor's name in which * stands for anything, or a layer's name.</summary>
    Pattern,

    /// <summary>
    /// <c>lora:R</c>: a pair of matrices of rank R beside each weighted sum, and beside each matrix of recurrent layers, attention and mlp.
    /// </summary>
    LowRank,

    /// <summary><c>scale</c>: a scale and a shift for each unit or channel of a weighted sum.</summary>
    ScaleShift,

    /// <summary><c>residual:R</c>: a bottleneck of R units behind each hidden layer, added to its output.</summary>
    Bottleneck,
}

/// <summary>One key.</summary>
/// <param name="Kind">what it means</param>
/// <param name="Rank">of a pair of matrices, units of a bottleneck</param>
/// <param name="Alpha">the pair counts alpha / rank times</param>
/// <param name="Pattern">of names</param>
readonly record struct TrainablePart(TrainableKind Kind, int Rank = 0, float Alpha = 0, string Pattern = "");
