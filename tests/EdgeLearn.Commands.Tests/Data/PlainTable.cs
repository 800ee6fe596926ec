using System.Globalization;

namespace EdgeLearn.Tests;

/// <summary>
/// A table of known meaning, and the same in another dress: 90 rows of four numbers with three decimals around the place of their class.
/// </summary>
sealed record PlainTable
{
    static readonly string[] s_names = ["temp", "hum", "press", "lux"];

    /// <summary>The cells of each row, as they are written with points.</summary>
    public string[][] Rows { get; init; } = MakeRows();

    /// <summary>What the classes are called.</summary>
    public string[] Classes { get; init; } = ["cold", "hot", "warm"];

    public string Separator { get; init; } = ",";

    public string LineEnd { get; init; } = "\n";

    public bool HasHeader { get; init; } = true;

    /// <summary>Makes the text of a number.</summary>
    public Func<string, string> Number { get; init; } = text => text;

    /// <summary>Makes a cell of any text.</summary>
    public Func<string, string> Cell { get; init; } = text => text;

    /// <summary>Makes a line of the cells of a row, or of the header with the number -1.</summary>
    public Func<string[], int, IEnumerable<string>> Line { get; init; } = (cells, _) => cells;

    public string Before { get; init; } = "";

    public string Behind { get; init; } = "";

    /// <summary>The text of the file.</summary>
    public override string ToString()
    {
        var lines = new List<string>();
        if (HasHeader) lines.Add(string.Join(Separator, Line([.. s_names.Select(Cell), Cell("state")], -1)));
        for (int i = 0; i < Rows.Length; i++)
        {
            string[] cells = [.. Rows[i].Select(text => Cell(Number(text))), Cell(Classes[i % 3])];
            lines.Add(string.Join(Separator, Line(cells, i)));
        }

        return Before + string.Concat(lines.Select(line => line + LineEnd)) + Behind;
    }

    static string[][] MakeRows()
    {
        var random = new Random(7);
        double Normal() => Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble());
        double[][] places = [.. Enumerable.Range(0, 3).Select(_ => Enumerable.Range(0, 4).Select(_ => 1.5 * Normal()).ToArray())];
        string Text(double x) => (x + Normal()).ToString("F3", CultureInfo.InvariantCulture);
        return [.. Enumerable.Range(0, 90).Select(i => places[i % 3].Select(Text).ToArray())];
    }
}
