using System.Text.Json;

namespace EdgeLearn;

/// <summary>One layer of the JSON form, with errors that name the file.</summary>
readonly struct LayerJson(JsonElement element, string fileName)
{
    /// <summary>What to call the file in errors.</summary>
    public string FileName => fileName;

    /// <summary>Whether a property is there.</summary>
    public bool Has(string property) => element.TryGetProperty(property, out _);

    /// <summary>A whole number that has to be there.</summary>
    public int Integer(string property) => element.GetProperty(property).GetInt32();

    /// <summary>A whole number, or another where it is not there.</summary>
    public int Integer(string property, int unsaid) => element.TryGetProperty(property, out var value) ? value.GetInt32() : unsaid;

    /// <summary>A number, or another where it is not there.</summary>
    public float Number(string property, float unsaid) => element.TryGetProperty(property, out var value) ? value.GetSingle() : unsaid;

    /// <summary>A text, or another where it is not there.</summary>
    public string Text(string property, string unsaid)
        => element.TryGetProperty(property, out var value) ? value.GetString() ?? "" : unsaid;

    /// <summary>Whether a property is there and true.</summary>
    public bool Flag(string property) => element.TryGetProperty(property, out var value) && value.GetBoolean();

    /// <summary>Two sizes of 1 or more, [height, width].</summary>
    public (int Height, int Width)? Sides(string property)
    {
        if (!element.TryGetProperty(property, out var value)) return null;
        int[] sides = Integers(value);
        if (sides.Length != 2 || sides[0] < 1 || sides[1] < 1)
            throw new EdgeLearnException($"{fileName}: {property} [{string.Join(", ", sides)}], expected [height, width] of 1 or more");
        return (sides[0], sides[1]);
    }

    /// <summary>The activation; identity where none is said.</summary>
    public Activation Activation()
    {
        string word = Text("activation", "identity");
        return ActivationWords.Parse(word)
            ?? throw new EdgeLearnException($"{fileName}: unknown activation '{word}': expected tanh, relu or identity");
    }

    /// <summary>Layers inside the layer.</summary>
    public IReadOnlyList<LayerSpec> Layers(string property) => ReadAll(element.GetProperty(property), fileName);

    /// <summary>Reads a list of layers. A layer that says no kind has units: all inputs of each, or only part of them.</summary>
    public static IReadOnlyList<LayerSpec> ReadAll(JsonElement array, string fileName)
    {
        var layers = new List<LayerSpec>();
        foreach (var element in array.EnumerateArray())
        {
            var layer = new LayerJson(element, fileName);
            string word =
                layer.Text("kind", layer.Has("window") || layer.Has("inputs") ? ReceptiveFieldSpec.Kind.Word : DenseSpec.Kind.Word);
            layers.Add(LayerKinds.Named(word, fileName).Read(layer));
        }

        return layers;
    }

    /// <summary>Writes a list of layers.</summary>
    public static void WriteAll(Utf8JsonWriter json, string property, IReadOnlyList<LayerSpec> layers)
    {
        json.WriteStartArray(property);
        foreach (var layer in layers)
        {
            json.WriteStartObject();
            layer.Write(json);
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    /// <summary>Writes a list of sizes.</summary>
    public static void Write(Utf8JsonWriter json, string property, ReadOnlySpan<int> values)
    {
        json.WriteStartArray(property);
        foreach (int value in values) json.WriteNumberValue(value);
        json.WriteEndArray();
    }

    /// <summary>The numbers of an array.</summary>
    public static int[] Integers(JsonElement array) => [.. array.EnumerateArray().Select(number => number.GetInt32())];
}
