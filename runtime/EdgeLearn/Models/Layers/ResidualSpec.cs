using System.Text.Json;

namespace EdgeLearn;

/// <summary>
/// A <see cref="ResidualLayer"/>: <c>residual(conv3x3x16:same-relu-conv3x3x16:same)</c> adds what comes in to what the body makes of it;
/// after a bar stand the layers of the way around, where the shape changes:
/// <c>residual(conv3x3x32:stride2:pad1-relu-conv3x3x32:same|conv1x1x32:stride2)</c>.
/// </summary>
/// <param name="Body">one layer or more</param>
/// <param name="Shortcut">empty for the identity</param>
public sealed record ResidualSpec(IReadOnlyList<LayerSpec> Body, IReadOnlyList<LayerSpec> Shortcut) : LayerSpec
{
    internal static readonly LayerKind Kind = new("residual", "residual(conv3x3x8:same)", Parse, Read);

    /// <inheritdoc/>
    public override LayerRole Role => LayerRole.Learner;

    static ResidualSpec? Parse(LayerText text)
    {
        if (text.Word != "residual" || text.Body is null || text.Sizes.Length > 0 || text.Places is not null) return null;
        var halves = LayerText.Split(text.Body, '|');
        if (halves.Count > 2) throw text.Wrong("residual(body) or residual(body|way around)");
        return new ResidualSpec(text.ParseLayers(halves[0]), halves.Count == 2 ? text.ParseLayers(halves[1]) : []);
    }

    static ResidualSpec Read(LayerJson json)
    {
        var body = json.Layers("body");
        if (body.Count == 0) throw new EdgeLearnException($"{json.FileName}: a residual block without layers in its body");
        return new ResidualSpec(body, json.Has("shortcut") ? json.Layers("shortcut") : []);
    }

    internal override void Write(Utf8JsonWriter json)
    {
        json.WriteString("kind", Kind.Word);
        LayerJson.WriteAll(json, "body", Body);
        if (Shortcut.Count > 0) LayerJson.WriteAll(json, "shortcut", Shortcut);
    }

    /// <inheritdoc/>
    public override string ToShorthand(Activation unsaid)
        => $"residual({LayerText.ToString(Body)}{(Shortcut.Count > 0 ? "|" + LayerText.ToString(Shortcut) : "")})";

    /// <inheritdoc/>
    public override Shape OutputShape(Shape input, string name)
    {
        var body = NetworkSpec.ShapesOf(input, Body, name + ", body ")[^1];
        var around = NetworkSpec.ShapesOf(input, Shortcut, name + ", way around ")[^1];
        if (body.Length != around.Length || (body.Height, body.Width, body.Channels) != (around.Height, around.Width, around.Channels))
        {
            string advice = Shortcut.Count == 0
                ? "make the body keep the shape (same, equal channels) or give the way around layers of its own, such as |conv1x1x"
                    + body.Channels + ":stride2" : "make both end in the same shape";
            throw new EdgeLearnException($"{name} adds {around} to {body}, which its body makes of {input}: {advice}");
        }

        if (body.IsPlanar != around.IsPlanar && body.Channels > 1)
            throw new EdgeLearnException($"{name} adds an image in rows of {around} to maps in planes of {body}: put a conv before the "
                + $"block");
        return body;
    }

    /// <inheritdoc/>
    public override Layer Build(string name, Shape input, ParameterSet parameters) => new ResidualLayer(name, input, this, parameters);

    // Lists are equal when their layers are.
    /// <inheritdoc/>
    public bool Equals(ResidualSpec? other)
        => other is not null && Body.SequenceEqual(other.Body) && Shortcut.SequenceEqual(other.Shortcut);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Body.Count, Body[0], Shortcut.Count);
}
