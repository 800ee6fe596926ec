using EdgeLearn.Commands;
using Xunit;

namespace EdgeLearn.Tests;

public class TerminalTests
{
    [Theory]
    [InlineData("step 12 of 30", 13, "step 12 of 30")]
    [InlineData("step 12 of 30", 9, "step 12 …")]
    [InlineData("a🙂b", 3, "a…")] // the face is two chars: half of it would be none
    [InlineData("a🙂bc", 4, "a🙂…")]
    [InlineData("abc", 1, "…")]
    [InlineData("abc", 0, "")]
    public void A_text_is_cut_to_the_window_and_never_within_a_character(string text, int columns, string expected)
        => Assert.Equal(expected, Terminal.Cut(text, columns));

    [Theory]
    [InlineData(null, "machine  a long name, 2 cores, memory\n")]
    [InlineData(80, "machine  a long name, 2 cores, memory\n")]
    [InlineData(20, "machine  a long\n         name, 2\n         cores,\n         memory\n")]
    [InlineData(3, "machine  a\n         long\n         name,\n         2\n         cores,\n         memory\n")]
    public void Long_facts_go_on_between_words_under_their_beginning(int? columns, string expected)
    {
        var facts = new FactList();
        facts.Add("machine", "a long name, 2 cores, memory");
        using var output = new StringWriter();
        facts.Write(output, columns);
        Assert.Equal(expected, output.ToString());
    }

    [Fact]
    public void What_is_no_window_of_this_process_has_no_columns()
    {
        using var output = new StringWriter();
        Assert.Null(Terminal.ColumnsOf(output));
    }

    [Theory]
    [InlineData(0, "0 s")]
    [InlineData(1.64, "1.6 s")]
    [InlineData(59.94, "59.9 s")]
    [InlineData(59.96, "1 min 0 s")]
    [InlineData(200, "3 min 20 s")]
    [InlineData(3599.6, "1 h 0 min")]
    [InlineData(7500, "2 h 5 min")]
    [InlineData(273_600, "3 d 4 h")]
    [InlineData(1e30, null)]
    [InlineData(double.PositiveInfinity, "-")]
    [InlineData(double.NaN, "-")]
    public void Durations_have_two_units(double seconds, string? expected)
    {
        string text = NumberText.Duration(seconds);
        if (expected is not null) Assert.Equal(expected, text);
    }

    [Theory]
    [InlineData(0, "0 rows")]
    [InlineData(1, "1 row")]
    [InlineData(2, "2 rows")]
    [InlineData(1.5, "1.5 rows")]
    [InlineData(12_345, "12,345 rows")]
    public void One_is_no_plural(double count, string expected) => Assert.Equal(expected, NumberText.Counted(count, "row"));

    [Theory]
    [InlineData(0.0024, "0.002")]
    [InlineData(1.2345, "1.23")]
    [InlineData(45.678, "45.7")]
    [InlineData(1234.5, "1,234")]
    [InlineData(null, "-")]
    public void Times_of_steps_have_three_digits(double? ms, string expected) => Assert.Equal(expected, NumberText.Milliseconds(ms));

    [Fact]
    public void Plurals_may_be_words_of_their_own() => Assert.Equal("3 indices", NumberText.Counted(3, "index", "indices"));

    [Fact]
    public void A_time_has_its_date()
    {
        var time = new DateTime(2026, 7, 9, 8, 5, 3, DateTimeKind.Local);
        Assert.Equal("2026-07-09 08:05:03", NumberText.Time(new DateTimeOffset(time)));
    }
}
