using EdgeLearn.Commands;
using Xunit;

namespace EdgeLearn.Tests;

public class ByteCountTests
{
    [Theory]
    [InlineData("65536", 65536)]
    [InlineData("2MB", 2_000_000)]
    [InlineData("1.5MiB", 1_572_864)]
    [InlineData("800k", 800_000)]
    [InlineData("1 GiB", 1_073_741_824)]
    [InlineData("0.5kB", 500)]
    public void Units_are_decimal_unless_they_say_binary(string text, long bytes)
    => Assert.Equal(bytes, ByteCount.Parse("--memory-limit", text));

    [Theory]
    [InlineData("")]
    [InlineData("MB")]
    [InlineData("0")]
    [InlineData("-1")]
    [InlineData("2 parsecs")]
    [InlineData("1e9")]
    [InlineData("1.2.3k")]
    [InlineData("99999999999999GB")]
    public void Anything_else_is_refused(string text)
    {
        var error = Assert.Throws<EdgeLearnException>(() => ByteCount.Parse("--memory-limit", text));
        Assert.StartsWith($"--memory-limit {text}: expected", error.Message);
    }

    [Theory]
    [InlineData(999, "999 B")]
    [InlineData(1_234, "1.23 kB")]
    [InlineData(12_345_678, "12.3 MB")]
    [InlineData(2_000_000_000, "2 GB")]
    public void Printing_keeps_three_digits(long bytes, string expected) => Assert.Equal(expected, ByteCount.Format(bytes));
}
