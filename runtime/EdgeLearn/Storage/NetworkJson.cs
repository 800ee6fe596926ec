using System.Text;
using System.Text.Json;

namespace EdgeLearn;

/// <summary>
/// The JSON form of a <see cref="NetworkSpec"/>, in model files and in files given as a network:
/// <c>{"version":1,"input":[28,28,1],"loss":"cross-entropy",
/// "layers":[{"units":1000,"window":[10,10],"activation":"tanh"},{"units":10}]}</c>.
/// A layer says its <c>kind</c> (see <see cref="LayerKinds"/>) and that kind's numbers. One without a kind has <c>units</c> and may have
/// <c>window</c> [height, width] or <c>inputs</c> (random choice) and <c>activation</c> (default identity). The input is [length], [steps,
/// features], [height, width] or [height, width, channels]; with <c>"planes":true</c> its channels are stored one plane after the other.
/// </summary>
static class NetworkJson
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
            LayerJson.Write(json, "input",
                spec.Input is { Rank: 2, Height: 1 } ? [1, spec.Input.Width] : [spec.Input.Height, spec.Input.Width, spec.Input.Channels]);
            if (spec.Input.IsPlanar) json.WriteBoolean("planes", true);
            json.WriteString("loss", spec.Loss.Name);
            LayerJson.WriteAll(json, "layers", spec.Layers);
            json.WriteEndObject();
        }

        return Encoding.UTF8.GetString(stream.GetBuffer(), 0, (int)stream.Length);
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
            if (version != Version)
            {
                throw new EdgeLearnException($"{name}: network description of version {version}, this program reads {Version}: use a "
                    + $"newer program");
            }
            int[] input = LayerJson.Integers(root.GetProperty("input"));
            long length = 1;
            foreach (int size in input) length = size < 1 || length > 1 << 24 ? 0 : length * size;
            if (input.Length is < 1 or > 3 || length is < 1 or > 1 << 24)
                throw new EdgeLearnException($"{name}: input [{string.Join(", ", input)}], expected one to three numbers of 1 or more");
            var shape = Shape.Of(input);
            if (root.TryGetProperty("planes", out var planes) && planes.GetBoolean())
                shape = Shape.Planes(shape.Channels, shape.Height, shape.Width);
            return new NetworkSpec(shape, LayerJson.ReadAll(root.GetProperty("layers"), name),
                Loss.Named(root.GetProperty("loss").GetString() ?? ""));
        }
        catch (Exception e) when (JsonText.IsBroken(e))
        {
            string what = e switch
            {
                JsonException { LineNumber: { } line } => $"it is no JSON from line {line + 1} on",
                KeyNotFoundException => "a member is missing; expected version, input, layers and loss, and of each layer kind and sizes",
                _ => "a member has another type than it should",
            };
            throw new EdgeLearnException($"{name}: broken network description: {what}", e);
        }
    }
}
