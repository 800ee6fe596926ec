using System.Globalization;
using System.Text.Json;

namespace EdgeLearn.Tests;

/// <summary>Expected values from tests/Reference, which were made by other programs; docs/golden-vectors.md says by which.</summary>
static class Golden
{
    public static JsonElement Read(string name)
    {
        using var stream = typeof(Golden).Assembly.GetManifestResourceStream(name)
            ?? throw new InvalidOperationException($"no {name} among the golden files");
        using var document = JsonDocument.Parse(stream);
        return document.RootElement.Clone();
    }

    public static byte[] Bytes(string name)
    {
        using var stream = typeof(Golden).Assembly.GetManifestResourceStream(name)
            ?? throw new InvalidOperationException($"no {name} among the golden files");
        using var bytes = new MemoryStream();
        stream.CopyTo(bytes);
        return bytes.ToArray();
    }

    public static JsonElement.ArrayEnumerator Items(this JsonElement element, string name) => element.GetProperty(name).EnumerateArray();

    public static string Text(this JsonElement element, string name) => element.GetProperty(name).GetString()!;

    public static ulong Hex(this JsonElement element, string name)
        => ulong.Parse(element.Text(name), NumberStyles.HexNumber, CultureInfo.InvariantCulture);

    public static double[] Doubles(this JsonElement element, string name) => [.. element.Items(name).Select(value => value.GetDouble())];

    public static float[] Floats(this JsonElement element, string name)
        => [.. element.Items(name).Select(value => (float)value.GetDouble())];

    public static int[] Integers(this JsonElement element, string name) => [.. element.Items(name).Select(value => value.GetInt32())];
}
