using System.Globalization;
using System.Text.Json;

namespace EdgeLearn;

/// <summary>A <see cref="ReceptiveFieldLayer"/>: <c>1000@10x10</c> for windows of an image, <c>1000@100</c> for random inputs.</summary>
/// <param name="Units">outputs</param>
/// <param name="Activation">what follows the weighted sum</param>
public sealed record ReceptiveFieldSpec(int Units, Activation Activation) : LayerSpec, IWeightedSpec
{
    internal static readonly LayerKind Kind = new("receptive", "1000@10x10", Parse, Read);

    /// <summary>Rows of the window that a unit sees; 0 where it sees random inputs.</summary>
    public int WindowHeight { get; init; }

    /// <summary>Columns of the window that a unit sees; 0 where it sees random inputs.</summary>
    public int WindowWidth { get; init; }

    /// <summary>Random inputs that a unit sees; 0 where it sees a window.</summary>
    public int Fan { get; init; }

    internal override LayerRole Role => LayerRole.Learner;

    LayerSpec IWeightedSpec.Plain() => this with { Activation = Activation.Identity };

    bool IsWindow => WindowHeight > 0;

    static ReceptiveFieldSpec? Parse(LayerText text)
    {
        if (text.Word.Length > 0 || text.Places is not { } places || text.Body is not null) return null;
        var spec = new ReceptiveFieldSpec(DenseSpec.ParseUnits(text), text.TakeActivation());
        if (places.Contains('@', StringComparison.Ordinal))
            throw text.Wrong("a number of units of 1 or more, or units@HxW, units@K, units:activation");
        if (!Shape.TryParse(places, out var window) || window.Channels > 1 || window.Rank == 3 || places.Count('x') > 1)
            throw text.Refuse($"looks at '{places}', expected a window HxW or a number of inputs");
        return window.Rank == 2
            ? spec with { WindowHeight = window.Height, WindowWidth = window.Width }
            : spec with { Fan = window.Length };
    }

    static LayerSpec Read(LayerJson json)
    {
        int units = json.Integer("units"), fan = json.Integer("inputs", 0);
        if (fan < 0) throw new EdgeLearnException($"{json.FileName}: a layer with {fan} random inputs, expected 1 or more");
        if (json.Sides("window") is { } window)
            return new ReceptiveFieldSpec(units, json.Activation()) { WindowHeight = window.Height, WindowWidth = window.Width };
        return fan > 0 ? new ReceptiveFieldSpec(units, json.Activation()) { Fan = fan } : new DenseSpec(units, json.Activation());
    }

    internal override void Write(Utf8JsonWriter json)
    {
        json.WriteNumber("units", Units);
        if (IsWindow) LayerJson.Write(json, "window", [WindowHeight, WindowWidth]);
        else json.WriteNumber("inputs", Fan);
        json.WriteString("activation", Activation.Word());
    }

    /// <inheritdoc/>
    public override string ToShorthand(Activation unsaid)
    {
        string places = IsWindow
            ? string.Create(CultureInfo.InvariantCulture, $"{WindowHeight}x{WindowWidth}")
            : Fan.ToString(CultureInfo.InvariantCulture);
        return string.Create(CultureInfo.InvariantCulture, $"{Units}@{places}{Activation.Suffix(unsaid)}");
    }

    /// <inheritdoc/>
    public override Shape OutputShape(Shape input, string name)
    {
        DenseSpec.CheckUnits(Units, name);
        if (IsWindow)
        {
            if (!input.IsImage)
            {
                throw new EdgeLearnException($"{name} has windows, but its input is a vector of {input.Length} values: give the image's "
                    + $"shape (--input-shape 28x28) or use {Units}@{WindowHeight * WindowWidth} for random inputs");
            }
            if (WindowHeight > input.Height || WindowWidth > input.Width)
                throw new EdgeLearnException($"{name} has windows larger than its {input} image");
            if (input is { IsPlanar: true, Channels: > 1 })
            {
                throw new EdgeLearnException($"{name} has windows, but its input are {input.Channels} maps "
                    + $"of {input.Height}x{input.Width}: use conv or local there, or {Units}@{WindowHeight * WindowWidth} for random "
                    + $"inputs");
            }
        }
        else if (Fan > input.Length)
        {
            throw new EdgeLearnException($"{name} looks at {Fan} inputs, but there are only {input.Length}");
        }

        return Shape.Vector(Units);
    }

    internal override Layer Build(string name, Shape input, ParameterSet parameters) => IsWindow
        ? ReceptiveFieldLayer.Windows(name, input, Units, WindowHeight, WindowWidth, Activation, parameters)
        : ReceptiveFieldLayer.Choices(name, input, Units, Fan, Activation, parameters);
}

/// <summary>
/// y[u] = activation(w[u] . x[field(u)] + b[u]): every unit sees its own random window of the input image, or its own random choice of
/// inputs where there is no image. Only the seen inputs have weights: W [units x inputs a unit].
/// </summary>
/// <remarks>Source: random receptive fields, as in extreme learning machines (McDonnell et al. 2015). They give tpSGD units that differ in
/// more than the random target, which a dense layer on the same input cannot.</remarks>
sealed class ReceptiveFieldLayer : ActivatedLayer
{
    const int UnitBlock = 16;

    readonly ParameterSlice _weight;
    readonly ParameterSlice _bias;
    readonly Shape _window;
    readonly IntegerTensor _places;
    int[] _starts = [];
    readonly int _fan;

    /// <summary>Windows of an image: <c>name.window</c> holds (row, column) of each unit's top left corner, [units x 2].</summary>
    public static ReceptiveFieldLayer Windows(string name, Shape input, int units, int height, int width, Activation activation,
        ParameterSet parameters)
        => new(name, input, new Shape(height, width, input.Channels), height * width * input.Channels, units, activation, parameters);

    /// <summary>Random inputs: <c>name.inputs</c> holds the inputs of each unit in ascending order, [units x fan].</summary>
    public static ReceptiveFieldLayer Choices(string name, Shape input, int units, int fan, Activation activation, ParameterSet parameters)
        => new(name, input, default, fan, units, activation, parameters);

    ReceptiveFieldLayer(string name, Shape input, Shape window, int fan, int units, Activation activation, ParameterSet parameters)
        : base(name, input, Shape.Vector(units), activation)
    {
        _window = window;
        _fan = fan;
        _weight = parameters.Add(name + ".weight", [units, fan], decay: true);
        _bias = parameters.Add(name + ".bias", [units], decay: false);
        _places = IsWindow ? new IntegerTensor(name + ".window", [units, 2]) : new IntegerTensor(name + ".inputs", [units, fan]);
        Slices = [_weight, _bias];
        Integers = [_places];
    }

    bool IsWindow => _window.Height > 0;

    public override long MultiplyAdds => (long)_fan * OutputLength;

    public override string Describe()
        => IsWindow
            ? $"receptive {OutputLength} of {_window.Height}x{_window.Width} {Activation.Word()}"
            : $"receptive {OutputLength} of {_fan} {Activation.Word()}";

    internal override LayerNeeds Needs(int batch, PassKind pass = default) => base.Needs(batch, pass) with
    {
        Saved = (long)batch * InputLength,
        ForwardScratch = (pass.IsProbed || IsDecoded ? UnitBlock * ((long)_fan + 1) : 0) + (pass.Saves ? 0 : (long)batch * InputLength),
        ParameterScratch = Math.Max(UnitBlock * (long)_fan + batch, OutputLength),
        InputScratch = (long)batch * InputLength + batch,
    };

    // Whether reading weights makes floats of them.
    bool IsDecoded => _weight.Storage != WeightStorage.Float32;

    public override void Initialise(ParameterSet parameters, ulong seed)
    {
        Initialisation.Uniform(parameters, seed, _weight, _bias, _fan, Activation);
        ulong key = Noise.Key(seed, Noise.TensorHash(_places.Name));
        if (IsWindow) ChooseWindows(key);
        else ChooseInputs(key);
        UseIntegers();
    }

    void ChooseWindows(ulong key)
    {
        for (int u = 0; u < OutputLength; u++)
        {
            _places.Values[2 * u] = (int)(Noise.UniformAt(key, 2L * u) * (InputShape.Height - _window.Height + 1));
            _places.Values[2 * u + 1] = (int)(Noise.UniformAt(key, 2L * u + 1) * (InputShape.Width - _window.Width + 1));
        }
    }

    // The first `fan` places of a shuffle of all inputs (Fisher-Yates), sorted so that the reads run forward.
    void ChooseInputs(ulong key)
    {
        int[] all = new int[InputLength];
        for (int u = 0; u < OutputLength; u++)
        {
            for (int i = 0; i < all.Length; i++) all[i] = i;
            for (int k = 0; k < _fan; k++)
            {
                int other = k + (int)(Noise.UniformAt(key, (long)u * _fan + k) * (all.Length - k));
                (all[k], all[other]) = (all[other], all[k]);
            }

            Array.Sort(all, 0, _fan);
            all.AsSpan(0, _fan).CopyTo(_places.Values.AsSpan(u * _fan));
        }
    }

    /// <summary>Takes over the places after somebody has filled the integer tensor.</summary>
    /// <exception cref="EdgeLearnException">A window or an input lies outside the image.</exception>
    public override void UseIntegers()
    {
        _starts = IsWindow ? new int[OutputLength] : _places.Values;
        for (int u = 0; u < OutputLength; u++)
        {
            if (IsWindow)
            {
                int row = _places.Values[2 * u], column = _places.Values[2 * u + 1];
                if (row < 0 || column < 0 || row > InputShape.Height - _window.Height || column > InputShape.Width - _window.Width)
                {
                    throw new EdgeLearnException($"{_places.Name}: the window of unit {u} at ({row}, {column}) of "
                        + $"size {_window.Height}x{_window.Width} leaves the {InputShape} image");
                }

                _starts[u] = (row * InputShape.Width + column) * InputShape.Channels;
            }
            else
            {
                foreach (int i in _places.Values.AsSpan(u * _fan, _fan))
                {
                    if (i < 0 || i >= InputLength)
                        throw new EdgeLearnException($"{_places.Name}: unit {u} reads input {i}, expected 0..{InputLength - 1}");
                }
            }
        }
    }

    public override bool SavesInput => true;

    internal override void SaveInput(int first, int count, int batch, ReadOnlySpan<float> x, Span<float> saved)
        => Kernels.Transpose(count, InputLength, x, InputLength, saved[first..], batch);

    ReceptiveFields Fields => IsWindow
        ? new ReceptiveFields(_starts, _window.Height, _window.Width * _window.Channels, InputShape.Width * InputShape.Channels)
        : new ReceptiveFields(_starts, _fan, 1, 0);

    internal override void Forward(int batch, ParameterSet parameters, in ForwardMode mode, ReadOnlySpan<float> x, Span<float> y,
        Span<float> saved, Span<float> scratch)
    {
        var probe = mode.Probe;
        if (saved.IsEmpty)
        {
            int length = batch * InputLength;
            saved = scratch[^length..];
            scratch = scratch[..^length];
        }

        if (!x.IsEmpty) Kernels.Transpose(batch, InputLength, x, saved);
        bool copies = !probe.IsNone || IsDecoded;
        int block = copies ? UnitBlock : OutputLength;
        for (int u = 0; u < OutputLength; u += block)
        {
            int units = Math.Min(block, OutputLength - u);
            var w = parameters.Read(_weight, probe, u * _fan, units * _fan, scratch);
            var bias = parameters.Read(_bias, probe, u, units, !copies ? default : scratch[(UnitBlock * _fan)..]);
            Kernels.ReceptiveFieldForward(batch, u, Fields, w, bias, saved, y[u..], OutputLength);
        }

        Kernels.Activate(Activation, y);
    }

    public override bool GradientReadsInput => false;

    internal override void ParameterGradient(in ForwardTrace trace, ReadOnlySpan<float> dz, Span<float> scratch, GradientSink sink)
    {
        int batch = trace.Batch;
        var column = scratch.Slice(UnitBlock * _fan, batch);
        for (int u = 0; u < OutputLength; u += UnitBlock)
        {
            int units = Math.Min(UnitBlock, OutputLength - u);
            for (int i = 0; i < units; i++)
            {
                Column(batch, u + i, dz, column);
                Kernels.ReceptiveFieldGradient(u + i, Fields, column, trace.Saved, scratch.Slice(i * _fan, _fan));
            }

            sink.Accept(_weight, u * _fan, scratch[..(units * _fan)]);
        }

        Kernels.ColumnSums(batch, dz, scratch[..OutputLength]);
        sink.Accept(_bias, 0, scratch[..OutputLength]);
    }

    internal override void InputGradient(in ForwardTrace trace, ReadOnlySpan<float> dz, Span<float> dx, Span<float> scratch)
    {
        int batch = trace.Batch;
        var dxt = scratch[..(batch * InputLength)];
        var column = scratch.Slice(batch * InputLength, batch);
        dxt.Clear();
        for (int u = 0; u < OutputLength; u++)
        {
            Column(batch, u, dz, column);
            Kernels.ReceptiveFieldInputGradient(u, Fields, trace.Parameters[_weight].Slice(u * _fan, _fan), column, dxt);
        }

        Kernels.Transpose(InputLength, batch, dxt, dx);
    }

    void Column(int batch, int unit, ReadOnlySpan<float> dz, Span<float> column)
    {
        for (int b = 0; b < batch; b++) column[b] = dz[b * OutputLength + unit];
    }
}
