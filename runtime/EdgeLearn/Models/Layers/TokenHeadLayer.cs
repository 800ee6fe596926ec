namespace EdgeLearn;

/// <summary>
/// y[t] = x[t] W^T, W [words x features]: one logit a word for each step, without a bias. As a vocabulary is large, the logits of a batch
/// may be the largest thing in a step by far; so beside the four verbs, which make them all, the layer holds its outputs against the labels
/// itself (softmax cross-entropy) and makes only a few at a time: <see cref="Loss"/> some words for many steps, so that each weight is
/// read, and perturbed, once; <see cref="LossGradient"/> all words for a few steps.
/// </summary>
sealed class TokenHeadLayer : Layer
{
    // Steps that lie side by side in the registers of products: whole tiles of 32, and few enough for their logits.
    const int Block = 64;

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
        Slices = spec.IsTied ? [] : [Weight];
    }

    /// <summary>Its weights; those of the embedding when it is tied.</summary>
    public ParameterSlice Weight { get; }

    /// <summary>Whether the weights belong to the embedding that the network begins with, which takes their whole gradient on.</summary>
    public bool IsTied => _spec.IsTied;

    public override string Describe() => _spec.ToString();

    public override long MultiplyAdds => (long)InputLength * _spec.Words;

    public override bool GradientReadsOutput => false;

    int Steps => InputShape.Height;

    int Width => InputShape.Width;

    public override void Initialise(ParameterSet parameters, ulong seed)
    {
        if (!IsTied) Initialisation.Uniform(parameters, seed, Weight, null, Width, Activation.Identity);
    }

    long PanelLength => Math.Min(PanelWords, _spec.Words) * (long)Width;

    MatrixShape PanelShape => new(Math.Min(PanelWords, _spec.Words), Width);

    internal override LayerNeeds Needs(int batch, PassKind pass = default) => base.Needs(batch, pass) with
    {
        ForwardScratch = PanelLength + Kernels.ProductScratchLength(new MatrixShape(batch * Steps, Width), PanelShape.Transpose()),
        ParameterScratch = GradientSink.ProductScratchLength(_spec.Words, Width),
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
            loss += GroupLoss(batch.Labels.Slice(first, steps), parameters, probe, x.Slice(first * Width, steps * Width), ref correct,
                scratch);
        }

        return loss / batch.LabelLength;
    }

    double GroupLoss(ReadOnlySpan<int> labels, ParameterSet parameters, in Probe probe, ReadOnlySpan<float> x, ref int correct,
        Span<float> scratch)
    {
        int padded = Padded(labels.Length);
        Span<float> packed = Take(ref scratch, padded * Width), maxima = Take(ref scratch, padded), sums = Take(ref scratch, padded),
            chosen = Take(ref scratch, padded), best = Take(ref scratch, padded), tile = Take(ref scratch, PanelWords * Block);
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
                Kernels.ProductPacked(words, count, Width, w, packed.Slice(b * Width, columns * Width), logits);
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

    int Panels => (_spec.Words + PanelWords - 1) / PanelWords;

    /// <summary>Floats of scratch for <see cref="LossGradient"/>.</summary>
    public long LossGradientScratchLength(int batch)
    {
        int steps = Math.Min(Block, batch * Steps), columns = Padded(steps), words = Math.Min(PanelWords, _spec.Words);
        return (long)columns * (_spec.Words + Width + 2 + Panels) + Math.Max(
            Kernels.ProductScratchLength(new MatrixShape(steps, words, 1, columns), PanelShape),
            Kernels.ProductScratchLength(new MatrixShape(words, steps, columns, 1), new MatrixShape(steps, Width)));
    }

    /// <summary>
    /// Sum over the samples of the mean cross-entropy of their steps, in double, and the gradients of the mean over the samples.
    /// </summary>
    /// <param name="batch">samples with a label for each step</param>
    /// <param name="parameters">the network's weights</param>
    /// <param name="x">[batch x input length]</param>
    /// <param name="dWeight">[words x features], written; empty when nobody wants it</param>
    /// <param name="dx">[batch x input length], written; empty when nobody wants it</param>
    /// <param name="scratch">[<see cref="LossGradientScratchLength"/>]</param>
    public double LossGradient(in Batch batch, ParameterSet parameters, ReadOnlySpan<float> x, Span<float> dWeight, Span<float> dx,
        Span<float> scratch)
    {
        var weight = parameters[Weight];
        int most = Padded(Math.Min(Block, batch.Labels.Length));
        Span<float> logits = Take(ref scratch, most * _spec.Words), packed = Take(ref scratch, most * Width),
            maxima = Take(ref scratch, most), sums = Take(ref scratch, most), before = Take(ref scratch, most * Panels);
        double loss = 0;
        for (int b = 0; b < batch.Labels.Length; b += Block)
        {
            int count = Math.Min(Block, batch.Labels.Length - b), columns = Padded(count);
            var labels = batch.Labels.Slice(b, count);
            var input = x.Slice(b * Width, count * Width);
            Kernels.PackBatch(count, Width, input, packed[..(columns * Width)]);
            loss += Powers(labels, weight, packed[..(columns * Width)], logits, maxima[..columns], sums[..columns], before);
            for (int panel = 0; panel < Panels; panel++)
            {
                int first = panel * PanelWords, words = Math.Min(PanelWords, _spec.Words - first);
                var z = logits.Slice(first * columns, words * columns);
                Kernels.ShareColumns(words, columns, z, before.Slice(panel * columns, columns), maxima[..columns], sums[..columns],
                    1f / batch.Labels.Length);
                for (int i = 0; i < count; i++)
                {
                    if ((uint)(labels[i] - first) < (uint)words) z[(labels[i] - first) * columns + i] -= 1f / batch.Labels.Length;
                }

                // The panel and its weights are in the first caches for both products, its gradient is not.
                if (!dx.IsEmpty)
                {
                    Kernels.Product(new MatrixView(z, count, words, 1, columns),
                        new MatrixView(weight.Slice(first * Width, words * Width), words, Width), dx.Slice(b * Width, count * Width), Width,
                        scratch, accumulate: panel > 0);
                }
                if (!dWeight.IsEmpty)
                {
                    Kernels.Product(new MatrixView(z, words, count, columns, 1), new MatrixView(input, count, Width),
                        dWeight.Slice(first * Width, words * Width), Width, scratch, accumulate: b > 0, isFar: true);
                }
            }
        }

        return loss / batch.LabelLength;
    }

    // exp(logit - maximum so far) of a few steps, panel by panel, the maximum that each panel knew, and at the end those of all words.
    double Powers(ReadOnlySpan<int> labels, ReadOnlySpan<float> weight, ReadOnlySpan<float> packed, Span<float> powers, Span<float> maxima,
        Span<float> sums, Span<float> before)
    {
        double loss = 0;
        int columns = maxima.Length;
        maxima.Fill(float.NegativeInfinity);
        sums.Clear();
        for (int panel = 0; panel < Panels; panel++)
        {
            int first = panel * PanelWords, words = Math.Min(PanelWords, _spec.Words - first);
            var z = powers.Slice(first * columns, words * columns);
            Kernels.ProductPacked(words, labels.Length, Width, weight.Slice(first * Width, words * Width), packed, z);
            for (int i = 0; i < labels.Length; i++)
            {
                if ((uint)(labels[i] - first) < (uint)words) loss -= z[(labels[i] - first) * columns + i];
            }

            Kernels.AddExpColumns(words, columns, z, maxima, sums, stores: true);
            maxima.CopyTo(before[(panel * columns)..]);
        }

        for (int i = 0; i < labels.Length; i++) loss += Math.Log(sums[i]) + maxima[i];
        return loss;
    }
}
