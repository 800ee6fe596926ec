namespace EdgeLearn.Datasets;

/// <summary>Rows that come one by one, as the windows that a model takes in. Allocates nothing once made.</summary>
/// <param name="columns">of the model, with its window; without one each row is a window</param>
sealed class WindowRing(InputColumns columns)
{
    readonly int _width = columns.Width;
    readonly int _length = Math.Max(1, columns.Window);
    readonly int _hop = Math.Max(1, columns.Hop);
    readonly double[] _rows = new double[columns.Width * Math.Max(1, columns.Window)];
    int _filled;
    int _untilNext;

    /// <summary>The last rows, one behind the other.</summary>
    public ReadOnlySpan<double> Values => _rows;

    /// <summary>Takes a row.</summary>
    /// <param name="values">of the row</param>
    /// <returns>Whether <see cref="Values"/> are a window that is to be answered.</returns>
    public bool Take(ReadOnlySpan<double> values)
    {
        _rows.AsSpan(_width).CopyTo(_rows);
        values.CopyTo(_rows.AsSpan(_rows.Length - _width));
        if (_filled < _length) _filled++;
        if (_filled < _length || --_untilNext > 0) return false;
        _untilNext = _hop;
        return true;
    }

    /// <summary>Forgets what came: the next row begins a series.</summary>
    public void Restart() => (_filled, _untilNext) = (0, 0);
}
