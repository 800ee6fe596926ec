using Xunit;

namespace EdgeLearn.House.Tests;

public class FloorTests
{
    [Fact]
    public void Folders_of_the_core_name_only_folders_below_them() => Repository.Holds(Floors.Broken(CoreCode.Arrows));

    [Fact]
    public void The_model_sees_the_whole_core() => Assert.True(CoreCode.Arrows.Count > 1000);

    [Theory]
    [InlineData("class Low { High? _field; }", "runtime/EdgeLearn/Kernels/Low.cs:1: Kernels names High of Learning")]
    [InlineData("class Low { int F() => new High().Value; }", "names Value of Learning")] // a member alone is an arrow, too
    [InlineData("class Low { int F(System.Collections.Generic.List<High> a) => a[0].Value; }", "names Value of Learning")]
    public void An_arrow_that_goes_up_is_named_with_its_line(string low, string expected)
    {
        var arrows = CoreCode.FindArrows(
        [
            CoreCode.Parse("runtime/EdgeLearn/Kernels/Low.cs", low),
            CoreCode.Parse("runtime/EdgeLearn/Learning/High.cs", "class High { public int Value; Low? _down; }"),
        ]);
        Assert.Contains(Floors.Broken(arrows), broken => broken.Contains(expected, StringComparison.Ordinal));
        Assert.DoesNotContain(Floors.Broken(arrows), broken => broken.Contains("High.cs", StringComparison.Ordinal));
    }
}
