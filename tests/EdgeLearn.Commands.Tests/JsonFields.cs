using System.Text.Json;

namespace EdgeLearn.Tests;

/// <summary>Short words for fields of a result.</summary>
static class JsonFields
{
    public static double Number(this JsonElement element, string name) => element.GetProperty(name).GetDouble();

    public static string Text(this JsonElement element, string name) => element.GetProperty(name).GetString()!;
}
