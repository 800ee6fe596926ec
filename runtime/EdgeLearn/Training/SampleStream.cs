using System.Runtime.InteropServices;

// A stream of samples, not of bytes.
#pragma warning disable CA1711

namespace EdgeLearn;

/// <summary>
/// Endless mini-batches of a set, each epoch in an order of its own. The last batch of an epoch may be short: a batch never crosses into
/// the next epoch. With a replay buffer, part of each batch comes from it, and every sample of the first epoch is offered to it. Setting
/// <see cref="Position"/> resumes bit for bit. Reading allocates nothing; one thread at a time.
/// </summary>
public sealed class SampleStream
{
    readonly Dataset _data;
    readonly Preparation _preparation;
    readonly int _batch;
    readonly ReplayBuffer? _replay;
    readonly int _replayRows;
    readonly ulong _replaySeed;
    EpochOrder _order;
    StreamPosition _position;
    EpochOrder _batchOrder; // of the batch that was begun last
    int _batchFirst;

    /// <summary>Starts at the beginning of epoch 0.</summary>
    /// <param name="data">must outlive the stream</param>
    /// <param name="preparation">applied to every input</param>
    /// <param name="batch">most rows of a batch, at least 1</param>
    /// <param name="seed">of the orders</param>
    /// <exception cref="EdgeLearnException">The preparation is for other inputs, or the batch is below 1.</exception>
    public SampleStream(Dataset data, Preparation preparation, int batch, ulong seed)
        : this(data, preparation, batch, seed, null, 0, 0)
    {
    }

    /// <summary>Starts at the beginning of epoch 0, with a replay buffer.</summary>
    internal SampleStream(Dataset data, Preparation preparation, int batch, ulong seed, ReplayBuffer? replay, int replayRows,
        ulong replaySeed)
    {
        if (batch < 1) throw new EdgeLearnException($"a batch of {batch}; expected at least 1");
        preparation.CheckLength(data.InputLength);
        _data = data;
        _preparation = preparation;
        _batch = batch - replayRows;
        _replay = replay;
        _replayRows = replayRows;
        _replaySeed = replaySeed;
        Position = new StreamPosition(seed, 0, 0);
    }

    /// <summary>Rows of a whole batch.</summary>
    public int BatchSize => _batch + _replayRows;

    /// <summary>Batches in an epoch, the short one included.</summary>
    public int BatchesPerEpoch => ((_data.Count - 1) / _batch) + 1;

    /// <summary>The next sample to be read.</summary>
    /// <exception cref="EdgeLearnException">Set to a position that the set does not have.</exception>
    internal StreamPosition Position
    {
        get => _position;
        set
        {
            if ((uint)value.Position >= (uint)_data.Count)
            {
                throw new EdgeLearnException($"the stream cannot go on at sample {value.Position} of {_data.Count}; is this the data it "
                    + $"was started with?");
            }
            _position = value;
            _order = new EpochOrder(value.Seed, value.Epoch, _data.Count);
        }
    }

    /// <summary>Reads the next batch of a classification set.</summary>
    /// <param name="inputs">[at least batch x input length], the first rows written, prepared</param>
    /// <param name="labels">[at least batch x label length], the first rows written</param>
    /// <returns>rows read, 1..batch, replayed ones last</returns>
    /// <exception cref="EdgeLearnException">A value is not finite, or the file cannot be read.</exception>
    /// <exception cref="InvalidOperationException">Samples have real targets.</exception>
    public int Read(Span<float> inputs, Span<int> labels)
    {
        if (_data.LabelLength == 0) throw new InvalidOperationException($"{_data.Name} has no classes");
        return Read(inputs, MemoryMarshal.Cast<int, float>(labels));
    }

    /// <summary>Reads the next batch.</summary>
    /// <param name="inputs">[at least batch x input length], the first rows written, prepared</param>
    /// <param name="answers">[at least batch x answer length], the first rows written: targets, or labels as floats of the same
    /// bits</param>
    /// <returns>rows read, 1..batch, replayed ones last</returns>
    /// <exception cref="EdgeLearnException">A value is not finite, or the file cannot be read.</exception>
    public int Read(Span<float> inputs, Span<float> answers)
    {
        int rows = NextRows;
        int length = _data.AnswerLength;
        (_batchOrder, _batchFirst) = (_order, _position.Position);
        // Drawn first, so that no sample meets itself.
        int drawn = _replay?.Draw(_replayRows, DrawKey, inputs[(rows * _data.InputLength)..], answers[(rows * length)..]) ?? 0;
        for (int i = 0; i < rows; i++)
        {
            int index = _order[_position.Position + i];
            var own = answers.Slice(i * length, length);
            var raw = inputs.Slice(i * _data.InputLength, _data.InputLength);
            _data.ReadAnswers(index, own);
            if (!OffersRows || _replay!.HoldsPrepared) _data.ReadPrepared(index, _preparation, raw);
            else _data.ReadFinite(index, raw);
            if (!OffersRows) continue;
            _replay!.Offer(raw, own);
            if (!_replay.HoldsPrepared) _preparation.Apply(raw, raw.Length);
        }
        Advance(rows);
        return rows + drawn;
    }

    /// <summary>
    /// Begins the next batch with its answers alone; <see cref="ReadRows"/> reads its inputs. Not for a stream with a replay buffer.
    /// </summary>
    /// <param name="answers">[at least batch x answer length], the first rows written</param>
    /// <returns>rows of the batch</returns>
    internal int Begin(Span<float> answers)
    {
        int rows = NextRows, length = _data.AnswerLength;
        (_batchOrder, _batchFirst) = (_order, _position.Position);
        for (int i = 0; i < rows; i++) _data.ReadAnswers(_batchOrder[_batchFirst + i], answers.Slice(i * length, length));
        Advance(rows);
        return rows;
    }

    /// <summary>Reads inputs of the batch that was begun or read last, as often as one likes, but for replayed rows.</summary>
    /// <param name="first">row of the batch</param>
    /// <param name="count">rows</param>
    /// <param name="inputs">[count x input length], written, prepared</param>
    /// <exception cref="EdgeLearnException">A value is not finite, or the file cannot be read.</exception>
    internal void ReadRows(int first, int count, Span<float> inputs)
    {
        int length = _data.InputLength;
        for (int i = 0; i < count; i++)
            _data.ReadPrepared(_batchOrder[_batchFirst + first + i], _preparation, inputs.Slice(i * length, length));
    }

    /// <summary>
    /// Passes over the next batch without reading it. Not for a stream with a replay buffer, whose content comes from reading.
    /// </summary>
    public void Skip() => Advance(NextRows);

    int NextRows => Math.Min(_batch, _data.Count - _position.Position);

    // A sample is offered once in a run.
    bool OffersRows => _replay is not null && _position.Epoch == 0;

    ulong DrawKey => Noise.Derive(_replaySeed, _position.Epoch, (ulong)_position.Position);

    void Advance(int rows)
    {
        int next = _position.Position + rows;
        if (next < _data.Count) _position = _position with { Position = next };
        else Position = new StreamPosition(_position.Seed, _position.Epoch + 1, 0);
    }
}

/// <summary>Where a stream stands; all that is needed to go on.</summary>
/// <param name="Seed">of the orders</param>
/// <param name="Epoch">epochs finished</param>
/// <param name="Position">samples of this epoch already read, 0..Count-1</param>
readonly record struct StreamPosition(ulong Seed, ulong Epoch, int Position);
