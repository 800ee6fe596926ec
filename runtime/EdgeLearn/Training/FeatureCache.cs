using System.Runtime.InteropServices;
using System.Text;

namespace EdgeLearn;

/// <summary>
/// The training set as the first layer behind a frozen body sees it: what the body makes of each sample is computed once and read in every
/// epoch. Filled a whole batch at a time, so that it has the bits of a step that runs the body (but for a last batch of fewer than 16
/// samples, which dense layers add up in another order). A file is named by the SHA-256 of everything its content depends on, so that it
/// cannot be stale; the body cannot change within a run, for it is frozen.
/// </summary>
sealed class FeatureCache : Dataset
{
    const int Format = 1;

    readonly Network _network;
    readonly Dataset _data;
    readonly Preparation _preparation;
    readonly FeatureStorage _storage;
    readonly int _batch;
    readonly long _budgetBytes;
    PlannedBuffer _values;
    PlannedBuffer _scales;
    ByteSource? _file;
    bool _isFilled;

    FeatureCache(Network network, TrainingSettings settings, FeatureStorage storage, Dataset data, Preparation preparation)
    {
        _network = network;
        _data = data;
        _preparation = preparation;
        _storage = storage;
        _batch = settings.Batch;
        _budgetBytes = settings.FeatureBytes;
        LayerCount = network.FrozenCount;
        InputShape = network.Layers[LayerCount - 1].OutputShape;
    }

    /// <summary>The cache that the settings ask for, or null.</summary>
    /// <param name="network">whose tensors are frozen already</param>
    /// <param name="settings">of the run</param>
    /// <param name="data">to learn from</param>
    /// <param name="preparation">of its inputs</param>
    /// <exception cref="EdgeLearnException">It cannot be, or goes beyond its budget.</exception>
    public static FeatureCache? For(Network network, TrainingSettings settings, Dataset data, Preparation preparation)
    {
        if (settings.Features == FeatureStorage.Off) return null;
        bool isAuto = settings.Features == FeatureStorage.Auto;
        string? refusal = network.FrozenCount == 0
            ? "nothing is frozen below what learns: leave it off, or freeze the first layers (--train head)"
                : settings.Continual is not null ? "what a run keeps of the past are samples, not features: leave it off" : null;
        if (refusal is not null) return isAuto ? null : throw new EdgeLearnException($"--feature-cache: {refusal}");
        var storage = isAuto ? FeatureStorage.Memory : settings.Features;
        long length = network.Layers[network.FrozenCount - 1].OutputLength, bytes = BytesOf(storage, data.Count, length);
        bool runsOnce = settings.TotalSteps(data.Count) * settings.Batch <= data.Count;
        if (isAuto && (runsOnce || bytes > settings.FeatureBytes)) return null;
        if (bytes > settings.FeatureBytes)
        {
            throw new EdgeLearnException($"--feature-cache: {data.Count:N0} samples of {length:N0} features take {bytes:N0} bytes, the "
                + $"budget is {settings.FeatureBytes:N0}: raise --feature-bytes, or use int8 or disk");
        }
        return new FeatureCache(network, settings, storage, data, preparation);
    }

    static long BytesOf(FeatureStorage storage, int count, long length)
        => storage == FeatureStorage.Int8 ? count * (Words(length) + 1) * sizeof(float) : count * length * sizeof(float);

    // Floats that hold so many bytes.
    static long Words(long bytes) => (bytes + 3) / 4;

    /// <summary>Layers of the body.</summary>
    public int LayerCount { get; }

    public override string Name => _data.Name;

    public override int Count => _data.Count;

    public override Shape InputShape { get; }

    public override int ClassCount => _data.ClassCount;

    public override int TargetLength => _data.TargetLength;

    public override int LabelLength => _data.LabelLength;

    public override int Label(int index) => _data.Label(index);

    public override void ReadLabels(int index, Span<int> labels) => _data.ReadLabels(index, labels);

    public override void ReadTarget(int index, Span<float> target) => _data.ReadTarget(index, target);

    public override int SourceRow(int index) => _data.SourceRow(index);

    /// <summary>Asks the plan for the bytes of a cache in memory.</summary>
    public void Plan(MemoryPlan plan)
    {
        if (_storage == FeatureStorage.Disk) return;
        bool isInt8 = _storage == FeatureStorage.Int8;
        _values = plan.Request("features", MemoryCategory.Past, Count * (isInt8 ? Words(InputLength) : InputLength));
        if (isInt8) _scales = plan.Request("features.scales", MemoryCategory.Past, Count);
    }

    /// <summary>Runs the body over all samples; does nothing at a second call.</summary>
    /// <param name="evaluator">of the same network, bound</param>
    /// <exception cref="EdgeLearnException">A sample cannot be read, or the file cannot be written.</exception>
    public void Fill(Evaluator evaluator)
    {
        if (_isFilled) return;
        if (_storage == FeatureStorage.Disk) _file = OpenFile(evaluator);
        else ForEachBatch(evaluator, Keep);
        _isFilled = true;
    }

    // Whole batches, the last one from where it still has all its rows.
    void ForEachBatch(Evaluator evaluator, Action<int, ReadOnlySpan<float>> use)
    {
        int rows = Math.Min(_batch, Count);
        for (int first = 0; first < Count; first += rows)
        {
            int start = Math.Min(first, Count - rows), skipped = first - start;
            evaluator.FeaturesOf(_data, _preparation, start, rows, LayerCount, (row, features) =>
            {
                int known = Math.Max(0, skipped - row), count = features.Length / InputLength;
                if (known < count) use(start + row + known, features[(known * InputLength)..]);
            });
        }
    }

    void Keep(int first, ReadOnlySpan<float> features)
    {
        if (_storage != FeatureStorage.Int8)
        {
            features.CopyTo(_values.Span[(first * InputLength)..]);
            return;
        }

        for (int i = 0; i < features.Length / InputLength; i++)
        {
            var row = features.Slice(i * InputLength, InputLength);
            float scale = _scales.Span[first + i] = Kernels.ScaleInt8(row);
            Kernels.EncodeInt8(row, scale, Codes(first + i));
        }
    }

    Span<sbyte> Codes(int index)
    {
        int words = (int)Words(InputLength);
        return MemoryMarshal.Cast<float, sbyte>(_values.Span.Slice(index * words, words))[..InputLength];
    }

    public override void ReadInput(int index, Span<float> raw)
    {
        if (_file is not null) _file.Read((long)index * InputLength * sizeof(float), MemoryMarshal.AsBytes(raw));
        else if (_storage == FeatureStorage.Int8) Kernels.DecodeInt8(Codes(index), _scales.Span[index], raw);
        else _values.Span.Slice(index * InputLength, InputLength).CopyTo(raw);
    }

    ByteSource OpenFile(Evaluator evaluator)
    {
        string folder = Path.Combine(new FileCache().Folder, "features"), file = $"{Key()}.f32";
        long bytes = BytesOf(_storage, Count, InputLength);
        if (!File.Exists(Path.Combine(folder, file))) MakeRoom(folder, bytes);
        return new FileCache(folder, _budgetBytes).GetOrCreate(file, $"features of {_data.Name}", bytes,
            stream => ForEachBatch(evaluator, (_, features) => stream.Write(MemoryMarshal.AsBytes(features))));
    }

    // Oldest first, until all files together stay within the budget.
    void MakeRoom(string folder, long bytes)
    {
        try
        {
            if (!Directory.Exists(folder)) return;
            FileInfo[] files = [.. new DirectoryInfo(folder).GetFiles("*.f32").OrderBy(file => file.LastWriteTimeUtc)];
            long sum = files.Sum(file => file.Length);
            for (int i = 0; i < files.Length && sum + bytes > _budgetBytes; i++)
            {
                sum -= files[i].Length;
                files[i].Delete();
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new EdgeLearnException($"--feature-cache disk: {folder} cannot be used: {e.Message}", e);
        }
    }

    // Of everything that the features depend on.
    string Key()
    {
        var hash = new Sha256();
        hash.Append(
            Encoding.UTF8.GetBytes(
            $"features {Format} {_network.Spec} {LayerCount} {_network.Parameters.Storage} {Count} "
                + $"{_batch >= 16} {InstructionSet.Name}\0"));
        for (int i = 0; i < LayerCount; i++)
        {
            foreach (var tensor in _network.Layers[i].Integers) hash.Append(MemoryMarshal.AsBytes(tensor.Values.AsSpan()));
            foreach (var slice in _network.Layers[i].Slices)
            {
                hash.Append(MemoryMarshal.AsBytes(_network.Parameters.Scales(slice)));
                hash.Append(_network.Parameters.Elements(slice));
            }
        }

        hash.Append(MemoryMarshal.AsBytes(_preparation.Shift));
        hash.Append(MemoryMarshal.AsBytes(_preparation.Scale));
        float[] input = new float[_data.InputLength];
        for (int i = 0; i < Count; i++)
        {
            _data.ReadInput(i, input);
            hash.Append(MemoryMarshal.AsBytes(input.AsSpan()));
        }

        return Convert.ToHexStringLower(hash.Finish());
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing) _file?.Dispose();
        base.Dispose(disposing);
    }
}
