namespace EdgeLearn.Datasets;

/// <summary>Rows that come one by one, as the windows that a model takes in. Allocates nothing once made.</summary>
/// <param name="columns">of the model, with its window; without one each row is a window</param>
sealed class WindowRing(InputColumns columns)
{
    readonly int _width = columns.Width;
    readonly int _hop = Math.Max(1, columns.Hop);
    readonly double[] _rows = new double[columns.Width * Math.Max(1, columns.Window)];
    int _filled;
    int _skipped;

    /// <summary>The rows of a window, one behind the other, until the next row comes.</summary>
    public ReadOnlySpan<double> Values => _rows;

    int Length => _rows.Length / _width;

    /// <summary>Takes a row.</summary>
    /// <param name="values">of the row</param>
    /// <returns>Whether <see cref="Values"/> are a window that is to be answered.</returns>
    public bool Take(ReadOnlySpan<double> values)
    {
        if (_filled == Length) Move();
        if (_skipped > 0)
        {
            _skipped--;
            return false;
        }

        values.CopyTo(_rows.AsSpan(_filled * _width));
        _filled++;
        return _filled == Length;
    }

    /// <summary>Forgets what came: the next row begins a series.</summary>
    public void Restart() => (_filled, _skipped) = (0, 0);

    // The next window begins a hop behind the last: it keeps rows of it, or rows between the two are passed over.
    void Move()
    {
        _filled = Math.Max(0, Length - _hop);
        _skipped = Math.Max(0, _hop - Length);
        _rows.AsSpan(_rows.Length - (_filled * _width)).CopyTo(_rows);
    }
}
