namespace EdgeLearn;

/// <summary>One tensor of a <see cref="ParameterSet"/>: its name, logical shape, place and flags. Row-major.</summary>
public sealed class ParameterSlice
{
    readonly int[] _shape;

    internal ParameterSlice(string name, int[] shape, int offset, long byteOffset, WeightStorage storage, bool decay, bool isStatistic,
        bool isDrawn)
    {
        IsStatistic = isStatistic;
        IsDrawn = isDrawn;
        ByteOffset = byteOffset;
        Storage = storage;
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

    /// <summary>How its elements are stored.</summary>
    public WeightStorage Storage { get; }

    /// <summary>Bytes of its elements and scales.</summary>
    public long Bytes => IsDrawn ? 0 : (long)Length * Storage.ElementBytes() + ScaleCount * sizeof(float);

    /// <summary>Scales of int8 codes: one a row.</summary>
    internal int ScaleCount => Storage == WeightStorage.Int8 ? Length / Math.Max(1, RowLength) : 0;

    /// <summary>First byte of the tensor in the set's block; its scales lie before its codes.</summary>
    internal long ByteOffset { get; }

    /// <summary>Elements in the tensors before it.</summary>
    public int Offset { get; }

    /// <summary>Floats in the tensor.</summary>
    public int Length { get; }

    /// <summary>Floats in one row: all of a vector, the inputs of one unit in a matrix.</summary>
    public int RowLength { get; }

    /// <summary>Whether it is a statistic of the data, which a forward pass in training keeps up and no gradient changes.</summary>
    public bool IsStatistic { get; }

    /// <summary>Whether it is noise that is made as it is read (<see cref="Drawn"/>) and takes no memory; no gradient changes it.</summary>
    internal bool IsDrawn { get; }

    /// <summary>What a drawn tensor is: scale times the noise of this key.</summary>
    internal (NoiseKind Kind, ulong Key, float Scale) Drawn { get; set; }

    /// <summary>Whether gradients may change it; never for a statistic.</summary>
    public bool Trainable
    {
        get => field && !IsStatistic && !IsDrawn;
        set;
    } = true;

    /// <summary>
    /// Whether the rule at work gives it no gradient though it is trainable, so that an update remembers nothing of it. Set by the rule.
    /// </summary>
    internal bool IsIdle { get; set; }

    /// <summary>Whether an update remembers something of it, if it remembers anything.</summary>
    internal bool Learns => Trainable && !IsIdle;

    /// <summary>Whether weight decay applies: true for matrices, false for biases.</summary>
    public bool Decay { get; }

    /// <summary>Factor on the step's rate, set by the learning rule (hidden layers of tpSGD learn slower than the last).</summary>
    public float RateScale { get; set; } = 1;

    /// <summary>Floats of the tensors before it that learn: where an update's state of it begins. Set when the update is planned.</summary>
    internal int StateOffset { get; set; }

    /// <summary>What every reader sees added to it; null for nearly all tensors.</summary>
    internal LowRankPair? Pair { get; set; }

    /// <summary>Whether an unperturbed read is a view of the weights where they lie; else it is a copy in the reader's scratch.</summary>
    internal bool IsReadInPlace => Storage == WeightStorage.Float32 && Pair is null && !IsDrawn;

    /// <summary>Hash of the name, for <see cref="Noise.Key"/>.</summary>
    public ulong NameHash { get; }
}

/// <summary>
/// How the matrices of a network are kept in memory and in its file; vectors (biases, norms) stay float32. The set is closed: it is part of
/// the file format.
/// </summary>
public enum WeightStorage
{
    /// <summary>4 bytes a weight.</summary>
    Float32,

    /// <summary>2 bytes a weight: the upper half of a float32, 8 significant bits.</summary>
    BFloat16,

    /// <summary>1 byte a weight: w = scale[row] * code, code in -127..127, scales float32 and fixed.</summary>
    Int8,
}

/// <summary>Words and sizes of <see cref="WeightStorage"/>.</summary>
public static class WeightStorageWords
{
    /// <summary>The word on the command line and in model files.</summary>
    public static string Word(this WeightStorage storage) => storage switch
    {
        WeightStorage.Float32 => "float32",
        WeightStorage.BFloat16 => "bf16",
        WeightStorage.Int8 => "int8",
        _ => throw new ArgumentOutOfRangeException(nameof(storage), storage, "unknown storage"),
    };

    /// <summary>The storage of a word.</summary>
    /// <exception cref="EdgeLearnException">No storage has this name; the message lists them.</exception>
    public static WeightStorage Parse(string word) => word switch
    {
        "float32" => WeightStorage.Float32,
        "bf16" => WeightStorage.BFloat16,
        "int8" => WeightStorage.Int8,
        _ => throw new EdgeLearnException($"unknown weights '{word}': expected float32, bf16 or int8"),
    };

    /// <summary>Bytes of one stored weight, without scales.</summary>
    public static int ElementBytes(this WeightStorage storage) => storage switch
    {
        WeightStorage.Float32 => sizeof(float),
        WeightStorage.BFloat16 => sizeof(ushort),
        _ => sizeof(sbyte),
    };

    /// <summary>Element type in safetensors files.</summary>
    internal static string TensorType(this WeightStorage storage) => storage switch
    {
        WeightStorage.Float32 => "F32",
        WeightStorage.BFloat16 => "BF16",
        _ => "I8",
    };
}

// The part of each row that a run of elements touches.
ref struct RowParts(ParameterSlice slice, int offset, int length)
{
    int _done;
    int _length;

    public readonly RowParts GetEnumerator() => this;

    public readonly (int Row, int At, int Length) Current => ((offset + _done) / slice.RowLength, _done, _length);

    public bool MoveNext()
    {
        _done += _length;
        _length = Math.Min(length - _done, slice.RowLength - (offset + _done) % slice.RowLength);
        return _length > 0;
    }
}
