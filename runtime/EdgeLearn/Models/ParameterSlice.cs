namespace EdgeLearn;

/// <summary>One tensor of a <see cref="ParameterSet"/>: its name, logical shape, place and flags. Elements are float32, row-major.</summary>
public sealed class ParameterSlice
{
    readonly int[] _shape;

    internal ParameterSlice(string name, int[] shape, int offset, bool decay)
    {
        Name = name;
        _shape = shape;
        Offset = offset;
        Length = 1;
        foreach (int size in shape) Length *= size;
        RowLength = shape.Length > 1 ? Length / shape[0] : Length;
        Decay = decay;
        NameHash = Noise.TensorHash(name);
    }

    /// <summary>The tensor's usual name, such as <c>layers.0.weight</c>.</summary>
    public string Name { get; }

    /// <summary>Logical shape.</summary>
    public ReadOnlySpan<int> Shape => _shape;

    /// <summary>First float of the tensor in its set.</summary>
    public int Offset { get; }

    /// <summary>Floats in the tensor.</summary>
    public int Length { get; }

    /// <summary>Floats in one row: all of a vector, the inputs of one unit in a matrix.</summary>
    public int RowLength { get; }

    /// <summary>Whether training may change it.</summary>
    public bool Trainable { get; set; } = true;

    /// <summary>Whether weight decay applies: true for matrices, false for biases.</summary>
    public bool Decay { get; }

    /// <summary>Factor on the step's rate, set by the learning rule (hidden layers of tpSGD learn slower than the last).</summary>
    public float RateScale { get; set; } = 1;

    /// <summary>Hash of the name, for <see cref="Noise.Key"/>.</summary>
    public ulong NameHash { get; }
}
