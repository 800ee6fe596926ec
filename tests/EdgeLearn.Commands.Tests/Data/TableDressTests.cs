using System.Globalization;
using System.Text;
using Xunit;

namespace EdgeLearn.Tests;

/// <summary>
/// The same table in the dress of spreadsheets and loggers gives the same model to the bit, or is refused; nothing is silently wrong.
/// </summary>
public sealed class TableDressTests : IDisposable
{
    readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    static readonly CultureInfo s_culture = CultureInfo.InvariantCulture;

    static string Comma(string text) => text.Replace('.', ',');

    static string Quoted(string text) => $"\"{text.Replace("\"", "\"\"", StringComparison.Ordinal)}\"";

    static readonly Dictionary<string, PlainTable> s_same = new()
    {
        ["semicolons and decimal commas"] = new() { Separator = ";", Number = Comma },
        ["tabs and decimal commas"] = new() { Separator = "\t", Number = Comma },
        ["quoted decimal commas"] = new() { Cell = Quoted, Number = Comma },
        ["bars"] = new() { Separator = "|" },
        ["runs of blanks"] = new() { Separator = "   " },
        ["all quoted"] = new() { Cell = Quoted },
        ["blanks around cells"] = new() { Separator = " , " },
        ["other line ends"] = new() { LineEnd = "\r\n" },
        ["old line ends"] = new() { LineEnd = "\r" },
        ["a byte order mark"] = new() { Before = "\uFEFF" },
        ["no header"] = new() { HasHeader = false },
        ["row numbers"] = new() { Line = (cells, i) => [i < 0 ? "" : $"{i}", .. cells] },
        ["names of rows as R writes them"] = new() { Line = (cells, i) => i < 0 ? cells : [Quoted($"{i + 1}"), .. cells] },
        ["separators behind rows"] = new() { Line = (cells, _) => [.. cells, ""] },
        ["separators behind rows but not the header"] = new() { Line = (cells, i) => i < 0 ? cells : [.. cells, ""] },
        ["rows of separators"] = new() { Behind = ",,,,\n,,,,\n" },
        ["a comment"] = new() { Before = "# logger 4, started at noon\n" },
        ["a line that names the separator"] = new() { Before = "sep=;\n", Separator = ";" },
        ["a time column named twice"] = new() { Line = (cells, i) => [.. cells[..4], cells[4], i < 0 ? "note" : $"remark {i}"] },
        ["a last line that breaks off"] = new() { Behind = "1.5,2" },
        ["zeros after a power cut"] = new() { Behind = "1.5,\0\0\0\0\0\n\0\0\0" },
        ["plus signs and zeros behind"] = new() { Number = text => text[0] == '-' ? text + "0" : "+" + text + "0" },
        ["an exponent"] = new() { Number = text => decimal.Parse(text, s_culture).ToString("E6", s_culture) },
    };

    public static TheoryData<string> Same => [.. s_same.Keys];

    [Theory]
    [MemberData(nameof(Same))]
    public void The_same_table_gives_the_same_model(string dress)
    {
        var plain = Train(new PlainTable().ToString(), out _);
        var other = Train(s_same[dress].ToString(), out string error, dress == "a time column named twice" ? ["--label", "state"] : []);
        Assert.Equal(plain.Hash, other.Hash);
        Assert.Equal(plain.Classes, other.Classes);
        if (dress.StartsWith("a last line", StringComparison.Ordinal)) Assert.Contains("the last line breaks off", error);
        if (dress.StartsWith("zeros", StringComparison.Ordinal)) Assert.Contains("NUL bytes in 2 places", error);
    }

    [Theory]
    [InlineData(";", "1,234", "may be read in two ways")]
    [InlineData(";", "1,234.5", "'1,234.5' is not a number here")]
    [InlineData(",", "1.5D+03", "'1.5D+03' is not a number here")]
    [InlineData(",", "1 234.5", "'1 234.5' is not a number here")]
    [InlineData(",", "1'234", "'1'234' is not a number here")]
    [InlineData(",", "0x1F", "'0x1F' is not a number")]
    [InlineData(",", "inf", "'inf' is not a number here")]
    [InlineData(",", "", "there is no value, and 13 rows have such a cell")]
    [InlineData(",", "n/a", "there is no value, and 13 rows have such a cell")]
    [InlineData(",", "#N/A", "--missing drop leaves such rows out")]
    [InlineData(",", "NONE", "--ignore temp leaves the column out")]
    [InlineData(",", "-", "line 5, column 'temp': there is no value")]
    [InlineData(",", "?", "line 5, column 'temp': there is no value")]
    public void A_cell_that_is_no_number_is_refused_with_its_place(string separator, string cell, string reason)
    {
        var table = new PlainTable
        {
            Separator = separator,
            Line = (cells, i) => i % 7 == 3 ? [cell, .. cells[1..]] : cells,
            Number = separator == ";" && !cell.Contains('.') ? text => text.Replace(".", "", StringComparison.Ordinal) : text => text,
        };
        string error = Refused(table.ToString());
        Assert.Contains(reason, error);
        Assert.Contains("line 5", error);
    }

    [Theory]
    [InlineData("0", "1", "2")]
    [InlineData("1", "2", "3")]
    [InlineData("3", "300", "40000000000")]
    [InlineData("0.0", "1.0", "2.0")]
    [InlineData("00017", "00018", "00019")]
    [InlineData("-1", "+1", "+2")]
    [InlineData("so \"cold\"", "so \"hot\"", "so \"warm\"")]
    [InlineData("cold, dry", "hot, dry", "warm, dry")]
    [InlineData("cold\nday", "hot\nday", "warm\nday")]
    [InlineData("kalt", "mäßig", "süß")]
    [InlineData("1", "2", "2b")]
    public void Labels_are_classes_whatever_they_look_like(params string[] classes)
    {
        var plain = Train(new PlainTable().ToString(), out _);
        var table = new PlainTable { Classes = classes, Cell = text => text.Any(",\"\n".Contains) ? Quoted(text) : text };
        var other = Train(table.ToString(), out _);
        Assert.Equal(plain.Hash, other.Hash);
        Assert.Equal(classes is ["0", ..] or ["0.0", ..] ? null : classes, other.Classes);
    }

    [Theory]
    [InlineData("")]
    [InlineData("NA")]
    [InlineData("n/a")]
    [InlineData("#N/A")]
    [InlineData("NaN")]
    [InlineData("null")]
    [InlineData("?")]
    public void A_missing_label_is_no_class(string word)
    {
        var table = new PlainTable { Line = (cells, i) => i is 4 or 50 ? [.. cells[..4], word] : cells };
        Assert.Equal(["cold", "hot", "warm"], Train(table.ToString(), out string error).Classes!);
        Assert.Contains("2 rows without a label left out", error);
    }

    [Fact]
    public void A_random_dress_changes_nothing()
    {
        var random = new Random(3);
        var plain = Train(new PlainTable().ToString(), out _);
        for (int n = 0; n < 40; n++)
        {
            string separator = new[] { ",", ";", "\t", "|" }[random.Next(4)];
            bool quotes = random.Next(2) == 0, comma = separator is ";" or "\t" && random.Next(2) == 0;
            bool numbers = random.Next(3) == 0, behind = random.Next(3) == 0;
            var table = new PlainTable
            {
                Separator = separator,
                LineEnd = new[] { "\n", "\r\n" }[random.Next(2)],
                Before = new[] { "", "\uFEFF" }[random.Next(2)] + new[] { "", "# made by hand\n", "\n\n" }[random.Next(3)],
                HasHeader = numbers || random.Next(4) > 0,
                Number = comma ? Comma : text => text,
                Cell = quotes ? Quoted : text => text,
                Line = (cells, i) => [.. numbers ? [i < 0 ? "" : $"{i + 1}"] : (string[])[], .. cells, .. behind ? [""] : (string[])[]],
                Behind = new[] { "", "\n\n", string.Concat(Enumerable.Repeat(separator, 4)) + "\n" }[random.Next(3)],
            };
            var other = Train(table.ToString(), out _);
            Assert.True(plain.Hash == other.Hash, $"dress {n}: {table.ToString()[..120]}");
        }
    }

    [Fact]
    public void Bytes_that_are_no_utf8_are_refused_with_their_place()
    {
        string path = _folder["latin.csv"];
        File.WriteAllBytes(path, Encoding.Latin1.GetBytes(new PlainTable { Classes = ["kalt", "heiß", "lau"] }.ToString()));
        var run = Invoked.Run("train", "--data", path, "--steps", "2");
        Assert.Contains("line 3: byte", run.Error);
        Assert.Contains("is 0xDF, which is not UTF-8", run.Error);
    }

    (string Hash, IReadOnlyList<string>? Classes) Train(string text, out string error, params string[] more)
    {
        string path = _folder.Write("table.csv", Encoding.UTF8.GetBytes(text)), model = _folder["m.safetensors"];
        var run = Invoked.Run(["train", "--data", path, "--network", "4-8-3", "--steps", "12", "--save", model, .. more]);
        Assert.True(run.ExitCode == 0, run.Error);
        error = run.Error;
        using var learned = ModelFile.Load(model);
        return (Convert.ToHexString(learned.Network.Parameters.ContentHash()), learned.ClassNames);
    }

    string Refused(string text)
    {
        var run = Invoked.Run("train", "--data", _folder.Write("table.csv", Encoding.UTF8.GetBytes(text)), "--steps", "12");
        Assert.Equal(1, run.ExitCode);
        return run.Error;
    }
}
