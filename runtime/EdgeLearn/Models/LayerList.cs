using System.Collections;

namespace EdgeLearn;

/// <summary>The layers of a network. A class of its own, so that a step walks them without interface calls.</summary>
public sealed class LayerList : IReadOnlyList<Layer>
{
    readonly Layer[] _layers;

    internal LayerList(Layer[] layers) => _layers = layers;

    internal ReadOnlySpan<Layer> AsSpan() => _layers;

    /// <inheritdoc/>
    public int Count => _layers.Length;

    /// <inheritdoc/>
    public Layer this[int index] => _layers[index];

    /// <inheritdoc/>
    public IEnumerator<Layer> GetEnumerator() => ((IEnumerable<Layer>)_layers).GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => _layers.GetEnumerator();
}
