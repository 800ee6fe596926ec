namespace EdgeLearn;

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
