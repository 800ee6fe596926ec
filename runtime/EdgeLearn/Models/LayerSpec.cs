using System.Text.Json;

namespace EdgeLearn;

/// <summary>
/// One layer of a network description: what the shorthand and a model file say of it, without numbers. A closed set of small records, one a
/// kind, each beside its layer; <see cref="LayerKinds"/> lists them.
/// </summary>
public abstract record LayerSpec
{
    private protected LayerSpec()
    {
    }

    /// <summary>What the layer is to the rules.</summary>
    internal virtual LayerRole Role => LayerRole.Structure;

    /// <summary>The layer in shorthand.</summary>
    /// <param name="unsaid">the activation that need not be written in its place</param>
    public abstract string ToShorthand(Activation unsaid);

    /// <summary>The layer in shorthand, its activation written unless there is none.</summary>
    public sealed override string ToString() => ToShorthand(Activation.Identity);

    /// <summary>The shape of a sample after the layer.</summary>
    /// <param name="input">shape of a sample before it</param>
    /// <param name="name">what to call the layer in errors</param>
    /// <exception cref="EdgeLearnException">The input does not fit; the message says what to try.</exception>
    public abstract Shape OutputShape(Shape input, string name);

    /// <summary>The layer with its tensors described, not allocated.</summary>
    /// <param name="name">first part of the tensors' names</param>
    /// <param name="input">a shape that <see cref="OutputShape"/> accepts</param>
    /// <param name="parameters">takes the tensors</param>
    internal abstract Layer Build(string name, Shape input, ParameterSet parameters);

    /// <summary>Writes the properties of the JSON form into an open object.</summary>
    internal abstract void Write(Utf8JsonWriter json);
}

/// <summary>What a layer is to the rules, which divide a network into local units.</summary>
enum LayerRole
{
    /// <summary>Has weights that a local loss can train, or is a whole block: begins a local unit.</summary>
    Learner,

    /// <summary>Normalises; belongs to the unit before it.</summary>
    Norm,

    /// <summary>A function of each value; belongs to the unit before it.</summary>
    Activation,

    /// <summary>Changes shape, selects or drops values; belongs to the unit that reads it.</summary>
    Structure,
}

/// <summary>A layer description with an activation of its own behind a weighted sum.</summary>
interface IWeightedSpec
{
    /// <summary>What follows the weighted sum.</summary>
    Activation Activation { get; }

    /// <summary>The same layer with nothing behind the sum.</summary>
    LayerSpec Plain();

    /// <summary>
    /// The sum that makes R values at each place where this layer makes its units or channels, from the same inputs and without a bias;
    /// null where there is none.
    /// </summary>
    LayerSpec? OfRank(int rank) => null;

    /// <summary>The same layer with a bias where it has none.</summary>
    LayerSpec WithBias() => (LayerSpec)this;
}
