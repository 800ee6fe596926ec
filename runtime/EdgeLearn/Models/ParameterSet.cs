using System.Runtime.InteropServices;
using System.Text;

namespace EdgeLearn;

/// <summary>
/// The numbers that training may change: a list of tensors in one planned block. It is described first and allocated later, so that a plan can be made, and
/// refused, before any weight exists. Owns its block.
/// </summary>
public sealed class ParameterSet : IDisposable
{
    readonly List<ParameterSlice> _slices = [];
    NativeBlock? _block;

    /// <summary>The tensors, in the order of the block.</summary>
    public IReadOnlyList<ParameterSlice> Slices => _slices;

    /// <summary>Floats in all tensors.</summary>
    public int Length { get; private set; }

    /// <summary>Bytes of the block.</summary>
    public long Bytes => (long)Length * sizeof(float);

    /// <summary>Whether the block exists.</summary>
    public bool IsAllocated => _block is not null;

    /// <summary>Appends a tensor to the description.</summary>
    /// <param name="name">unique in the set</param>
    /// <param name="shape">logical shape</param>
    /// <param name="decay">whether weight decay applies</param>
    /// <exception cref="EdgeLearnException">The set would have 2^31 floats or more.</exception>
    public ParameterSlice Add(string name, ReadOnlySpan<int> shape, bool decay)
    {
        if (IsAllocated) throw new InvalidOperationException("the block is allocated already");
        long length = 1;
        foreach (int size in shape) length *= size;
        if (Length + length > int.MaxValue / sizeof(float)) throw new EdgeLearnException($"{name} brings the network to {Length + length:N0} weights, more than the {int.MaxValue / sizeof(float):N0} supported: choose narrower layers");
        var slice = new ParameterSlice(name, shape.ToArray(), Length, decay);
        _slices.Add(slice);
        Length += slice.Length;
        return slice;
    }

    /// <summary>Allocates the block, all zero; does nothing at a second call.</summary>
    public void Allocate() => _block ??= new NativeBlock(Bytes);

    /// <summary>All floats, tensor after tensor.</summary>
    public Span<float> Values => Block.Span<float>(0, Length);

    /// <summary>The floats of one tensor.</summary>
    public Span<float> this[ParameterSlice slice] => Block.Span<float>((long)slice.Offset * sizeof(float), slice.Length);

    NativeBlock Block => _block ?? throw new InvalidOperationException("the parameters are not allocated yet");

    /// <summary>The tensor of this name, or null.</summary>
    public ParameterSlice? Find(string name) => _slices.Find(slice => slice.Name == name);

    /// <summary>Reads part of a tensor as a probe sees it.</summary>
    /// <param name="slice">the tensor</param>
    /// <param name="probe">the perturbation; ignored by tensors that are not trainable</param>
    /// <param name="offset">first float in the tensor</param>
    /// <param name="length">floats to read</param>
    /// <param name="scratch">at least <paramref name="length"/> floats, written when there is a perturbation</param>
    /// <returns>the weights themselves, or their perturbed copy in the scratch</returns>
    public ReadOnlySpan<float> Read(ParameterSlice slice, in Probe probe, int offset, int length, Span<float> scratch)
    {
        var values = this[slice].Slice(offset, length);
        if (probe.IsNone || !slice.Trainable) return values;
        Noise.Add(probe.Kind, Noise.Key(probe.Seed, slice.NameHash), offset, probe.Scale, values, scratch[..length]);
        return scratch[..length];
    }

    /// <summary>Reads part of a trainable tensor as both signs of a probe see it, the noise made once.</summary>
    /// <param name="slice">the tensor</param>
    /// <param name="plus">the probe of the positive sign</param>
    /// <param name="offset">first float in the tensor</param>
    /// <param name="plusWeights">the floats to read, written</param>
    /// <param name="minusWeights">the same floats with the other sign, written; the same length</param>
    public void ReadPair(ParameterSlice slice, in Probe plus, int offset, Span<float> plusWeights, Span<float> minusWeights)
        => Noise.AddPair(plus.Kind, Noise.Key(plus.Seed, slice.NameHash), offset, plus.Scale, this[slice].Slice(offset, plusWeights.Length), plusWeights, minusWeights);

    /// <summary>SHA-256 over names, shapes and the bits of all weights.</summary>
    public byte[] ContentHash() => Hash(withValues: true);

    /// <summary>SHA-256 over names and shapes alone: two sets with the same hash can be averaged.</summary>
    public byte[] ShapeHash() => Hash(withValues: false);

    byte[] Hash(bool withValues)
    {
        var hash = new Sha256();
        foreach (var slice in _slices)
        {
            hash.Append(Encoding.UTF8.GetBytes(slice.Name + '\0'));
            hash.Append(MemoryMarshal.AsBytes(slice.Shape));
            if (withValues) hash.Append(MemoryMarshal.AsBytes((ReadOnlySpan<float>)this[slice]));
        }

        return hash.Finish();
    }

    /// <inheritdoc/>
    public void Dispose() => _block?.Dispose();
}
