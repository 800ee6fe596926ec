using Xunit;

namespace EdgeLearn.Tests;

/// <summary>The columns of a model in the metadata of its file.</summary>
public class ColumnsJsonTests
{
    static readonly InputColumns s_columns = new(
    [
        new("a \"quoted\", umlaut ü", ColumnKind.Number) { Fill = [0.1], HasIndicator = true },
        new("kind", ColumnKind.Category) { Values = ["x", "y", "z"] },
        new("when", ColumnKind.Time) { HasHours = true },
        new("since", ColumnKind.Elapsed) { Start = 1.7e9 },
    ], ["y1", "y2"])
    {
        LeftOut = new Dictionary<string, string> { ["id"] = "it counts the rows", ["t"] = "the time" },
        Group = "person",
        DropsMissing = true,
        TimeColumn = "t",
        Window = 3,
        Hop = 2,
        Gap = 0.3,
        EndsAtLabels = true,
    };

    [Fact]
    public void What_is_written_is_read()
    {
        string text = ColumnsJson.Write(s_columns);
        var read = ColumnsJson.Read(text, 30, "m"); // 2 + 3 + 4 + 1 values a row
        Assert.Equal(text, ColumnsJson.Write(read));
        Assert.Equal(s_columns.Inputs.Select(column => (column.Name, column.Kind, column.HasHours, column.Start, column.HasIndicator)),
            read.Inputs.Select(column => (column.Name, column.Kind, column.HasHours, column.Start, column.HasIndicator)));
        Assert.Equal(["x", "y", "z"], read.Inputs[1].Values);
        Assert.Equal([0.1], read.Inputs[0].Fill);
        Assert.Equal(s_columns.LeftOut, read.LeftOut);
        Assert.Equal(("person", true, "t", 3, 2, 0.3, true), (read.Group, read.DropsMissing, read.TimeColumn, read.Window, read.Hop,
            read.Gap, read.EndsAtLabels));
        Assert.Equal(["y1", "y2"], read.Labels);
    }

    [Theory]
    [InlineData("")]
    [InlineData("[]")]
    [InlineData("{}")]
    [InlineData("{\"inputs\":null,\"labels\":[]}")]
    [InlineData("{\"inputs\":[{\"name\":null}],\"labels\":[]}")]
    [InlineData("{\"inputs\":[{\"name\":\"a\"}],\"labels\":[null]}")]
    [InlineData("{\"inputs\":[{\"name\":\"a\",\"kind\":\"Colour\"}],\"labels\":[]}")]
    [InlineData("{\"inputs\":[{\"name\":\"a\",\"kind\":\"7\"}],\"labels\":[]}")]
    [InlineData("{\"inputs\":[{\"name\":\"a\",\"kind\":\"Category\",\"values\":[]}],\"labels\":[]}")]
    [InlineData("{\"inputs\":[{\"name\":\"a\",\"fill\":[1,2]}],\"labels\":[]}")]
    [InlineData("{\"inputs\":[{\"name\":\"a\",\"fill\":[1e999]}],\"labels\":[]}")]
    [InlineData("{\"inputs\":[{\"name\":\"a\"},{\"name\":\"b\"}],\"labels\":[]}")]
    [InlineData("{\"inputs\":[{\"name\":\"a\"}],\"labels\":[],\"window\":1}")]
    [InlineData("{\"inputs\":[{\"name\":\"a\"}],\"labels\":[],\"window\":-1,\"hop\":1}")]
    [InlineData("{\"inputs\":[{\"name\":\"a\"}],\"labels\":[],\"window\":1e12,\"hop\":1}")]
    [InlineData("{\"inputs\":[{\"name\":\"a\"}],\"labels\":[],\"left_out\":{\"b\":1}}")]
    public void What_describes_other_inputs_is_refused(string text)
        => Assert.Contains("edgelearn.columns does not describe inputs of 1 values",
            Assert.Throws<EdgeLearnException>(() => ColumnsJson.Read(text, 1, "m")).Message, StringComparison.Ordinal);
}
