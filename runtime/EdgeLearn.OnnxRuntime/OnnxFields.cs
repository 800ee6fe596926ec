namespace EdgeLearn.OnnxRuntime;

/// <summary>The few field numbers of onnx.proto3 that are read or written here; every other field is copied as it is.</summary>
static class OnnxFields
{
    public const int ModelIrVersion = 1;
    public const int ModelGraph = 7;
    public const int ModelOperatorSets = 8;

    public const int GraphInitializer = 5;
    public const int GraphInput = 11;
    public const int GraphOutput = 12;

    public const int TensorDimensions = 1;
    public const int TensorElementType = 2;
    public const int TensorFloats = 4;
    public const int TensorName = 8;
    public const int TensorRaw = 9;
    public const int TensorDataLocation = 14;

    public const int ValueName = 1;
    public const int ValueType = 2;
    public const int TypeTensor = 1;
    public const int TensorTypeElement = 1;
    public const int TensorTypeShape = 2;
    public const int ShapeDimension = 1;
    public const int DimensionValue = 1;
}
