using System.Globalization;
using System.Text.Json;

namespace EdgeLearn.Tests;

/// <summary>
/// One layer of tests/Reference/layers.json with the numbers that make_layers_golden.py gives it, run verb by verb on buffers of exactly
/// the lengths that the layer asks for, filled with NaN so that nothing is read before it is written.
/// </summary>
sealed class LayerCase : IDisposable
{
    static readonly JsonElement s_golden = EdgeLearn.Tests.Golden.Read("layers.json");

    public static IEnumerable<JsonElement> All => s_golden.Items("layers");

    public static IEnumerable<string> Names => All.Select(item => $"{item.Text("shape")} {item.Text("name")}");

    /// <param name="name">shape and shorthand</param>
    public LayerCase(string name)
    {
        string[] words = name.Split(' ');
        Golden = All.FirstOrDefault(item => item.Text("shape") == words[0] && item.Text("name") == words[1]);
        Spec = LayerText.ParseAll(name, [words[1]], "")[0];
        var shape = ShapeOf(words[0]);
        Spec.OutputShape(shape, name);
        Layer = Spec.Build("layers.0", shape, Parameters);
        Parameters.Allocate();
        Layer.Initialise(Parameters, 1);
        int salt = 10, statistics = 0;
        foreach (var slice in Layer.Slices)
        {
            Values(slice.Length, slice.IsStatistic ? 5 + statistics % 2 : salt++).CopyTo(Parameters[slice]);
            if (!slice.IsStatistic) continue;
            if (statistics++ % 2 == 1) foreach (ref float value in Parameters[slice]) value += 1.5f;
        }

        X = Values(Batch * Layer.InputLength, 1);
        for (int i = 0; i < X.Length; i++)
            X[i] = Spec is EmbeddingSpec embedding ? MathF.Floor((X[i] + 1) / 2 * embedding.Words) : 2 * X[i];
        C = Values(Batch * Layer.OutputLength, 2);
    }

    static Shape ShapeOf(string text)
    {
        if (!text.Contains(',', StringComparison.Ordinal))
            return Shape.TryParse(text, out var rows) ? rows : throw new FormatException(text);
        int[] sizes = [.. text.Split(',').Select(size => int.Parse(size, CultureInfo.InvariantCulture))];
        return Shape.Planes(sizes[0], sizes[1], sizes[2]);
    }

    // As in make_layers_golden.py.
    public static float[] Values(int count, int salt)
    {
        float[] values = new float[count];
        for (int i = 0; i < count; i++)
        {
            uint h = (uint)(i + 1) * 2654435761 + (uint)salt * 40503;
            h = (h ^ (h >> 15)) * 2246822519;
            values[i] = ((h ^ (h >> 13)) >> 16) / 32768f - 1;
        }

        return values;
    }

    /// <summary>The case of the file; undefined where the name is not in it.</summary>
    public JsonElement Golden { get; }

    public LayerSpec Spec { get; }

    public Layer Layer { get; }

    public ParameterSet Parameters { get; } = new();

    public int Batch => 3;

    /// <summary>Inputs.</summary>
    public float[] X { get; }

    /// <summary>Gradient by the outputs: the loss is sum(y * c).</summary>
    public float[] C { get; }

    public ForwardMode Mode { get; init; } = new(Probe.None, true, 7);

    public static float[] Buffer(long length)
    {
        float[] buffer = new float[length];
        Array.Fill(buffer, float.NaN);
        return buffer;
    }

    /// <summary>Outputs, with or without what gradients need.</summary>
    public float[] Forward(float[]? saved, in ForwardMode mode)
    {
        float[] y = Buffer((long)Batch * Layer.OutputLength);
        Layer.Forward(Batch, Parameters, mode, X, y, saved,
            Buffer(Layer.Needs(Batch, new PassKind(!mode.Probe.IsNone, saved is not null && saved.Length > 0)).ForwardScratch));
        return y;
    }

    /// <summary>All verbs; dz lies where dy lies if that is allowed and asked for.</summary>
    public (float[] Y, float[] Dx, GradientRecorder Gradients) Run(bool inPlace)
    {
        float[] saved = Buffer(Layer.Needs(Batch).Saved), y = Forward(saved, Mode), dy = [.. C], dx = Buffer(X.Length);
        var trace = new ForwardTrace(Batch, Parameters, Mode, Layer.GradientReadsInput ? X : Buffer(X.Length),
            Layer.GradientReadsOutput ? y : Buffer(y.Length), saved);
        float[] dz = inPlace && Layer.Needs(Batch).InnerGradient == dy.Length ? dy : Buffer(Layer.Needs(Batch).InnerGradient);
        Layer.InnerGradient(trace, dy, dz, Buffer(Layer.Needs(Batch).InnerScratch));
        Layer.InputGradient(trace, dz, dx, Buffer(Layer.Needs(Batch).InputScratch));
        var gradients = new GradientRecorder();
        Layer.ParameterGradient(trace, dz, Buffer(Layer.Needs(Batch).ParameterScratch), gradients);
        return (y, dx, gradients);
    }

    public void Dispose() => Parameters.Dispose();
}
