// A stream of samples, not of bytes.
#pragma warning disable CA1711

namespace EdgeLearn;

/// <summary>Where a stream stands; all that is needed to go on.</summary>
/// <param name="Seed">of the orders</param>
/// <param name="Epoch">epochs finished</param>
/// <param name="Position">samples of this epoch already read, 0..Count-1</param>
public readonly record struct StreamPosition(ulong Seed, ulong Epoch, int Position);

/// <summary>
/// Endless mini-batches of a set, each epoch in an order of its own. The last batch of an epoch may be short: a batch never crosses into
/// the next epoch. Setting <see cref="Position"/> resumes bit for bit. Reading allocates nothing; one thread at a time.
/// </summary>
public sealed class SampleStream
{
    readonly Dataset _data;
    readonly Preparation _preparation;
    readonly int _batch;
    EpochOrder _order;
    StreamPosition _position;

    /// <summary>Starts at the beginning of epoch 0.</summary>
    /// <param name="data">must outlive the stream</param>
    /// <param name="preparation">applied to every input</param>
    /// <param name="batch">most rows of a batch, at least 1</param>
    /// <param name="seed">of the orders</param>
    /// <exception cref="EdgeLearnException">The preparation is for other inputs, or the batch is below 1.</exception>
    public SampleStream(Dataset data, Preparation preparation, int batch, ulong seed)
    {
        if (batch < 1) throw new EdgeLearnException($"a batch of {batch}; expected at least 1");
        preparation.CheckLength(data.InputLength);
        _data = data;
        _preparation = preparation;
        _batch = batch;
        Position = new StreamPosition(seed, 0, 0);
    }

    /// <summary>Rows of a whole batch.</summary>
    public int BatchSize => _batch;

    /// <summary>Batches in an epoch, the short one included.</summary>
    public int BatchesPerEpoch => ((_data.Count - 1) / _batch) + 1;

    /// <summary>The next sample to be read.</summary>
    /// <exception cref="EdgeLearnException">Set to a position that the set does not have.</exception>
    public StreamPosition Position
    {
        get => _position;
        set
        {
            if ((uint)value.Position >= (uint)_data.Count)
                throw new EdgeLearnException($"the stream cannot go on at sample {value.Position} of {_data.Count}; is this the data it was started with?");
            _position = value;
            _order = new EpochOrder(value.Seed, value.Epoch, _data.Count);
        }
    }

    /// <summary>Reads the next batch of a classification set.</summary>
    /// <param name="inputs">[at least batch x input length], the first rows written, prepared</param>
    /// <param name="labels">[at least batch x label length], the first rows written</param>
    /// <returns>rows read, 1..batch</returns>
    /// <exception cref="EdgeLearnException">A value is not finite, or the file cannot be read.</exception>
    public int Read(Span<float> inputs, Span<int> labels)
    {
        int rows = ReadInputs(inputs);
        int length = _data.LabelLength;
        for (int i = 0; i < rows; i++) _data.ReadLabels(_order[_position.Position + i], labels.Slice(i * length, length));
        Advance(rows);
        return rows;
    }

    /// <summary>Reads the next batch of a regression set.</summary>
    /// <param name="inputs">[at least batch x input length], the first rows written, prepared</param>
    /// <param name="targets">[at least batch x target length], the first rows written</param>
    /// <returns>rows read, 1..batch</returns>
    /// <exception cref="EdgeLearnException">A value is not finite, or the file cannot be read.</exception>
    public int Read(Span<float> inputs, Span<float> targets)
    {
        int rows = ReadInputs(inputs);
        int length = _data.TargetLength;
        for (int i = 0; i < rows; i++) _data.ReadFiniteTarget(_order[_position.Position + i], targets.Slice(i * length, length));
        Advance(rows);
        return rows;
    }

    /// <summary>Passes over the next batch without reading it.</summary>
    public void Skip() => Advance(NextRows);

    int NextRows => Math.Min(_batch, _data.Count - _position.Position);

    int ReadInputs(Span<float> inputs)
    {
        int rows = NextRows;
        int length = _data.InputLength;
        for (int i = 0; i < rows; i++) _data.ReadFinite(_order[_position.Position + i], inputs.Slice(i * length, length));
        _preparation.Apply(inputs[..(rows * length)], length);
        return rows;
    }

    void Advance(int rows)
    {
        int next = _position.Position + rows;
        if (next < _data.Count) _position = _position with { Position = next };
        else Position = new StreamPosition(_position.Seed, _position.Epoch + 1, 0);
    }
}
