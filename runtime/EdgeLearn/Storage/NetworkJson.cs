using System.Text;
using System.Text.Json;

namespace EdgeLearn;

/// <summary>
/// The JSON form of a <see cref="NetworkSpec"/>, in model files and in files given as a network:
/// <c>{"version":1,"input":[28,28,1],"loss":"cross-entropy","layers":[{"units":1000,"window":[10,10],"activation":"tanh"},{"units":10}]}</c>.
/// A layer has <c>units</c> and may have <c>window</c> [height, width] or <c>inputs</c> (random choice) and <c>activation</c> (default identity).
/// </summary>
public static class NetworkJson
{
    /// <summary>Version of the form.</summary>
    public const int Version = 1;

    /// <summary>Writes a description.</summary>
    public static string Write(NetworkSpec spec)
    {
        using var stream = new MemoryStream();
        using (var json = new Utf8JsonWriter(stream))
        {
            json.WriteStartObject();
            json.WriteNumber("version", Version);
            WriteArray(json, "input", [spec.Input.Height, spec.Input.Width, spec.Input.Channels]);
            json.WriteString("loss", spec.Loss.Name);
            json.WriteStartArray("layers");
            foreach (var layer in spec.Layers)
            {
                json.WriteStartObject();
                json.WriteNumber("units", layer.Units);
                if (layer.Window.Height > 0) WriteArray(json, "window", [layer.Window.Height, layer.Window.Width]);
                if (layer.Fan > 0) json.WriteNumber("inputs", layer.Fan);
                json.WriteString("activation", layer.Activation.Word());
                json.WriteEndObject();
            }

            json.WriteEndArray();
            json.WriteEndObject();
        }

        return Encoding.UTF8.GetString(stream.GetBuffer(), 0, (int)stream.Length);
    }

    static void WriteArray(Utf8JsonWriter json, string name, ReadOnlySpan<int> values)
    {
        json.WriteStartArray(name);
        foreach (int value in values) json.WriteNumberValue(value);
        json.WriteEndArray();
    }

    /// <summary>Reads a description.</summary>
    /// <param name="text">JSON</param>
    /// <param name="name">what to call it in errors</param>
    /// <exception cref="EdgeLearnException">It is no description of this version, or a layer does not fit.</exception>
    public static NetworkSpec Read(string text, string name)
    {
        try
        {
            using var document = JsonDocument.Parse(text);
            var root = document.RootElement;
            int version = root.GetProperty("version").GetInt32();
            if (version != Version) throw new EdgeLearnException($"{name}: network description of version {version}, this program reads {Version}: use a newer program");
            int[] input = Integers(root.GetProperty("input"));
            long length = 1;
            foreach (int size in input) length = size < 1 || length > 1 << 24 ? 0 : length * size;
            if (input.Length is < 1 or > 3 || length is < 1 or > 1 << 24) throw new EdgeLearnException($"{name}: input [{string.Join(", ", input)}], expected one to three numbers of 1 or more");
            var shape = input.Length == 1 ? Shape.Vector(input[0]) : new Shape(input[0], input[1], input.Length == 3 ? input[2] : 1);
            var layers = new List<LayerSpec>();
            foreach (var layer in root.GetProperty("layers").EnumerateArray()) layers.Add(ReadLayer(layer, name));
            return new NetworkSpec(shape, layers, Loss.Named(root.GetProperty("loss").GetString() ?? ""));
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or KeyNotFoundException or FormatException)
        {
            throw new EdgeLearnException($"{name}: broken network description: {e.Message.ReplaceLineEndings(" ")}", e);
        }
    }

    static LayerSpec ReadLayer(JsonElement layer, string name)
    {
        string word = layer.TryGetProperty("activation", out var text) ? text.GetString() ?? "" : "identity";
        var activation = ActivationWords.Parse(word) ?? throw new EdgeLearnException($"{name}: unknown activation '{word}': expected tanh, relu or identity");
        var window = default(Shape);
        if (layer.TryGetProperty("window", out var size))
        {
            int[] sides = Integers(size);
            if (sides.Length != 2 || sides[0] < 1 || sides[1] < 1) throw new EdgeLearnException($"{name}: window [{string.Join(", ", sides)}], expected [height, width] of 1 or more");
            window = new Shape(sides[0], sides[1]);
        }

        int fan = layer.TryGetProperty("inputs", out var inputs) ? inputs.GetInt32() : 0;
        if (fan < 0) throw new EdgeLearnException($"{name}: a layer with {fan} random inputs, expected 1 or more");
        return new LayerSpec(layer.GetProperty("units").GetInt32(), activation, window, fan);
    }

    static int[] Integers(JsonElement array)
    {
        var values = new int[array.GetArrayLength()];
        for (int i = 0; i < values.Length; i++) values[i] = array[i].GetInt32();
        return values;
    }
}
