using System.Globalization;
using System.Text;
using EdgeLearn.Datasets;
using Xunit;

namespace EdgeLearn.Tests;

/// <summary>What becomes of columns: kinds that were said, missing values, dates. Expected values are those of the definitions.</summary>
public sealed class ColumnKindTests : IDisposable
{
    // 2024-03-01 was a Friday; gaps in a and in kind.
    const string Table = """
        when,a,kind,y
        2024-03-01T06:00:00,1,x,0
        2024-03-02T18:00:00,,y,1
        2024-03-04T00:00:00,4,,0
        2024-03-04T12:00:00,7,z,1
        2024-03-05T00:00:00,8,z,0

        """;

    readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    DataSplit Open(string text, DataOptions options)
        => DataCatalog.Open(_folder.Write("t.csv", Encoding.UTF8.GetBytes(text)),
            options with { CacheFolder = _folder["cache"], TakesWhole = true });

    static float[] Row(DataSplit data, int i)
    {
        float[] values = new float[data.Train.InputLength];
        data.Train.ReadInput(i, values);
        return values;
    }

    [Fact]
    public void Days_elapsed_count_from_the_first_and_an_indicator_says_where_a_cell_is_missing()
    {
        using var data = Open(Table, new DataOptions { ColumnKinds = "when=elapsed", Missing = MissingChoice.Indicator });
        // when; a and its indicator; x, y, z and their indicator. The mean of a is 5, of x and y a fourth, of z half.
        Assert.Equal([0, 1, 0, 1, 0, 0, 0], Row(data, 0));
        Assert.Equal([1.5f, 5, 1, 0, 1, 0, 0], Row(data, 1));
        Assert.Equal([2.75f, 4, 0, 0.25f, 0.25f, 0.5f, 1], Row(data, 2));
        Assert.Equal([3.25f, 7, 0, 0, 0, 1, 0], Row(data, 3));
        Assert.True(data.Columns!.Inputs[1].HasIndicator && data.Columns.Inputs[2].HasIndicator && !data.Columns.Inputs[0].HasIndicator);
    }

    [Fact]
    public void A_model_with_indicators_reads_a_table_without_gaps_and_one_with_others()
    {
        InputColumns columns;
        using (var data = Open(Table, new DataOptions { ColumnKinds = "when=elapsed", Missing = MissingChoice.Indicator }))
            columns = data.Columns!;
        string later = "y,kind,a,when\n0,z,2,2024-03-03T06:00:00\n1,y,,2024-02-29T06:00:00\n";
        using var read = Open(later, new DataOptions { Columns = columns, ModelClassCount = 2 });
        Assert.Equal([2, 2, 0, 0, 0, 1, 0], Row(read, 0));
        Assert.Equal([-1, 5, 1, 0, 1, 0, 0], Row(read, 1));
    }

    [Fact]
    public void A_date_becomes_the_sine_and_cosine_of_its_hour_and_weekday()
    {
        using var data = Open(Table, new DataOptions { Ignored = "a,kind" });
        double friday = 2 * Math.PI * 4 / 7, saturday = 2 * Math.PI * 5 / 7;
        AssertNear([1, 0, Math.Sin(friday), Math.Cos(friday)], Row(data, 0));
        AssertNear([-1, 0, Math.Sin(saturday), Math.Cos(saturday)], Row(data, 1));
        AssertNear([0, 1, 0, 1], Row(data, 2));
        AssertNear([0, -1, 0, 1], Row(data, 3));
    }

    static void AssertNear(double[] expected, float[] found)
    {
        Assert.Equal(expected.Length, found.Length);
        for (int i = 0; i < found.Length; i++) Assert.Equal(expected[i], found[i], 1e-6);
    }

    [Fact]
    public void Numbers_that_are_names_become_categories_where_that_is_said()
    {
        string text = "code,b,y\n" + string.Concat(Enumerable.Range(0, 12).Select(i => $"{10 + (i % 3)},{i},{i % 2}\n"));
        using var data = Open(text, new DataOptions { ColumnKinds = "code=category,b=number" });
        for (int i = 0; i < 12; i++) Assert.Equal([i % 3 == 0 ? 1 : 0, i % 3 == 1 ? 1 : 0, i % 3 == 2 ? 1 : 0, i], Row(data, i));
        Assert.Equal(["10", "11", "12"], data.Columns!.Inputs[0].Values);
    }

    [Theory]
    [InlineData("drop", "1,7,8")]
    [InlineData("mean", "1,5,4,7,8")]
    public void Rows_with_a_gap_are_left_out_or_filled_in(string missing, string expected)
    {
        var choice = missing == "drop" ? MissingChoice.Drop : MissingChoice.Mean;
        using var data = Open(Table, new DataOptions { Missing = choice, Ignored = "when" });
        Assert.Equal(expected.Split(',').Select(text => float.Parse(text, CultureInfo.InvariantCulture)),
            Enumerable.Range(0, data.Train.Count).Select(i => Row(data, i)[0]));
    }

    [Fact]
    public void A_gap_that_nobody_spoke_of_is_refused_with_its_place_and_what_to_do()
    {
        string error = Assert.Throws<EdgeLearnException>(() => Open(Table, new DataOptions())).Message;
        foreach (string part in (string[])["line 3", "column 'a'", "2 rows", "--missing drop", "--missing mean", "--ignore a"])
            Assert.Contains(part, error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("kind=number", "'x' is no number")]
    [InlineData("a=elapsed", "holds numbers")]
    [InlineData("a=colour", "number, category, time, elapsed")]
    [InlineData("b=number", "no column 'b'")]
    public void A_kind_that_a_column_cannot_have_is_refused(string kinds, string expected)
        => Assert.Contains(expected, Assert.Throws<EdgeLearnException>(() => Open(Table,
            new DataOptions { ColumnKinds = kinds, Missing = MissingChoice.Mean })).Message, StringComparison.Ordinal);
}
