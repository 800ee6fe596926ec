using System.Numerics.Tensors;
using System.Runtime.InteropServices;
using System.Text;

namespace EdgeLearn;

/// <summary>
/// The numbers that training may change: a list of tensors in one planned block. It is described first and allocated later, so that a plan
/// can be made, and refused, before any weight exists. Owns its block.
/// </summary>
/// <param name="storage">how matrices are stored; vectors are float32</param>
public sealed class ParameterSet(WeightStorage storage = WeightStorage.Float32) : IDisposable
{
    // Elements that are decoded, updated and rounded at a time.
    internal const int ChunkLength = 1024;

    readonly List<ParameterSlice> _slices = [];
    NativeBlock? _block;

    /// <summary>The tensors, in the order of the block.</summary>
    public IReadOnlyList<ParameterSlice> Slices => _slices;

    /// <summary>Floats in all tensors that are kept.</summary>
    public int Length { get; private set; }

    /// <summary>How matrices are stored.</summary>
    public WeightStorage Storage => storage;

    /// <summary>Bytes of the block.</summary>
    public long Bytes { get; private set; }

    /// <summary>Whether the block exists.</summary>
    public bool IsAllocated => _block is not null;

    /// <summary>Whether matrices that are appended now are float32, as pieces that learn beside weights of fewer bits.</summary>
    internal bool AppendsFloats { get; set; }

    /// <summary>Whether matrices that are appended now are noise, see <see cref="ParameterSlice.Drawn"/>.</summary>
    internal bool AppendsDrawn { get; set; }

    /// <summary>Appends a tensor to the description.</summary>
    /// <param name="name">unique in the set</param>
    /// <param name="shape">logical shape</param>
    /// <param name="decay">whether weight decay applies</param>
    /// <param name="isStatistic">whether it is a statistic of the data, which no gradient changes</param>
    /// <exception cref="EdgeLearnException">The set would have 2^31 floats or more.</exception>
    public ParameterSlice Add(string name, ReadOnlySpan<int> shape, bool decay, bool isStatistic = false)
        => Add(name, shape, decay, isStatistic, shape.Length > 1 && !AppendsFloats ? storage : WeightStorage.Float32);

    /// <summary>
    /// Appends a tensor without decay that is always stored as float32, whatever its shape: one weight a value, as norms and biases of maps
    /// have.
    /// </summary>
    internal ParameterSlice AddVector(string name, ReadOnlySpan<int> shape)
        => Add(name, shape, decay: false, isStatistic: false, WeightStorage.Float32);

    ParameterSlice Add(string name, ReadOnlySpan<int> shape, bool decay, bool isStatistic, WeightStorage elements)
    {
        if (IsAllocated) throw new InvalidOperationException("the block is allocated already");
        long length = 1;
        foreach (int size in shape) length *= size;
        if (Length + length > int.MaxValue / sizeof(float))
        {
            throw new EdgeLearnException($"{name} brings the network to {Length + length:N0} weights, more than "
                + $"the {int.MaxValue / sizeof(float):N0} supported: choose narrower layers");
        }
        var slice = new ParameterSlice(name, shape.ToArray(), Length, Bytes, elements, decay, isStatistic,
            isDrawn: AppendsDrawn && shape.Length > 1);
        _slices.Add(slice);
        Length += slice.IsDrawn ? 0 : slice.Length;
        Bytes += (slice.Bytes + 3) / 4 * 4; // floats stay aligned
        return slice;
    }

    /// <summary>Allocates the block, all zero; does nothing at a second call.</summary>
    public void Allocate() => _block ??= new NativeBlock(Bytes);

    /// <summary>All floats, tensor after tensor, of a set that is stored as float32.</summary>
    /// <exception cref="InvalidOperationException">It is stored otherwise.</exception>
    public Span<float> Values
        => storage == WeightStorage.Float32
            ? Block.Span<float>(0, Length)
            : throw new InvalidOperationException($"the weights are stored as {storage.Word()}");

    /// <summary>The floats of one tensor that is stored as float32.</summary>
    /// <exception cref="InvalidOperationException">It is stored otherwise: <see cref="Decode"/> reads any.</exception>
    public Span<float> this[ParameterSlice slice] => slice.Storage == WeightStorage.Float32 && !slice.IsDrawn
        ? Block.Span<float>(slice.ByteOffset, slice.Length)
        : throw new InvalidOperationException($"{slice.Name} is {(slice.IsDrawn ? "drawn" : "stored as " + slice.Storage.Word())}");

    /// <summary>The stored bytes of all tensors.</summary>
    public Span<byte> Content => Block.Span<byte>(0, (int)Bytes);

    /// <summary>The stored elements of one tensor, without its scales.</summary>
    internal Span<byte> Elements(ParameterSlice slice)
        => Block.Span<byte>(slice.ByteOffset + slice.ScaleCount * sizeof(float),
            slice.IsDrawn ? 0 : slice.Length * slice.Storage.ElementBytes());

    /// <summary>The scales of an int8 tensor, one a row; empty for others.</summary>
    public Span<float> Scales(ParameterSlice slice) => Block.Span<float>(slice.ByteOffset, slice.ScaleCount);

    Span<ushort> Halves(ParameterSlice slice, int offset, int length)
        => MemoryMarshal.Cast<byte, ushort>(Elements(slice)).Slice(offset, length);

    /// <summary>The codes of part of an int8 tensor.</summary>
    public Span<sbyte> Codes(ParameterSlice slice, int offset, int length)
        => MemoryMarshal.Cast<byte, sbyte>(Elements(slice)).Slice(offset, length);

    /// <summary>Reads part of a tensor as floats, however it is stored.</summary>
    /// <param name="slice">the tensor</param>
    /// <param name="offset">first element in the tensor</param>
    /// <param name="values">as many elements as are read, written</param>
    public void Decode(ParameterSlice slice, int offset, Span<float> values)
    {
        if (slice.IsDrawn)
        {
            var (kind, key, scale) = slice.Drawn;
            values.Clear();
            Noise.Add(kind, key, offset, scale, values, values);
            return;
        }

        switch (slice.Storage)
        {
            case WeightStorage.Float32: this[slice].Slice(offset, values.Length).CopyTo(values); break;
            case WeightStorage.BFloat16: Kernels.DecodeBFloat16(Halves(slice, offset, values.Length), values); break;
            default:
                foreach (var (row, at, length) in new RowParts(slice, offset, values.Length))
                    Kernels.DecodeInt8(Codes(slice, offset + at, length), Scales(slice)[row], values.Slice(at, length));
                break;
        }
    }

    /// <summary>Stores part of a tensor, rounded to the nearest that its storage (and its scales) can hold.</summary>
    /// <param name="slice">the tensor</param>
    /// <param name="offset">first element in the tensor</param>
    /// <param name="values">to store</param>
    public void Encode(ParameterSlice slice, int offset, ReadOnlySpan<float> values) => Store(slice, offset, values, null);

    /// <summary>
    /// Stores part of a tensor with stochastic rounding, so that small changes are not lost but come true with their odds.
    /// </summary>
    /// <param name="slice">the tensor</param>
    /// <param name="offset">first element in the tensor</param>
    /// <param name="values">to store</param>
    /// <param name="key">of the noise; the same key gives the same bits</param>
    public void EncodeStochastic(ParameterSlice slice, int offset, ReadOnlySpan<float> values, ulong key)
        => Store(slice, offset, values, key);

    void Store(ParameterSlice slice, int offset, ReadOnlySpan<float> values, ulong? key)
    {
        if (slice.Storage == WeightStorage.Float32)
        {
            values.CopyTo(this[slice][offset..]);
        }
        else if (slice.Storage == WeightStorage.BFloat16)
        {
            var halves = Halves(slice, offset, values.Length);
            if (key is { } noise) Kernels.RoundBFloat16(values, noise, offset, halves);
            else Kernels.EncodeBFloat16(values, halves);
        }
        else
        {
            foreach (var (row, at, length) in new RowParts(slice, offset, values.Length))
            {
                var codes = Codes(slice, offset + at, length);
                if (key is { } noise) Kernels.RoundInt8(values.Slice(at, length), Scales(slice)[row], noise, offset + at, codes);
                else Kernels.EncodeInt8(values.Slice(at, length), Scales(slice)[row], codes);
            }
        }
    }

    /// <summary>
    /// Takes over all weights of a set of the same tensors that may be stored otherwise; int8 scales are chosen so that the largest weight
    /// of a row is code 127.
    /// </summary>
    public void Take(ParameterSet other)
    {
        Span<float> chunk = stackalloc float[ChunkLength];
        for (int s = 0; s < _slices.Count; s++)
        {
            ParameterSlice to = _slices[s], from = other._slices[s];
            if (to.Storage == from.Storage)
            {
                other.Scales(from).CopyTo(Scales(to));
                other.Elements(from).CopyTo(Elements(to));
                continue;
            }

            for (int row = 0; row < to.ScaleCount; row++)
            {
                float largest = 0;
                for (int i = 0; i < to.RowLength; i += ChunkLength)
                {
                    var part = chunk[..Math.Min(ChunkLength, to.RowLength - i)];
                    other.Decode(from, row * to.RowLength + i, part);
                    foreach (float value in part) largest = Math.Max(largest, Math.Abs(value));
                }

                Scales(to)[row] = Kernels.ScaleInt8([largest]);
            }

            for (int i = 0; i < to.Length; i += ChunkLength)
            {
                var part = chunk[..Math.Min(ChunkLength, to.Length - i)];
                other.Decode(from, i, part);
                Encode(to, i, part);
            }
        }
    }

    /// <summary>Stores one row of a tensor; an int8 row gets the scale that makes its largest weight code 127.</summary>
    /// <param name="slice">the tensor</param>
    /// <param name="offset">first element of the row</param>
    /// <param name="row">the whole row</param>
    internal void EncodeRow(ParameterSlice slice, int offset, ReadOnlySpan<float> row)
    {
        if (slice.Storage == WeightStorage.Int8) Scales(slice)[offset / slice.RowLength] = Kernels.ScaleInt8(row);
        Encode(slice, offset, row);
    }

    NativeBlock Block => _block ?? throw new InvalidOperationException("the parameters are not allocated yet");

    /// <summary>The tensor of this name, or null.</summary>
    public ParameterSlice? Find(string name) => _slices.Find(slice => slice.Name == name);

    /// <summary>Reads part of a tensor as a probe sees it, with the pair of low rank beside it where there is one.</summary>
    /// <param name="slice">the tensor</param>
    /// <param name="probe">the perturbation; ignored by tensors that are not trainable</param>
    /// <param name="offset">first float in the tensor</param>
    /// <param name="length">floats to read</param>
    /// <param name="scratch">at least <paramref name="length"/> floats, written when there is a perturbation, or something to decode or to
    /// add</param>
    /// <returns>the weights themselves, or their copy in the scratch</returns>
    public ReadOnlySpan<float> Read(ParameterSlice slice, in Probe probe, int offset, int length, Span<float> scratch)
    {
        bool perturbed = !probe.IsNone && slice.Trainable;
        if (slice.IsReadInPlace && !perturbed) return this[slice].Slice(offset, length);
        var values = scratch[..length];
        if (slice.Storage != WeightStorage.Float32 || !perturbed) Decode(slice, offset, values);
        ReadOnlySpan<float> source = slice.Storage == WeightStorage.Float32 && perturbed ? this[slice].Slice(offset, length) : values;
        if (perturbed) Noise.Add(probe.Kind, Noise.Key(probe.Seed, slice.NameHash), offset, probe.Scale, source, values);
        slice.Pair?.AddTo(this, probe, offset, values);
        return values;
    }

    /// <summary>Reads part of a trainable tensor as both signs of a probe see it, the noise made once.</summary>
    /// <param name="slice">the tensor</param>
    /// <param name="plus">the probe of the positive sign</param>
    /// <param name="offset">first float in the tensor</param>
    /// <param name="plusWeights">the floats to read, written</param>
    /// <param name="minusWeights">the same floats with the other sign, written; the same length</param>
    public void ReadPair(ParameterSlice slice, in Probe plus, int offset, Span<float> plusWeights, Span<float> minusWeights)
    {
        ReadOnlySpan<float> source = slice.Storage == WeightStorage.Float32 ? this[slice].Slice(offset, plusWeights.Length) : minusWeights;
        if (slice.Storage != WeightStorage.Float32) Decode(slice, offset, minusWeights);
        Noise.AddPair(plus.Kind, Noise.Key(plus.Seed, slice.NameHash), offset, plus.Scale, source, plusWeights, minusWeights);
    }

    /// <summary>The first tensor with a value that is not a finite number, or null.</summary>
    public ParameterSlice? FindNotFinite() => _slices.Find(slice => !IsFinite(slice));

    /// <summary>Whether all values of a tensor are finite numbers.</summary>
    public bool IsFinite(ParameterSlice slice)
    {
        Span<float> chunk = stackalloc float[ChunkLength];
        for (int i = 0; i < slice.Length; i += chunk.Length)
        {
            var values = chunk[..Math.Min(chunk.Length, slice.Length - i)];
            Decode(slice, i, values);
            if (!TensorPrimitives.IsFiniteAll<float>(values)) return false;
        }

        return true;
    }

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
            if (withValues && slice.ScaleCount > 0) hash.Append(MemoryMarshal.AsBytes((ReadOnlySpan<float>)Scales(slice)));
            if (withValues) hash.Append(Elements(slice));
        }

        return hash.Finish();
    }

    /// <inheritdoc/>
    public void Dispose() => _block?.Dispose();
}
