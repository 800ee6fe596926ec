using Xunit;

namespace EdgeLearn.Tests;

public class NativeBlockTests
{
    [Fact]
    public void A_block_is_aligned_and_zero()
    {
        for (int i = 1; i < 40; i++)
        {
            using var block = new NativeBlock(i * 100);
            Assert.Equal(0, block.Address % MemoryPlan.AlignmentBytes);
            Assert.Equal(-1, block.Span<byte>(0, i * 100).IndexOfAnyExcept((byte)0));
            block.Span<byte>(0, i * 100).Fill(255);
        }
    }

    [Fact]
    public void A_view_outside_of_the_block_is_refused()
    {
        using var block = new NativeBlock(64);
        Assert.Equal(16, block.Span<float>(0, 16).Length);
        Assert.Throws<ArgumentOutOfRangeException>(() => block.Span<float>(0, 17).Length);
        Assert.Throws<ArgumentOutOfRangeException>(() => block.Span<float>(-4, 1).Length);
        Assert.Throws<ArgumentOutOfRangeException>(() => block.Span<float>(64, 1).Length);
        Assert.Equal(0, block.Span<float>(64, 0).Length);
    }

    [Fact]
    public void A_block_that_was_disposed_of_gives_no_view()
    {
        var block = new NativeBlock(64);
        block.Dispose();
        block.Dispose();
        Assert.Throws<ObjectDisposedException>(() => block.Span<float>(0, 1).Length);
    }

    [Fact]
    public void A_block_larger_than_the_address_space_is_one_line()
    {
        var refusal = Assert.Throws<EdgeLearnException>(() => new NativeBlock(long.MaxValue / 2));
        Assert.Contains("cannot allocate", refusal.Message, StringComparison.Ordinal);
    }
}
