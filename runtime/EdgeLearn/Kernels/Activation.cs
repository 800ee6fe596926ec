namespace EdgeLearn;

/// <summary>What a layer does to its weighted sum z, value by value.</summary>
public enum Activation
{
    /// <summary>y = z.</summary>
    Identity,

    /// <summary>y = tanh(z).</summary>
    Tanh,

    /// <summary>y = max(z, 0).</summary>
    Relu,
}

static class ActivationWords
{
    /// <summary>The word of the shorthand and of model files.</summary>
    public static string Word(this Activation activation) => activation switch
    {
        Activation.Identity => "identity",
        Activation.Tanh => "tanh",
        Activation.Relu => "relu",
        _ => throw new ArgumentOutOfRangeException(nameof(activation), activation, "unknown activation"),
    };

    /// <summary>What the shorthand appends for an activation: nothing where it goes without saying.</summary>
    public static string Suffix(this Activation activation, Activation unsaid) => activation == unsaid ? "" : ":" + activation.Word();

    /// <summary>The activation of a word, or null.</summary>
    public static Activation? Parse(ReadOnlySpan<char> word) => word switch
    {
        "identity" => Activation.Identity,
        "tanh" => Activation.Tanh,
        "relu" => Activation.Relu,
        _ => null,
    };
}
