using System.Globalization;
using System.Text;
using EdgeLearn.Datasets;
using Xunit;

namespace EdgeLearn.Tests;

/// <summary>Rows that follow each other as windows. In these tables the first input is the number of the row in the file.</summary>
public sealed class WindowTests : IDisposable
{
    readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    DataSplit Open(string text, DataOptions options)
    {
        string path = _folder.Write("series.csv", Encoding.UTF8.GetBytes(text));
        return DataCatalog.Open(path, options with { CacheFolder = _folder["cache"] });
    }

    // The rows of every window, by its label.
    static List<(int[] Rows, int Label)> Windows(Dataset data)
    {
        var windows = new List<(int[], int)>();
        float[] input = new float[data.InputLength];
        for (int i = 0; i < data.Count; i++)
        {
            data.ReadInput(i, input);
            int[] rows = [.. input.Where((_, k) => k % data.InputShape.Width == 0).Select(value => (int)value)];
            Assert.Equal(rows[^1], data.SourceRow(i));
            windows.Add((rows, data.Label(i)));
        }

        return windows;
    }

    static string Rows(params (string Group, int Time, string Label)[] rows)
    {
        var text = new StringBuilder("row,b,who,when,y\n");
        for (int i = 0; i < rows.Length; i++)
            text.Append(CultureInfo.InvariantCulture, $"{i},{i * 2},{rows[i].Group},{rows[i].Time},{rows[i].Label}\n");
        return text.ToString();
    }

    [Fact]
    public void A_window_holds_rows_that_follow_each_other_in_time_within_a_group()
    {
        // Two groups in turn, the second backwards in time; a gap in the first between 3 and 9.
        string text = Rows(("a", 1, "0"), ("b", 5, "0"), ("a", 2, "0"), ("b", 4, "0"), ("a", 3, "0"), ("b", 3, "0"),
            ("a", 9, "0"), ("b", 2, "0"), ("a", 10, "1"), ("b", 1, "1"));
        using var split = Open(text, new DataOptions
        {
            GroupColumn = "who",
            TimeColumn = "when",
            Window = 2,
            Hop = 1,
            TakesWhole = true,
            ColumnKinds = "row=number",
        });
        Assert.Equal(new Shape(2, 2), split.InputShape);
        Assert.True(split.IsSequence);
        var columns = split.Columns!;
        Assert.Equal((2, 1, 3.0), (columns.Window, columns.Hop, columns.Gap));
        int[][] expected = columns.EndsAtLabels
            ? [[0, 2], [2, 4], [7, 5], [5, 3], [3, 1]] : [[0, 2], [2, 4], [6, 8], [9, 7], [7, 5], [5, 3], [3, 1]];
        Assert.Equal(expected, Windows(split.Train).Select(window => window.Rows));
    }

    [Fact]
    public void Labels_in_runs_end_a_series_and_others_are_that_of_the_last_row()
    {
        string runs = Rows([.. Enumerable.Range(0, 40).Select(i => ("a", i, $"{i / 10 % 2}"))]);
        using var cut = Open(runs, new DataOptions { Window = 4, Ignored = "who,when", ColumnKinds = "row=number" });
        Assert.True(cut.Columns!.EndsAtLabels);
        foreach (var (rows, label) in Windows(cut.Train).Concat(Windows(cut.Test)))
            Assert.All(rows, row => Assert.Equal(label, row / 10 % 2));
        string mixed = Rows([.. Enumerable.Range(0, 40).Select(i => ("a", i, $"{i * i % 3 % 2}"))]);
        using var last = Open(mixed, new DataOptions { Window = 4, Ignored = "who,when", ColumnKinds = "row=number" });
        Assert.False(last.Columns!.EndsAtLabels);
        foreach (var (rows, label) in Windows(last.Train).Concat(Windows(last.Test))) Assert.Equal(label, rows[^1] * rows[^1] % 3 % 2);
    }

    [Theory]
    [InlineData(null, false, false)]
    [InlineData(null, true, false)]
    [InlineData(null, false, true)]
    [InlineData(2, false, false)]
    public void No_row_lies_on_two_sides_and_each_class_is_learned_from(int? fold, bool byTime, bool grouped)
    {
        for (ulong seed = 0; seed < 12; seed++)
        {
            var random = new Random((int)seed);
            var rows = new List<(string, int, string)>();
            for (int i = 0; rows.Count < 300; i++)
            {
                int length = random.Next(8, 60);
                string group = $"p{random.Next(6)}";
                for (int k = 0; k < length; k++) rows.Add((group, rows.Count, $"{i % 3}"));
            }

            using var whole = Open(Rows([.. rows]), new DataOptions
            {
                Window = random.Next(2, 9),
                Hop = random.Next(1, 9),
                Seed = seed,
                Fold = fold is { } part ? (part, 4) : null,
                SplitByTime = byTime,
                GroupColumn = grouped ? "who" : null,
                Ignored = grouped ? "when" : "who,when",
                ColumnKinds = "row=number",
            });
            using var held = whole.HoldOut(0.2, seed);
            List<HashSet<int>> parts = [.. new[] { held.Train, held.Validation!, held.Test }
                .Select(part => Windows(part).SelectMany(window => window.Rows).ToHashSet())];
            Assert.Empty(parts[0].Intersect(parts[1]).Union(parts[0].Intersect(parts[2])).Union(parts[1].Intersect(parts[2])));
            if (byTime) Assert.True(parts[0].Max() < parts[2].Min() && parts[1].Max() < parts[2].Min());
            if (!byTime && !grouped)
                Assert.Equal([0, 1, 2], Windows(whole.Train).Select(window => window.Label).Distinct().Order());
            Assert.InRange(held.Test.Count / (double)(held.Test.Count + whole.Train.Count), 0.05, 0.5);
        }
    }

    [Fact]
    public void Parts_of_a_file_that_grows_stay_what_they_are()
    {
        var rows = Enumerable.Range(0, 200).Select(i => ("a", i, $"{i / 70 % 2}")).ToArray();
        var options = new DataOptions { Window = 5, TakesWhole = true, Ignored = "who,when", ColumnKinds = "row=number" };
        Dictionary<int, int> before;
        using (var first = Open(Rows(rows[..120]), options)) before = GroupOfWindows(first);
        using var later = Open(Rows(rows), options);
        var after = GroupOfWindows(later);
        Assert.All(before, window => Assert.Equal(window.Value, after[window.Key]));
    }

    static Dictionary<int, int> GroupOfWindows(DataSplit data)
        => Windows(data.Train).Select((window, i) => (window.Rows[0], data.TrainGroups![i])).ToDictionary();

    [Theory]
    [InlineData(50, null, "no series of 50 rows for a window; the longest has 40")]
    [InlineData(0, null, "at least 1 row")]
    [InlineData(null, 3, "without --window there is nothing to cut")]
    public void What_cannot_be_cut_is_one_clear_line(int? window, int? hop, string expected)
    {
        string text = Rows([.. Enumerable.Range(0, 40).Select(i => ("a", i, $"{i / 20}"))]);
        var options = new DataOptions { Window = window, Hop = hop, Ignored = "who,when", ColumnKinds = "row=number", Regression = true };
        Assert.Contains(expected, Assert.ThrowsAny<EdgeLearnException>(() => Open(text, options)).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("runs", true)]
    [InlineData("sorted and smooth", true)]
    [InlineData("sorted", false)]
    [InlineData("shuffled", false)]
    public void Rows_that_look_like_a_series_are_told_from_others(string kind, bool expected)
    {
        var random = new Random(3);
        var text = new StringBuilder("a,b,y\n");
        for (int i = 0; i < 240; i++)
        {
            double a = kind == "sorted and smooth" ? Math.Sin(i * 0.3) : random.NextDouble();
            int label = kind switch { "runs" => i / 30 % 2, "shuffled" => random.Next(2), _ => i / 120 };
            text.Append(CultureInfo.InvariantCulture, $"{a + label:F4},{a:F4},{label}\n");
        }

        using var split = Open(text.ToString(), new DataOptions());
        Assert.Equal(expected, split.Notes.Any(note => note.Contains("--window", StringComparison.Ordinal)));
        using var said = Open(text.ToString(), new DataOptions { Window = 1 });
        Assert.DoesNotContain(said.Notes, note => note.Contains("--window", StringComparison.Ordinal));
    }

    [Fact]
    public void A_column_of_time_is_such_a_sign()
    {
        string text = "timestamp,a,y\n" + string.Concat(Enumerable.Range(0, 60).Select(i => $"{1000 + i},{i * 7 % 11},{i * 5 % 3 % 2}\n"));
        using var split = Open(text, new DataOptions());
        Assert.Contains(split.Notes, note => note.Contains("'timestamp' ascends", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(4, 1)]
    [InlineData(4, 3)]
    [InlineData(4, 4)]
    [InlineData(3, 7)]
    [InlineData(0, 0)]
    public void Rows_that_come_one_by_one_become_the_windows_a_hop_apart(int window, int hop)
    {
        var ring = new WindowRing(new InputColumns([new("a", ColumnKind.Number), new("b", ColumnKind.Number)], [])
        { Window = window, Hop = hop });
        int length = Math.Max(1, window), step = Math.Max(1, hop);
        for (int series = 0; series < 2; series++)
        {
            ring.Restart();
            for (int row = 0; row < 40; row++)
            {
                int first = row + 1 - length;
                Assert.Equal(first >= 0 && first % step == 0, ring.Take([row, -row]));
                if (first >= 0 && first % step == 0)
                    Assert.Equal(Enumerable.Range(first, length).SelectMany(i => new double[] { i, -i }), ring.Values.ToArray());
            }
        }
    }
}
