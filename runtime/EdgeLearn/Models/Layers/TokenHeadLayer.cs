using System.Numerics.Tensors;

namespace EdgeLearn;

/// <summary>
/// y[t] = x[t] W^T, W [words x features]: one logit a word for each step, without a bias but in a local head. As a vocabulary is large, the
/// logits of a batch may be the largest thing in a step by far; so beside the four verbs, which make them all, the layer holds its outputs
/// against the labels itself (softmax cross-entropy) and makes only a few at a time: <see cref="Loss"/> some words for many steps, so that
/// each weight is read, and perturbed, once; <see cref="LossGradient"/> all words for a few steps, or some words for all steps, twice.
/// </summary>
sealed partial class TokenHeadLayer : Layer
{
    /// <summary>
    /// Steps that lie side by side in the registers of products: whole tiles of 32, and few enough for their logits. Parts of a batch have
    /// whole blocks.
    /// </summary>
    public const int Block = 64;

    // Steps that go past all words together, and words that are read at a time.
    const int GroupSteps = 512, PanelWords = 96;

    readonly TokenHeadSpec _spec;

    internal TokenHeadLayer(string name, Shape input, TokenHeadSpec spec, ParameterSet parameters)
        : base(name, input, spec.OutputShape(input, name))
    {
        _spec = spec;
        Weight = spec.IsTied
            ? parameters.Find("layers.0.weight")!
            : parameters.Add(name + ".weight", [spec.Words, input.Width], decay: true);
        Bias = spec.HasBias ? parameters.Add(name + ".bias", [spec.Words], decay: false) : null;
        Slices = spec.IsTied ? [] : Bias is null ? [Weight] : [Weight, Bias];
    }

    /// <summary>Its weights; those of the embedding when it is tied.</summary>
    public ParameterSlice Weight { get; }

    /// <summary>[words], of a local head; else null.</summary>
    public ParameterSlice? Bias { get; }

    /// <summary>Whether the weights belong to the embedding that the network begins with, which takes their whole gradient on.</summary>
    public bool IsTied => _spec.IsTied;

    public override string Describe() => _spec.ToString();

    public override long MultiplyAdds => (long)InputLength * _spec.Words;

    public override bool GradientReadsOutput => false;

    int Steps => InputShape.Height;

    int Width => InputShape.Width;

    public override void Initialise(ParameterSet parameters, ulong seed)
    {
        if (!IsTied) Initialisation.Uniform(parameters, seed, Weight, Bias, Width, Activation.Identity);
    }

    long PanelLength => Math.Min(PanelWords, _spec.Words) * (long)Width;

    MatrixShape PanelShape => new(Math.Min(PanelWords, _spec.Words), Width);

    internal override LayerNeeds Needs(int batch, PassKind pass = default) => base.Needs(batch, pass) with
    {
        ForwardScratch = PanelLength + Kernels.ProductScratchLength(new MatrixShape(batch * Steps, Width), PanelShape.Transpose()),
        ParameterScratch = Math.Max(GradientSink.ProductScratchLength(_spec.Words, Width), Bias is null ? 0 : _spec.Words),
        InputScratch = Kernels.ProductScratchLength(new MatrixShape(batch * Steps, _spec.Words), new MatrixShape(_spec.Words, Width)),
    };

    internal override void Forward(int batch, ParameterSet parameters, in ForwardMode mode, ReadOnlySpan<float> x, Span<float> y,
        Span<float> saved, Span<float> scratch)
    {
        var input = new MatrixView(x, batch * Steps, Width);
        for (int first = 0; first < _spec.Words; first += PanelWords)
        {
            var w = ReadPanel(parameters, mode.Probe, first, scratch, out int words);
            Kernels.Product(input, new MatrixView(w, words, Width).Transpose(), y[first..], _spec.Words, scratch[(int)PanelLength..]);
        }

        for (int row = 0; row < input.Rows && Bias is not null; row++)
        {
            var logits = y.Slice(row * _spec.Words, _spec.Words);
            TensorPrimitives.Add(logits, parameters[Bias], logits);
        }
    }

    // [words x columns] of one panel, the bias of each word added to its row.
    void Logits(ParameterSet parameters, int first, int words, int count, ReadOnlySpan<float> w, ReadOnlySpan<float> packed, Span<float> z)
    {
        Kernels.ProductPacked(words, count, Width, w, packed, z);
        if (Bias is null) return;
        int columns = z.Length / words;
        for (int i = 0; i < words; i++)
        {
            var row = z.Slice(i * columns, columns);
            TensorPrimitives.Add(row, parameters[Bias][first + i], row);
        }
    }

    ReadOnlySpan<float> ReadPanel(ParameterSet parameters, in Probe probe, int first, Span<float> scratch, out int words)
    {
        words = Math.Min(PanelWords, _spec.Words - first);
        return parameters.Read(Weight, probe, first * Width, words * Width, scratch);
    }

    public override bool SharesPairRead => false;

    internal override void ParameterGradient(in ForwardTrace trace, ReadOnlySpan<float> dz, Span<float> scratch, GradientSink sink)
    {
        int rows = trace.Batch * Steps;
        sink.AcceptProduct(Weight, 0, new MatrixView(dz, rows, _spec.Words).Transpose(), new MatrixView(trace.Input, rows, Width), scratch);
        if (Bias is null) return;
        Kernels.ColumnSums(rows, dz, scratch[.._spec.Words]);
        sink.Accept(Bias, 0, scratch[.._spec.Words]);
    }

    internal override void InputGradient(in ForwardTrace trace, ReadOnlySpan<float> dz, Span<float> dx, Span<float> scratch)
        => Kernels.Product(new MatrixView(dz, trace.Batch * Steps, _spec.Words),
            new MatrixView(trace.Parameters[Weight], _spec.Words, Width), dx, Width, scratch);

    static int Padded(int steps) => (steps + 7) / 8 * 8;

    /// <summary>Floats of scratch for <see cref="Loss"/>.</summary>
    public long LossScratchLength(int batch)
    {
        int steps = Padded(Math.Min(GroupSteps, batch * Steps));
        return (long)steps * (Width + 4) + PanelLength + PanelWords * Block;
    }

    /// <summary>Sum over the samples of the mean cross-entropy of their steps, in double.</summary>
    /// <param name="batch">samples with a label for each step</param>
    /// <param name="parameters">the network's weights</param>
    /// <param name="probe">how they are read</param>
    /// <param name="x">[batch x input length]</param>
    /// <param name="correct">steps whose label has the largest logit, the first of equals</param>
    /// <param name="scratch">[<see cref="LossScratchLength"/>]</param>
    public double Loss(in Batch batch, ParameterSet parameters, in Probe probe, ReadOnlySpan<float> x, out int correct, Span<float> scratch)
    {
        double loss = 0;
        correct = 0;
        for (int first = 0; first < batch.Labels.Length; first += GroupSteps)
        {
            int steps = Math.Min(GroupSteps, batch.Labels.Length - first);
            var own = scratch;
            Span<float> maxima = Take(ref own, Padded(steps)), sums = Take(ref own, Padded(steps));
            loss += GroupLoss(batch.Labels.Slice(first, steps), parameters, probe, x.Slice(first * Width, steps * Width), maxima, sums,
                ref correct, own);
        }

        return loss / batch.LabelLength;
    }

    // Leaves maximum and sum of exponentials of each step.
    double GroupLoss(ReadOnlySpan<int> labels, ParameterSet parameters, in Probe probe, ReadOnlySpan<float> x, Span<float> maxima,
        Span<float> sums, ref int correct, Span<float> scratch)
    {
        int padded = Padded(labels.Length);
        Span<float> packed = Take(ref scratch, padded * Width), chosen = Take(ref scratch, padded), best = Take(ref scratch, padded),
            tile = Take(ref scratch, PanelWords * Block);
        for (int b = 0; b < labels.Length; b += Block)
        {
            int count = Math.Min(Block, labels.Length - b);
            Kernels.PackBatch(count, Width, x.Slice(b * Width, count * Width), packed.Slice(b * Width, Padded(count) * Width));
        }

        maxima.Fill(float.NegativeInfinity);
        sums.Clear();
        for (int first = 0; first < _spec.Words; first += PanelWords)
        {
            var w = ReadPanel(parameters, probe, first, scratch, out int words);
            for (int b = 0; b < labels.Length; b += Block)
            {
                int count = Math.Min(Block, labels.Length - b), columns = Padded(count);
                var logits = tile[..(words * columns)];
                Logits(parameters, first, words, count, w, packed.Slice(b * Width, columns * Width), logits);
                Choose(labels.Slice(b, count), first, words, logits, columns, maxima[b..], chosen[b..], best[b..]);
                Kernels.AddExpColumns(words, columns, logits, maxima.Slice(b, columns), sums.Slice(b, columns), stores: false);
            }
        }

        double loss = 0;
        for (int i = 0; i < labels.Length; i++)
        {
            loss += Math.Log(sums[i]) - ((double)chosen[i] - maxima[i]);
            if (best[i] >= maxima[i]) correct++;
        }

        return loss;
    }

    // Keeps the logits of labels that are among these words, and again where no earlier word has as large a one.
    static void Choose(ReadOnlySpan<int> labels, int first, int words, ReadOnlySpan<float> logits, int columns, ReadOnlySpan<float> maxima,
        Span<float> chosen, Span<float> best)
    {
        for (int i = 0; i < labels.Length; i++)
        {
            int word = labels[i] - first;
            if ((uint)word >= (uint)words) continue;
            float logit = logits[word * columns + i], before = maxima[i];
            for (int earlier = 0; earlier < word; earlier++) before = Math.Max(before, logits[earlier * columns + i]);
            chosen[i] = logit;
            best[i] = logit > before ? logit : float.NegativeInfinity;
        }
    }
}
