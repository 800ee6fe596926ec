using Xunit;

namespace EdgeLearn.House.Tests;

/// <summary>
/// The public types of the core are a list that changes with a reason in the commit; EDGELEARN_UPDATE=1 writes it anew.
/// </summary>
public class PublicTypeTests
{
    const int Most = 130;
    static readonly string s_list = Path.Combine(Repository.Root, "tests", "House.Tests", "public-types.txt");

    [Fact]
    public void The_core_shows_the_types_of_the_list_and_no_other()
    {
        string[] shown = [.. typeof(Network).Assembly.GetExportedTypes().Where(type => !type.IsNested).Select(type => type.Name)];
        Array.Sort(shown, StringComparer.Ordinal);
        if (Environment.GetEnvironmentVariable("EDGELEARN_UPDATE") == "1") File.WriteAllLines(s_list, shown);
        Assert.Equal(File.ReadAllLines(s_list), shown);
    }

    [Fact]
    public void The_list_is_short() => Assert.InRange(File.ReadAllLines(s_list).Length, 1, Most);
}
