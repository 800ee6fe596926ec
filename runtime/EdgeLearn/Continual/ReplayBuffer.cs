using System.Numerics.Tensors;
using System.Runtime.InteropServices;

namespace EdgeLearn;

/// <summary>
/// Earlier samples in a fixed number of bytes, mixed into later batches so that what was learned from them is not lost. Inputs are stored
/// as the data has them and prepared when they are drawn, or prepared where a float does not hold what the data has. Which samples are
/// kept and drawn follows from the seed and their number alone. Offering and drawing allocate nothing.
/// </summary>
sealed class ReplayBuffer
{
    readonly ContinualSettings _settings;
    readonly Preparation _preparation;
    readonly ReplayPolicy _policy;
    readonly float[] _row;
    readonly bool _isLabelled;
    readonly int _answerLength;
    readonly PlannedBuffer _block;

    /// <summary>Makes a buffer in the bytes that <see cref="Plan"/> asked for.</summary>
    internal ReplayBuffer(ContinualSettings settings, Network network, Dataset data, Preparation preparation, ulong seed,
        PlannedBuffer block)
    {
        _settings = settings;
        _preparation = preparation;
        _policy = ReplayPolicy.Of(settings.Replay, ClassCount(network), seed);
        _row = new float[network.InputLength];
        _isLabelled = network.Loss.IsClassification;
        _answerLength = _isLabelled ? network.Spec.LabelLength : network.OutputLength;
        _block = block;
        Number = settings.ReplayStorage == ReplayStorage.Int8 ? StoredNumber.Int8 : data.Number.ByteCount() > 2
            ? StoredNumber.Float32
            : data.Number;
        HoldsPrepared = data.IsWide;
        RowBytes = InputBytes + (IsQuantised ? sizeof(float) : 0) + (_answerLength * sizeof(float));
        Capacity = (int)(BlockLength(settings, network) * sizeof(float) / RowBytes);
        if (Capacity < 1)
        {
            throw new EdgeLearnException($"--replay-bytes {settings.ReplayBytes:N0}: one sample takes {RowBytes:N0} bytes, and the buffer "
                + $"itself {settings.ReplayBytes - (BlockLength(settings, network) * sizeof(float)):N0}");
        }
    }

    // The buffer's bytes less a row of scratch and the policy's counts, in floats.
    static long BlockLength(ContinualSettings settings, Network network)
        => Math.Max(0, settings.ReplayBytes - ElsewhereBytes(settings, network)) / sizeof(float);

    static long ElsewhereBytes(ContinualSettings settings, Network network)
        => (network.InputLength * (long)sizeof(float)) + ReplayPolicy.BytesOf(settings.Replay, ClassCount(network));

    // One output may tell two classes apart.
    internal static int ClassCount(Network network) => Math.Max(2, network.OutputLength / Math.Max(1, network.Spec.LabelLength));

    /// <summary>Asks the plan for the buffer; it takes <see cref="ContinualSettings.ReplayBytes"/> in all, whatever the data.</summary>
    internal static PlannedBuffer Plan(ContinualSettings settings, Network network, MemoryPlan plan)
    {
        if (settings.Replay == ReplayKind.Balanced && !network.Loss.IsClassification)
            throw new EdgeLearnException("--replay balanced needs classes, a regression has none: use --replay reservoir");
        if (settings.Replay == ReplayKind.Balanced && network.Spec.LabelLength > 1)
        {
            throw new EdgeLearnException("--replay balanced needs one class a sample, these have one for each step: use --replay "
                + "reservoir");
        }
        plan.Account("replay.counts", MemoryCategory.Past, ElsewhereBytes(settings, network));
        return plan.Request("replay", MemoryCategory.Past, BlockLength(settings, network));
    }

    /// <summary>How a value of an input is stored.</summary>
    public StoredNumber Number { get; }

    /// <summary>Whether inputs are stored prepared and rounded, each with a scale.</summary>
    public bool IsQuantised => _settings.ReplayStorage == ReplayStorage.Int8;

    /// <summary>Whether samples are offered prepared.</summary>
    public bool HoldsPrepared { get; }

    /// <summary>Whether inputs are stored prepared, so that another preparation has no use for them.</summary>
    public bool StoresPrepared => IsQuantised || HoldsPrepared;

    /// <summary>Bytes of one sample.</summary>
    public int RowBytes { get; }

    /// <summary>The most samples there can be.</summary>
    public int Capacity { get; }

    /// <summary>Samples in the buffer.</summary>
    public int Count { get; private set; }

    /// <summary>Samples offered so far.</summary>
    public long SeenCount => _policy.SeenCount;

    /// <summary>The classes of the samples in the buffer, [Count x labels of a sample]; empty for a regression.</summary>
    public ReadOnlySpan<int> Labels => MemoryMarshal.Cast<float, int>(AllAnswers)[..(_isLabelled ? Count * _answerLength : 0)];

    internal ReplayPolicy Policy => _policy;

    internal int InputLength => _row.Length;

    /// <summary>Labels or real targets of a sample.</summary>
    internal int AnswerLength => _answerLength;

    /// <summary>Whether samples have labels, not real targets.</summary>
    internal bool IsLabelled => _isLabelled;

    int InputBytes => _row.Length * Number.ByteCount();

    // Arrays one after the other, each for all places: labels or targets, scales, inputs.
    Span<float> Block => _block.Span;

    Span<float> AllAnswers => Block[..(Capacity * _answerLength)];

    internal Span<float> AllScales => Block.Slice(Capacity * _answerLength, IsQuantised ? Capacity : 0);

    Span<byte> AllInputs => MemoryMarshal.AsBytes(Block[(Capacity * (_answerLength + (IsQuantised ? 1 : 0)))..]);

    /// <summary>The stored inputs, [Count x input bytes].</summary>
    internal Span<byte> Inputs => AllInputs[..(Count * InputBytes)];

    /// <summary>The stored classes or targets as bytes.</summary>
    internal Span<byte> Answers => MemoryMarshal.AsBytes(AllAnswers[..(Count * _answerLength)]);

    /// <summary>Takes over what another buffer of the same storage held; where it held more than fits, a random part.</summary>
    /// <param name="count">its samples</param>
    /// <param name="seen">samples that were offered to it</param>
    /// <param name="inputs">reads [count x input bytes]: from which byte on, and where to</param>
    /// <param name="answers">the same of [count x answer length] labels or targets</param>
    /// <param name="scales">the same of [count] scales, where inputs are rounded</param>
    internal void Fill(int count, long seen, Action<long, Span<byte>> inputs, Action<long, Span<byte>> answers,
        Action<long, Span<byte>> scales)
    {
        Count = Math.Min(count, Capacity);
        _policy.SeenCount = seen;
        var order = count > Capacity ? new EpochOrder((ulong)seen, 0, count) : default;
        int rows = count > Capacity ? 1 : Count; // read at a time
        for (int to = 0; to < Count; to += rows)
        {
            int from = count > Capacity ? order[to] : to, answerBytes = _answerLength * sizeof(float);
            inputs((long)from * InputBytes, AllInputs.Slice(to * InputBytes, rows * InputBytes));
            answers((long)from * answerBytes, Answers.Slice(to * answerBytes, rows * answerBytes));
            if (IsQuantised) scales((long)from * sizeof(float), MemoryMarshal.AsBytes(AllScales.Slice(to, rows)));
        }
    }

    /// <summary>Offers a sample.</summary>
    /// <param name="raw">[input length] as it is stored, or prepared where <see cref="HoldsPrepared"/> says so; finite</param>
    /// <param name="answers">[answer length] its targets, or its labels as floats of the same bits</param>
    public void Offer(ReadOnlySpan<float> raw, ReadOnlySpan<float> answers)
    {
        int label = _isLabelled ? BitConverter.SingleToInt32Bits(answers[^1]) : -1;
        int place = _policy.PlaceOf(label, MemoryMarshal.Cast<float, int>(AllAnswers)[..Count], Capacity);
        if (place < 0) return;
        answers.CopyTo(AllAnswers[(place * _answerLength)..]);
        Store(place, raw);
    }

    void Store(int place, ReadOnlySpan<float> raw)
    {
        Count = Math.Max(Count, place + 1);
        var bytes = AllInputs.Slice(place * InputBytes, InputBytes);
        if (IsQuantised)
        {
            raw.CopyTo(_row);
            if (!HoldsPrepared) _preparation.Apply(_row, _row.Length);
            float scale = Kernels.ScaleInt8(_row);
            AllScales[place] = scale;
            Kernels.EncodeInt8(_row, scale, MemoryMarshal.Cast<byte, sbyte>(bytes));
            return;
        }

        switch (Number)
        {
            case StoredNumber.UInt8: TensorPrimitives.ConvertTruncating(raw, bytes); break;
            case StoredNumber.Int8: TensorPrimitives.ConvertTruncating(raw, MemoryMarshal.Cast<byte, sbyte>(bytes)); break;
            case StoredNumber.Int16: TensorPrimitives.ConvertTruncating(raw, MemoryMarshal.Cast<byte, short>(bytes)); break;
            default: MemoryMarshal.AsBytes(raw).CopyTo(bytes); break;
        }
    }

    /// <summary>Draws different samples, all equally likely.</summary>
    /// <param name="rows">how many, fewer where there are fewer</param>
    /// <param name="key">of the draw; the same key and content give the same samples</param>
    /// <param name="inputs">[at least rows x input length], written, prepared</param>
    /// <param name="answers">[at least rows x answer length], written: targets, or labels as floats of the same bits</param>
    /// <returns>samples drawn</returns>
    public int Draw(int rows, ulong key, Span<float> inputs, Span<float> answers)
    {
        rows = Math.Min(rows, Count);
        if (rows == 0) return 0;
        var order = new EpochOrder(key, 0, Count);
        for (int i = 0; i < rows; i++)
        {
            AllAnswers.Slice(order[i] * _answerLength, _answerLength).CopyTo(answers[(i * _answerLength)..]);
            Load(order[i], inputs.Slice(i * _row.Length, _row.Length));
        }

        return rows;
    }

    void Load(int place, Span<float> values)
    {
        var bytes = AllInputs.Slice(place * InputBytes, InputBytes);
        if (IsQuantised)
        {
            Kernels.DecodeInt8(MemoryMarshal.Cast<byte, sbyte>(bytes), AllScales[place], values);
            return;
        }

        Number.Convert(!BitConverter.IsLittleEndian, bytes, values);
        if (!HoldsPrepared) _preparation.Apply(values, values.Length);
    }
}
