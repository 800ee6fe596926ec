namespace EdgeLearn.Datasets;

/// <summary>
/// Which mark the numbers of a file have: a point or a comma, one of them in the whole file. Where each of them may as well separate
/// thousands the file is refused.
/// </summary>
/// <param name="name">of the file</param>
/// <param name="columns">of it</param>
/// <param name="separator">between cells: where it is a comma, a point is the decimal mark</param>
sealed class DecimalMarks(string name, ColumnScan[] columns, char separator)
{
    // What a column's numbers say about a point in them.
    [Flags]
    enum Seen
    {
        Nothing = 0,
        Grouped = 1,
        Hundreds = 2,
        Thousands = 4,
    }

    readonly Seen[] _seen = new Seen[columns.Length];
    readonly bool _watchesPoints = separator != ',';
    (long Line, int Column, string Cell)? _point;
    (long Line, int Column, string Cell)? _comma;
    bool _isDecimal;
    bool _pointIsDecimal;

    /// <summary>Takes note of a number.</summary>
    public void Take(long line, int column, CellKind kind, double value, ReadOnlySpan<char> cell)
    {
        if (kind == CellKind.CommaNumber)
        {
            _comma ??= (line, column, CellText.Shorten(cell));
            _isDecimal |= !CellText.MayBeThousands(cell);
        }
        else if (columns[column].IsDictionary)
        {
            return;
        }
        else if (_point is null && cell.Contains('.'))
        {
            _point = (line, column, CellText.Shorten(cell));
        }

        if (_watchesPoints && !_pointIsDecimal && kind == CellKind.Number) Watch(column, Math.Abs(value), cell);
    }

    void Watch(int column, double value, ReadOnlySpan<char> cell)
    {
        if (CellText.MayBeThousands(cell, '.')) _seen[column] |= Seen.Grouped;
        else if (cell.ContainsAny('.', 'e', 'E')) _pointIsDecimal = true;
        else if (value >= 1000) _seen[column] |= Seen.Thousands;
        else if (value >= 100) _seen[column] |= Seen.Hundreds;
    }

    /// <summary>Refuses a file whose marks can be read in two ways.</summary>
    /// <exception cref="EdgeLearnException">They can.</exception>
    public void Check()
    {
        if (_comma is var (line, column, cell))
        {
            string where = Where(line, column);
            if (_point is var (pointLine, pointColumn, pointCell))
            {
                throw new EdgeLearnException($"{where}: '{cell}' has a decimal comma, but '{pointCell}' in line {pointLine}, column "
                    + $"'{CellText.Shorten(columns[pointColumn].Name)}', a point; expected one mark in the whole file");
            }
            if (!_isDecimal)
            {
                throw new EdgeLearnException($"{where}: '{cell}' may be read in two ways, with a decimal comma or a separator of "
                    + $"thousands; write it with a point, or without the comma");
            }
        }
        else if (!_pointIsDecimal && _point is var (pointLine, pointColumn, pointCell)
            && Array.IndexOf(_seen, Seen.Grouped | Seen.Hundreds) is >= 0 and int grouped)
        {
            // As Germans write 984, then 1.475: where thousands stand undotted, or hundreds with decimals, a point is the decimal mark.
            throw new EdgeLearnException($"{Where(pointLine, pointColumn)}: '{pointCell}' may be read in two ways, with a decimal point "
                + $"or a separator of thousands, for '{CellText.Shorten(columns[grouped].Name)}' has hundreds without a point: write "
                + "thousands without it, or decimals to all numbers");
        }
    }

    string Where(long line, int column) => $"{name}, line {line}, column '{CellText.Shorten(columns[column].Name)}'";
}
