using System.Globalization;
using System.Text.Json;

namespace EdgeLearn;

/// <summary>
/// A layer that is run over the steps of a sequence and keeps a state: <see cref="GruSpec"/>, <see cref="LstmSpec"/>,
/// <see cref="RnnSpec"/>.
/// </summary>
/// <param name="Units">values of the state</param>
public abstract record RecurrentSpec(int Units) : LayerSpec
{
    /// <summary>Whether the states after all steps come out, steps x units; else the last one alone.</summary>
    public bool IsSequence { get; init; }

    /// <summary>
    /// Steps that gradients go through at most, windows of so many steps counted from the last; null = all. No output depends on it.
    /// </summary>
    public int? Truncation { get; init; }

    internal override LayerRole Role => LayerRole.Learner;

    /// <summary>What begins the shorthand, and the JSON form's kind.</summary>
    private protected abstract string Word { get; }

    /// <summary>Options behind the shorthand's units.</summary>
    private protected virtual string Options => "";

    /// <summary>A kind of which a text says the units and what all recurrent layers have, and no more.</summary>
    private protected static LayerKind KindOf(string word, Func<int, RecurrentSpec> of) => new(word, word + "64",
        text => text.Is(word, 1, out int[] sizes) ? of(sizes[0]).With(text) : null, json => of(json.Integer("units")).With(json));

    /// <summary>The layer with the options that all recurrent layers have.</summary>
    private protected RecurrentSpec With(LayerText text)
    {
        bool isSequence = text.Take("sequence");
        int steps = text.Take("truncate", -1);
        return steps == 0
            ? throw text.Refuse("has truncate0: expected 1 or more steps that gradients go back")
            : this with { IsSequence = isSequence, Truncation = steps < 0 ? null : steps };
    }

    /// <summary>The same from the JSON form.</summary>
    private protected RecurrentSpec With(LayerJson json)
    {
        bool isSequence = json.Text("output", "last") switch
        {
            "last" => false,
            "sequence" => true,
            var other =>
                throw new EdgeLearnException($"{json.FileName}: a recurrent layer with the output '{other}', expected last or sequence"),
        };
        int? steps = json.Has("truncate") ? json.Integer("truncate") : null;
        return steps < 1
            ? throw new EdgeLearnException($"{json.FileName}: a recurrent layer with truncate {steps}, expected 1 or more steps that "
                + $"gradients go back") : this with { IsSequence = isSequence, Truncation = steps };
    }

    internal override void Write(Utf8JsonWriter json)
    {
        json.WriteString("kind", Word);
        json.WriteNumber("units", Units);
        json.WriteString("output", IsSequence ? "sequence" : "last");
        if (Truncation is { } steps) json.WriteNumber("truncate", steps);
    }

    /// <inheritdoc/>
    public override string ToShorthand(Activation unsaid)
        => string.Create(CultureInfo.InvariantCulture,
            $"{Word}{Units}{(IsSequence ? ":sequence" : "")}{Options}{(Truncation is null ? "" : $":truncate{Truncation}")}");

    /// <inheritdoc/>
    public override Shape OutputShape(Shape input, string name)
    {
        if (input.Rank != 2)
        {
            throw new EdgeLearnException($"{name} needs a sequence of steps x features, but its input is {input}: write :sequence behind "
                + $"a recurrent layer before it, or put reshapeTxF between");
        }
        DenseSpec.CheckUnits(Units, name);
        return IsSequence ? Shape.Sequence(input.Height, Units) : Shape.Vector(Units);
    }
}
