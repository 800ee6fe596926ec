using System.Numerics.Tensors;
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

    internal override LayerRole Role => LayerRole.Learner;

    /// <summary>Whether the gradient of a layer within goes through the weights of another.</summary>
    internal bool PassesGradients => Body.Skip(1).Concat(Shortcut.Skip(1)).Any(layer => layer.Role == LayerRole.Learner)
        || Body.Concat(Shortcut).Any(layer => layer is ResidualSpec { PassesGradients: true });

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
        {
            throw new EdgeLearnException($"{name} adds an image in rows of {around} to maps in planes of {body}: put a conv before the "
                + $"block");
        }
        return body;
    }

    internal override Layer Build(string name, Shape input, ParameterSet parameters) => new ResidualLayer(name, input, this, parameters);

    // Lists are equal when their layers are.
    /// <inheritdoc/>
    public bool Equals(ResidualSpec? other)
        => other is not null && Body.SequenceEqual(other.Body) && Shortcut.SequenceEqual(other.Shortcut);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Body.Count, Body[0], Shortcut.Count);
}

/// <summary>
/// y = body(x) + x, or body(x) + shortcut(x). One local unit: its inner backward pass runs within <see cref="InnerGradient"/>, and no
/// gradient has to leave the block for its weights to learn. Tensors are named <c>name.body.0.weight</c>, <c>name.shortcut.0.weight</c>.
/// </summary>
/// <remarks>Source: He et al. 2016. An activation behind the sum is a layer of its own.</remarks>
sealed class ResidualLayer : Layer
{
    readonly ResidualSpec _spec;
    readonly LayerStack _body;
    readonly LayerStack? _shortcut;

    internal ResidualLayer(string name, Shape input, ResidualSpec spec, ParameterSet parameters)
        : base(name, input, spec.OutputShape(input, name))
    {
        _spec = spec;
        _body = new LayerStack(LayerStack.Build(name + ".body", input, spec.Body, parameters));
        if (spec.Shortcut.Count > 0) _shortcut = new LayerStack(LayerStack.Build(name + ".shortcut", input, spec.Shortcut, parameters));
        Layer[] inner = _shortcut is null ? [.. _body.Layers] : [.. _body.Layers, .. _shortcut.Layers];
        Slices = [.. inner.SelectMany(layer => layer.Slices)];
        Integers = [.. inner.SelectMany(layer => layer.Integers)];
    }

    public override void UseIntegers()
    {
        foreach (var layer in _body.Layers) layer.UseIntegers();
        if (_shortcut is not null) foreach (var layer in _shortcut.Layers) layer.UseIntegers();
    }

    public override long MultiplyAdds => _body.MultiplyAdds + (_shortcut?.MultiplyAdds ?? 0);

    public override string Describe() => _spec.ToString();

    public override bool GradientReadsInput => _body.GradientReadsInput || _shortcut?.GradientReadsInput == true;

    public override bool GradientReadsOutput => false;

    // dz: the gradients of the inner layers, then, for the identity, dy itself.
    internal override LayerNeeds Needs(int batch, PassKind pass = default)
    {
        var body = _body.Needs(batch, pass);
        var shortcut = _shortcut?.Needs(batch, pass) ?? new LayerNeeds { InnerGradient = (long)batch * OutputLength };
        return new LayerNeeds
        {
            Saved = body.Saved + shortcut.Saved,
            InnerGradient = body.InnerGradient + shortcut.InnerGradient,
            IsInPlace = false,
            ForwardScratch = Math.Max(body.ForwardScratch, shortcut.ForwardScratch),
            InnerScratch = Math.Max(body.InnerScratch, shortcut.InnerScratch),
            ParameterScratch = Math.Max(body.ParameterScratch, shortcut.ParameterScratch),
            InputScratch = Math.Max(body.InputScratch, _shortcut is null ? 0 : shortcut.InputScratch + (long)batch * InputLength),
        };
    }

    public override void Initialise(ParameterSet parameters, ulong seed)
    {
        _body.Initialise(parameters, seed);
        _shortcut?.Initialise(parameters, seed);
    }

    internal override void Forward(int batch, ParameterSet parameters, in ForwardMode mode, ReadOnlySpan<float> x, Span<float> y,
        Span<float> saved, Span<float> scratch)
    {
        int own = saved.IsEmpty ? 0 : _body.SavedLength(batch);
        _body.Forward(batch, parameters, mode, x, saved[..own], scratch).CopyTo(y);
        TensorPrimitives.Add(y, _shortcut is null ? x : _shortcut.Forward(batch, parameters, mode, x, saved[own..], scratch), y);
    }

    ForwardTrace BodyTrace(in ForwardTrace trace) => Part(trace, trace.Saved[.._body.SavedLength(trace.Batch)]);

    ForwardTrace ShortcutTrace(in ForwardTrace trace) => Part(trace, trace.Saved[_body.SavedLength(trace.Batch)..]);

    static ForwardTrace Part(in ForwardTrace trace, ReadOnlySpan<float> saved)
        => new(trace.Batch, trace.Parameters, trace.Mode, trace.Input, trace.Output, saved, trace.WantsInputGradient);

    internal override void InnerGradient(in ForwardTrace trace, Span<float> dy, Span<float> dz, Span<float> scratch)
    {
        int own = _body.InnerLength(trace.Batch);
        _body.InnerGradient(BodyTrace(trace), dy, dz[..own], scratch);
        if (_shortcut is null) dy.CopyTo(dz[own..]);
        else _shortcut.InnerGradient(ShortcutTrace(trace), dy, dz[own..], scratch);
    }

    internal override void ParameterGradient(in ForwardTrace trace, ReadOnlySpan<float> dz, Span<float> scratch, GradientSink sink)
    {
        int own = _body.InnerLength(trace.Batch);
        _body.ParameterGradient(BodyTrace(trace), dz[..own], scratch, sink);
        _shortcut?.ParameterGradient(ShortcutTrace(trace), dz[own..], scratch, sink);
    }

    internal override void InputGradient(in ForwardTrace trace, ReadOnlySpan<float> dz, Span<float> dx, Span<float> scratch)
    {
        int own = _body.InnerLength(trace.Batch);
        _body.InputGradient(BodyTrace(trace), dz[..own], dx, scratch);
        if (_shortcut is null)
        {
            TensorPrimitives.Add(dx, dz[own..], dx);
            return;
        }

        var around = scratch[..dx.Length];
        _shortcut.InputGradient(ShortcutTrace(trace), dz[own..], around, scratch[dx.Length..]);
        TensorPrimitives.Add(dx, around, dx);
    }
}
