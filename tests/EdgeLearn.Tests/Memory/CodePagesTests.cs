using Xunit;

namespace EdgeLearn.Tests;

public class CodePagesTests
{
    [Fact]
    public void What_was_dropped_comes_back_unchanged()
    {
        for (int i = 0; i < 3; i++)
        {
            CodePages.Drop();
            // FIPS 180-4's example
            Assert.Equal("BA7816BF8F01CFEA414140DE5DAE2223B00361A396177A9CB410FF61F20015AD", Convert.ToHexString(Sha256.Hash("abc"u8)));
        }
    }
}
