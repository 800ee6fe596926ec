namespace EdgeLearn;

/// <summary>
/// Rows of floats that wait in the order in which they came, in memory that was taken once. Adding to a full ring is refused: whoever fills
/// it says what is to be forgotten.
/// </summary>
/// <param name="capacity">most rows</param>
/// <param name="length">floats of a row</param>
sealed class RowRing(int capacity, int length)
{
    readonly float[] _rows = new float[checked(capacity * length)];
    int _first;

    /// <summary>Rows that wait.</summary>
    public int Count { get; private set; }

    /// <summary>Whether no other row fits.</summary>
    public bool IsFull => Count == capacity;

    /// <summary>Bytes that it takes.</summary>
    public long Bytes => (long)_rows.Length * sizeof(float);

    /// <summary>The place of a new row, to be written.</summary>
    /// <exception cref="InvalidOperationException">The ring is full.</exception>
    public Span<float> Add()
    {
        if (IsFull) throw new InvalidOperationException($"{capacity} rows wait already");
        return Place(Count++);
    }

    /// <summary>A row that waits, 0 = the oldest.</summary>
    public Span<float> this[int index]
    {
        get
        {
            ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)index, (uint)Count);
            return Place(index);
        }
    }

    /// <summary>Takes the oldest row out; its place holds it until the next <see cref="Add"/> that needs it.</summary>
    /// <exception cref="InvalidOperationException">None waits.</exception>
    public Span<float> Take()
    {
        if (Count == 0) throw new InvalidOperationException("no row waits");
        var row = Place(0);
        _first = (_first + 1) % capacity;
        Count--;
        return row;
    }

    Span<float> Place(int index) => _rows.AsSpan((_first + index) % capacity * length, length);
}
