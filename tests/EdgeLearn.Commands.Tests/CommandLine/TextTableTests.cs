using EdgeLearn.Commands;
using Xunit;

namespace EdgeLearn.Tests;

public class TextTableTests
{
    static string Written(int? columns, params string[][] rows)
    {
        var table = new TextTable("id", "name", "examples", "state") { Texts = ["name"] };
        foreach (string[] row in rows) table.Add(row);
        using var output = new StringWriter();
        table.Write(output, columns);
        return output.ToString();
    }

    static readonly string[] s_row = ["3f0e", "kitchen-window-left", "12,345", "active"];

    [Fact]
    public void A_pipe_gets_everything() => Assert.Equal(
        "id                   name  examples   state\n3f0e  kitchen-window-left    12,345  active\n", Written(null, s_row));

    [Fact]
    public void A_window_as_wide_as_the_table_gets_everything() => Assert.Equal(Written(null, s_row), Written(43, s_row));

    [Fact]
    public void In_a_narrow_window_the_text_is_shortened() => Assert.Equal(
        "id          name  examples   state\n3f0e  kitchen-w…    12,345  active\n", Written(34, s_row));

    [Fact]
    public void Where_that_is_not_enough_the_last_columns_are_named_below() => Assert.Equal(
        "id         name  examples\n3f0e  kitchen-…    12,345\na wider window, or\n--json, shows state\n", Written(25, s_row));

    [Fact]
    public void A_number_is_never_shortened()
    {
        var table = new TextTable("", "walking fast") { Texts = ["walking fast"], LeastText = 4 };
        table.Add("a", "1,234,567");
        using var output = new StringWriter();
        table.Write(output, 5);
        Assert.Equal("   walking …\na  1,234,567\n", output.ToString());
    }

    [Fact]
    public void Rows_that_come_later_stand_below_the_head()
    {
        var table = new TextTable("time", "loss") { Widths = [6, 8] };
        using var output = new StringWriter();
        table.Write(output, 80);
        table.Add("10:30", "0.1");
        table.Write(output, 80);
        table.Write(output, 80);
        Assert.Equal("time        loss\n10:30        0.1\n", output.ToString());
    }
}
