namespace EdgeLearn;

/// <summary>
/// A tensor of integers that is part of a layer's structure and of the model file. Like the weights it is described first and allocated at
/// its first use, so that a network can be planned, or refused, before it takes memory.
/// </summary>
/// <param name="name">full name, such as <c>layers.0.window</c></param>
/// <param name="shape">logical shape</param>
sealed class IntegerTensor(string name, int[] shape)
{
    int[]? _values;

    /// <summary>Full name, such as <c>layers.0.window</c>.</summary>
    public string Name => name;

    /// <summary>Logical shape.</summary>
    public ReadOnlySpan<int> Shape => shape;

    /// <summary>Integers in the tensor.</summary>
    public long Length => shape.Aggregate(1L, (product, size) => product * size);

    /// <summary>Row-major; owned by the layer, zero until it is filled.</summary>
    public int[] Values => _values ??= new int[Length];
}
