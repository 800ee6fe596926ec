using Xunit;

namespace EdgeLearn.Tests;

public class StepBenchCommandTests
{
    [Fact]
    public void A_workload_is_a_row_with_times_and_bytes()
    {
        var result = Invoked.Run("bench", "--quick", "--only", "W3s", "--json").Json();
        Assert.Equal(InstructionSet.Name, result.Text("instruction_set"));
        Assert.True(result.Number("peak_rss_bytes") > 1e6);
        Assert.True(result.TryGetProperty("before", out var before) && before.TryGetProperty("celsius", out _)
            && before.TryGetProperty("mhz", out _));
        var row = Assert.Single(result.GetProperty("rows").EnumerateArray());
        Assert.Equal(("W3s", "64-32-10, batch 1, backprop with sgd"), (row.Text("name"), row.Text("description")));
        Assert.True(row.Number("median_us") > 0 && row.Number("p99_us") >= row.Number("median_us") && row.Number("steps_per_second") > 0);
        Assert.Equal(0, row.Number("allocated_bytes"));
        Assert.True(row.Number("planned_bytes") > 2410 * sizeof(float));
    }

    [Fact]
    public void The_text_is_a_table_under_the_state_of_the_board()
    {
        string text = Invoked.Run("bench", "--quick", "--only", "w3s,W4b1").Output;
        Assert.Contains("before: ", text);
        Assert.Matches(@"W3s +[\d.,]+ +[\d.,]+ +[\d.,]+ +[\d.,]+ +0 ", text);
        Assert.Contains("W4b1 ", text);
    }

    [Fact]
    public void An_unknown_workload_is_one_line_that_names_the_known_ones()
    {
        var run = Invoked.Run("bench", "--only", "W9");
        Assert.Equal(1, run.ExitCode);
        Assert.StartsWith("error: unknown workload 'W9': expected W1, W1a, ", run.Error);
    }
}
