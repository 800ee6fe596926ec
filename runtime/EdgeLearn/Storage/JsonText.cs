using System.Text;
using System.Text.Json;

namespace EdgeLearn;

/// <summary>JSON in the metadata of files, piece by piece: converters of whole types would cost a board more bytes.</summary>
static class JsonText
{
    /// <summary>The text that a writer makes.</summary>
    public static string Write(Action<Utf8JsonWriter> write)
    {
        using var buffer = new MemoryStream();
        using (var json = new Utf8JsonWriter(buffer)) write(json);
        return Encoding.UTF8.GetString(buffer.GetBuffer(), 0, (int)buffer.Length);
    }

    /// <summary>A list of texts as a text of its own.</summary>
    public static string List(IEnumerable<string> texts) => Write(json => Write(json, texts));

    /// <summary>Writes a list of texts.</summary>
    public static void Write(Utf8JsonWriter json, IEnumerable<string> texts)
    {
        json.WriteStartArray();
        foreach (string text in texts) json.WriteStringValue(text);
        json.WriteEndArray();
    }

    /// <summary>A text that must be there.</summary>
    public static string Text(JsonElement json) => json.GetString() ?? throw new JsonException("null in place of a text");

    /// <summary>A list of texts.</summary>
    public static string[] Texts(JsonElement json)
    {
        string[] texts = new string[json.GetArrayLength()];
        for (int i = 0; i < texts.Length; i++) texts[i] = Text(json[i]);
        return texts;
    }

    /// <summary>Whether an error says that a text is not what it should be.</summary>
    public static bool IsBroken(Exception error)
        => error is JsonException or InvalidOperationException or KeyNotFoundException or FormatException;
}
