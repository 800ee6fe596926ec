using System.Text.Json;

namespace EdgeLearn;

/// <summary>
/// One layer of a network description: what the shorthand and a model file say of it, without numbers. A closed set of small records, one a
/// kind, each beside its layer;
/// <see cref="LayerKinds"/> lists them.
/// </summary>
public abstract record LayerSpec
{
    private protected LayerSpec()
    {
    }

    /// <summary>What the layer is to the rules.</summary>
    public virtual LayerRole Role => LayerRole.Structure;

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
    public abstract Layer Build(string name, Shape input, ParameterSet parameters);

    /// <summary>Writes the properties of the JSON form into an open object.</summary>
    internal abstract void Write(Utf8JsonWriter json);
}
