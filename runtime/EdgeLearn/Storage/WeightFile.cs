using System.Runtime.InteropServices;

namespace EdgeLearn;

/// <summary>
/// The weights of a model file, read by position: beside a set that has gone on from them, what it started from need not be in memory.
/// </summary>
/// <param name="path">a model file</param>
/// <param name="parameters">of the same tensors, stored as float32</param>
/// <exception cref="EdgeLearnException">It is no safetensors file, or a tensor is missing or misshapen.</exception>
sealed class WeightFile(string path, ParameterSet parameters) : IDisposable
{
    readonly SafeTensors _file = SafeTensors.Open(path);

    /// <summary>Reads some of the weights.</summary>
    /// <param name="offset">first of them in the set</param>
    /// <param name="values">written</param>
    public void Read(int offset, Span<float> values)
    {
        foreach (var slice in parameters.Slices)
        {
            int from = Math.Max(offset, slice.Offset), count = Math.Min(offset + values.Length, slice.Offset + slice.Length) - from;
            if (count <= 0) continue;
            ModelFile.Expect(_file, slice, path);
            _file.Read(_file.Find(slice.Name)!, (from - slice.Offset) * (long)sizeof(float),
                MemoryMarshal.AsBytes(values.Slice(from - offset, count)));
        }
    }

    public void Dispose() => _file.Dispose();
}
