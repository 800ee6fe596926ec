using Xunit;

namespace EdgeLearn.House.Tests;

public class ShapeTests
{
    static IEnumerable<string> InProducts(Func<string, string, IEnumerable<string>> rule) => In(Repository.ProductFolders, rule);

    static IEnumerable<string> In(IEnumerable<string> folders, Func<string, string, IEnumerable<string>> rule)
        => folders.SelectMany(Repository.SourcesUnder)
            .SelectMany(path => rule(path, File.ReadAllText(Path.Combine(Repository.Root, path))));

    [Fact]
    public void Lines_have_at_most_140_columns() => Repository.Holds(In([.. Repository.ProductFolders, "tests"], Shapes.WideLines));

    [Fact]
    public void Files_have_at_most_300_lines() => Repository.Holds(InProducts(Shapes.LongFiles));

    [Fact]
    public void Files_have_at_most_three_public_types_and_the_name_of_the_first() => Repository.Holds(InProducts(Shapes.PublicTypes));

    [Fact]
    public void Namespaces_are_used_in_order() => Repository.Holds(In([.. Repository.ProductFolders, "tests"], Shapes.Usings));

    [Theory]
    [InlineData("using System;\nusing System.Text;\nusing A.B;\nusing A.B.C;\nusing AB;\n"
        + "using static System.Math;\nusing X = System.Int32;", true)]
    [InlineData("using A;\nusing System;", false)]
    [InlineData("using System.Text;\nusing System;", false)]
    [InlineData("using AB;\nusing A.B;", false)]
    public void Namespaces_out_of_order_are_named(string text, bool isSorted)
    => Assert.Equal(isSorted, !Shapes.Usings("a/B.cs", text).Any());

    [Fact]
    public void A_wide_line_is_named()
    {
        string text = $"// short\n// {new string('x', 138)}\n";
        Assert.Equal(["a/B.cs:2: 141 columns, at most 140"], Shapes.WideLines("a/B.cs", text));
        Assert.Empty(Shapes.WideLines("a/B.cs", text.Replace("xx", "x", StringComparison.Ordinal)));
    }

    [Theory]
    [InlineData("a/B.cs", 300, false)]
    [InlineData("a/B.cs", 301, true)]
    [InlineData("a/Kernels/B.cs", 400, false)]
    [InlineData("a/Kernels/B.cs", 401, true)]
    public void A_long_file_is_named(string path, int lines, bool isLong)
        => Assert.Equal(isLong, Shapes.LongFiles(path, string.Join('\n', Enumerable.Repeat("//", lines)) + "\n").Any());

    [Theory]
    [InlineData("public class B; class C; public enum D; public delegate void E(); namespace F { public class G; }", "4 public types")]
    [InlineData("class A; public struct C;", "the first public type is C, the file is called B")]
    [InlineData("public class B { public class C; public class D; public class E; } class F; public record G; public enum H;", null)]
    [InlineData("class A; enum C;", null)]
    public void Public_types_are_counted_and_give_the_name(string text, string? expected)
    {
        var broken = Shapes.PublicTypes("a/B.cs", text).ToList();
        if (expected is null) Assert.Empty(broken);
        else Assert.Contains(expected, Assert.Single(broken), StringComparison.Ordinal);
    }
}
