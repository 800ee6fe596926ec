namespace EdgeLearn.House.Tests;

/// <summary>The floors of the core: a folder may name what lies in the folders before it, and nothing else.</summary>
static class Floors
{
    /// <summary>From the ground up.</summary>
    public static IReadOnlyList<string> FromTheGround { get; } =
    [
        "Basics", "Kernels", "Memory", "Data", "Models", "Updates", "Storage", "Learning", "Streams", "Continual", "Transfer", "Training",
    ];

    /// <summary>The arrows that go up, or out of the house.</summary>
    public static IEnumerable<string> Broken(IEnumerable<Arrow> arrows)
        => arrows.Where(arrow => FloorOf(arrow.To) >= FloorOf(arrow.From))
            .Select(arrow => $"{arrow.Place}: {arrow.From} names {arrow.Name} of {arrow.To}, which is no floor below it")
            .Distinct();

    static int FloorOf(string folder)
        => FromTheGround.ToList().IndexOf(folder) is >= 0 and var floor ? floor
            : throw new InvalidOperationException($"'{folder}' is no folder of the core: give it its place in Floors.FromTheGround");
}
