using System.Globalization;

namespace EdgeLearn;

/// <summary>
/// One layer of the shorthand, taken apart: <c>[word][sizes][@places][(body)]{:option}</c>, such as <c>128</c>, <c>1000@10x10:relu</c>,
/// <c>conv5x5x8:stride2</c>, <c>dropout0.5</c>,
/// <c>residual(conv3x3x8:same)</c>. A kind of layer takes what it knows; what is left over is an error that lists what was asked for.
/// </summary>
sealed class LayerText
{
    readonly string _network;
    readonly string _label;
    readonly string _part;
    readonly List<string> _options = [];
    readonly List<string> _asked = [];

    /// <summary>Takes one layer apart.</summary>
    /// <param name="network">the whole shorthand, for errors</param>
    /// <param name="label">which layer, counted from 1; 2.1 is the first in the body of the second</param>
    /// <param name="part">the layer</param>
    /// <param name="unsaid">its activation where it says none</param>
    public LayerText(string network, string label, string part, Activation unsaid)
    {
        _network = network;
        _label = label;
        _part = part;
        Unsaid = unsaid;
        string head = part;
        var pieces = Split(part, ':');
        if (pieces.Count > 0)
        {
            head = pieces[0];
            _options.AddRange(pieces.Skip(1));
        }

        int open = head.IndexOf('(', StringComparison.Ordinal);
        if (open >= 0 && head.EndsWith(')'))
        {
            Body = head[(open + 1)..^1];
            head = head[..open];
        }

        int at = head.IndexOf('@', StringComparison.Ordinal);
        if (at >= 0)
        {
            Places = head[(at + 1)..];
            head = head[..at];
        }

        int letters = 0;
        while (letters < head.Length && char.IsAsciiLetter(head[letters])) letters++;
        Word = head[..letters];
        Sizes = head[letters..];
    }

    /// <summary>The letters at the start.</summary>
    public string Word { get; }

    /// <summary>What follows them, such as <c>5x5x8</c>.</summary>
    public string Sizes { get; }

    /// <summary>What follows an @, or null.</summary>
    public string? Places { get; }

    /// <summary>What stands in parentheses, or null.</summary>
    public string? Body { get; }

    /// <summary>The activation where the text says none.</summary>
    public Activation Unsaid { get; }

    /// <summary>Whether the text is this word with so many sizes behind it, each 1 or more, and no @.</summary>
    public bool Is(string word, int count, out int[] sizes)
    {
        sizes = [];
        if (Word != word || Places is not null || Body is not null) return false;
        string[] parts = Sizes.Length == 0 ? [] : Sizes.Split('x');
        if (parts.Length != count) return false;
        int[] values = new int[count];
        for (int i = 0; i < count; i++)
        {
            if (!TryParse(parts[i], out values[i])) throw Wrong($"sizes of 1 or more behind {word}");
        }

        sizes = values;
        return true;
    }

    /// <summary>The number behind the word, such as 0.2 of <c>leakyrelu0.2</c>; another where there is none.</summary>
    public float Number(float unsaid)
    {
        if (Sizes.Length == 0) return unsaid;
        return float.TryParse(Sizes, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out float value) && float.IsFinite(value)
            ? value : throw Wrong($"a number such as 0.2 behind {Word}");
    }

    /// <summary>Takes the option that names an activation.</summary>
    public Activation TakeActivation()
    {
        _asked.Insert(0, "tanh, relu or identity");
        for (int i = 0; i < _options.Count; i++)
        {
            if (ActivationWords.Parse(_options[i]) is not { } activation) continue;
            _options.RemoveAt(i);
            return activation;
        }

        return Unsaid;
    }

    /// <summary>Takes an option that is there or not.</summary>
    public bool Take(string word)
    {
        _asked.Add(word);
        return _options.Remove(word);
    }

    /// <summary>Takes an option with a number of 0 or more behind it.</summary>
    public int Take(string word, int unsaid)
    {
        _asked.Add(word + "N");
        for (int i = 0; i < _options.Count; i++)
        {
            if (!_options[i].StartsWith(word, StringComparison.Ordinal) || _options[i].Length == word.Length
                || !char.IsAsciiDigit(_options[i][word.Length]))
            {
                continue;
            }
            if (!int.TryParse(_options[i].AsSpan(word.Length), NumberStyles.None, CultureInfo.InvariantCulture, out int value))
                throw Wrong($"a whole number behind {word}");
            _options.RemoveAt(i);
            return value;
        }

        return unsaid;
    }

    /// <summary>Refuses options that no layer asked for.</summary>
    public void ExpectNothingLeft()
    {
        if (_options.Count == 0) return;
        bool activationsOnly = _asked.Count == 1 && _asked[0].StartsWith("tanh", StringComparison.Ordinal);
        string expected = _asked.Count == 0 ? "none" : string.Join(", ", _asked);
        string more = activationsOnly ? $"; others are layers of their own, such as {Sizes}-gelu" : "";
        throw new EdgeLearnException($"network '{_network}': unknown {(activationsOnly ? "activation" : "option")} '{_options[0]}' of "
            + $"layer {_label}: expected {expected}{more}");
    }

    /// <summary>Reads the layers inside a block.</summary>
    public IReadOnlyList<LayerSpec> ParseLayers(string text) => ParseAll(_network, Split(text, '-'), _label + ".");

    /// <summary>The error for a layer that cannot be read.</summary>
    public EdgeLearnException Wrong(string expected) => new($"network '{_network}': layer {_label} is '{_part}', expected {expected}");

    /// <summary>Another error about the layer.</summary>
    public EdgeLearnException Refuse(string predicate) => new($"network '{_network}': layer {_label} {predicate}");

    /// <summary>A number of 1 or more, digits only.</summary>
    public static bool TryParse(string text, out int value)
        => int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out value) && value >= 1;

    /// <summary>
    /// Reads layers in shorthand. From the last to the first, since a layer's activation, where it says none, depends on what follows.
    /// </summary>
    /// <param name="network">the whole shorthand, for errors</param>
    /// <param name="parts">one layer each</param>
    /// <param name="prefix">of their labels in errors</param>
    public static IReadOnlyList<LayerSpec> ParseAll(string network, IReadOnlyList<string> parts, string prefix)
    {
        var layers = new LayerSpec[parts.Count];
        var roles = new LayerRole[parts.Count];
        for (int i = parts.Count - 1; i >= 0; i--)
        {
            layers[i] = LayerKinds.Parse(
                new LayerText(network, string.Create(CultureInfo.InvariantCulture, $"{prefix}{i + 1}"), parts[i],
                UnsaidActivation(i, roles)));
            roles[i] = layers[i].Role;
        }

        return layers;
    }

    /// <summary>Writes layers in shorthand.</summary>
    public static string ToString(IReadOnlyList<LayerSpec> layers)
    {
        LayerRole[] roles = [.. layers.Select(layer => layer.Role)];
        return string.Join('-', layers.Select((layer, i) => layer.ToShorthand(UnsaidActivation(i, roles))));
    }

    // The last layer with weights has none, nor has one that a norm or an activation follows; the others have tanh, which keeps outputs
    // where forward-only targets are.
    static Activation UnsaidActivation(int index, LayerRole[] roles)
    {
        bool followed = index + 1 < roles.Length && roles[index + 1] is LayerRole.Norm or LayerRole.Activation;
        return followed || Array.IndexOf(roles, LayerRole.Learner, index + 1) < 0 ? Activation.Identity : Activation.Tanh;
    }

    /// <summary>Most parentheses that are open at once.</summary>
    public static int Depth(string text)
    {
        int depth = 0, deepest = 0;
        foreach (char c in text)
        {
            depth += c == '(' ? 1 : c == ')' ? -1 : 0;
            deepest = Math.Max(deepest, depth);
        }

        return deepest;
    }

    /// <summary>Splits at a character that stands outside parentheses.</summary>
    public static List<string> Split(string text, char separator)
    {
        var parts = new List<string>();
        int depth = 0, start = 0;
        for (int i = 0; i < text.Length; i++)
        {
            if (text[i] == '(')
            {
                depth++;
            }
            else if (text[i] == ')')
            {
                depth--;
            }
            else if (text[i] == separator && depth == 0)
            {
                parts.Add(text[start..i]);
                start = i + 1;
            }
        }

        parts.Add(text[start..]);
        return parts;
    }
}
