namespace EdgeLearn;

/// <summary>The gradients of the loss that the layer makes itself.</summary>
sealed partial class TokenHeadLayer
{
    int Panels => (_spec.Words + PanelWords - 1) / PanelWords;

    /// <summary>Floats of scratch for <see cref="LossGradient"/>.</summary>
    public long LossGradientScratchLength(int batch)
    {
        int steps = Math.Min(Block, batch * Steps), columns = Padded(steps);
        return (long)columns * (_spec.Words + Width + 2 + Panels) + ProductsLength(steps);
    }

    // Of the two products of a panel and some steps.
    long ProductsLength(int steps)
    {
        int columns = Padded(steps), words = Math.Min(PanelWords, _spec.Words);
        return Math.Max(Kernels.ProductScratchLength(new MatrixShape(steps, words, 1, columns), PanelShape),
            Kernels.ProductScratchLength(new MatrixShape(words, steps, columns, 1), new MatrixShape(steps, Width)));
    }

    /// <summary>
    /// Sum over the samples of the mean cross-entropy of their steps, in double, and the gradients of the mean over the samples. Of weights
    /// that are stored as float32.
    /// </summary>
    /// <param name="batch">samples with a label for each step; of a part of a step's batch, the gradients are added to those of the parts
    /// before, the first of which begins them</param>
    /// <param name="parameters">the network's weights</param>
    /// <param name="x">[batch x input length]</param>
    /// <param name="dWeight">[words x features], written; empty when nobody wants it</param>
    /// <param name="dBias">[words], written; empty when nobody wants it</param>
    /// <param name="dx">[batch x input length], written; empty when nobody wants it</param>
    /// <param name="scratch">[<see cref="LossGradientScratchLength"/>]</param>
    public double LossGradient(in Batch batch, ParameterSet parameters, ReadOnlySpan<float> x, Span<float> dWeight, Span<float> dBias,
        Span<float> dx, Span<float> scratch)
    {
        var weight = parameters[Weight];
        int most = Padded(Math.Min(Block, batch.Labels.Length));
        Span<float> logits = Take(ref scratch, most * _spec.Words), packed = Take(ref scratch, most * Width),
            maxima = Take(ref scratch, most), sums = Take(ref scratch, most), before = Take(ref scratch, most * Panels);
        double loss = 0;
        for (int b = 0; b < batch.Labels.Length; b += Block)
        {
            int count = Math.Min(Block, batch.Labels.Length - b), columns = Padded(count);
            var input = x.Slice(b * Width, count * Width);
            Kernels.PackBatch(count, Width, input, packed[..(columns * Width)]);
            loss += Powers(batch.Labels.Slice(b, count), parameters, packed[..(columns * Width)], logits, maxima[..columns],
                sums[..columns], before);
            for (int panel = 0; panel < Panels; panel++)
            {
                int first = panel * PanelWords, words = Math.Min(PanelWords, _spec.Words - first);
                var z = logits.Slice(first * columns, words * columns);
                Kernels.ShareColumns(words, columns, z, before.Slice(panel * columns, columns), maxima[..columns], sums[..columns],
                    FactorOf(batch));
                // The panel and its weights are in the first caches for both products, its gradient is not.
                PanelGradients(batch, b, count, first, z, weight.Slice(first * Width, words * Width), input,
                    dWeight.IsEmpty ? default : dWeight.Slice(first * Width, words * Width),
                    dBias.IsEmpty ? default : dBias.Slice(first, words), dx, scratch);
            }
        }

        return loss / batch.LabelLength;
    }

    // Of one label in the mean over the step's batch.
    static float FactorOf(in Batch batch) => 1f / (batch.StepCount * batch.LabelLength);

    // exp(logit - maximum so far) of a few steps, panel by panel, the maximum that each panel knew, and at the end those of all words.
    double Powers(ReadOnlySpan<int> labels, ParameterSet parameters, ReadOnlySpan<float> packed, Span<float> powers, Span<float> maxima,
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
            Logits(parameters, first, words, labels.Length, parameters[Weight].Slice(first * Width, words * Width), packed, z);
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

    // From the shares z [words x columns] of a panel and some steps to its part of the gradients.
    void PanelGradients(in Batch batch, int firstStep, int count, int first, Span<float> z, ReadOnlySpan<float> w,
        ReadOnlySpan<float> input, Span<float> dWeight, Span<float> dBias, Span<float> dx, Span<float> scratch)
    {
        int words = w.Length / Width, columns = z.Length / words;
        for (int i = 0; i < count; i++)
        {
            int word = batch.Labels[firstStep + i] - first;
            if ((uint)word < (uint)words) z[word * columns + i] -= FactorOf(batch);
        }

        bool continues = firstStep > 0 || batch.FirstRow > 0;
        if (!dx.IsEmpty)
        {
            Kernels.Product(new MatrixView(z, count, words, 1, columns), new MatrixView(w, words, Width),
                dx.Slice(firstStep * Width, count * Width), Width, scratch, accumulate: first > 0);
        }
        if (!dWeight.IsEmpty)
        {
            Kernels.Product(new MatrixView(z, words, count, columns, 1), new MatrixView(input, count, Width), dWeight, Width, scratch,
                accumulate: continues, isFar: true);
        }
        for (int i = 0; i < dBias.Length; i++)
            dBias[i] = (continues ? dBias[i] : 0) + Sum(z.Slice(i * columns, count));
    }

    // Four chains, so that an addition need not wait for the one before.
    static float Sum(ReadOnlySpan<float> values)
    {
        float a = 0, b = 0, c = 0, d = 0;
        int i = 0;
        for (; i + 4 <= values.Length; i += 4)
        {
            a += values[i];
            b += values[i + 1];
            c += values[i + 2];
            d += values[i + 3];
        }

        for (; i < values.Length; i++) a += values[i];
        return a + b + (c + d);
    }

    /// <summary>Floats of scratch for <see cref="LossGradientByWords"/>.</summary>
    /// <param name="batch">rows</param>
    /// <param name="handsOn">whether gradients go to a sink panel by panel</param>
    public long ByWordsScratchLength(int batch, bool handsOn)
    {
        int steps = batch * Steps;
        long gradients = handsOn ? PanelLength + PanelWords : 0;
        long again = Padded(Math.Min(Block, steps)) * (long)Width + PanelWords * Block + PanelLength + gradients
            + ProductsLength(Math.Min(Block, steps));
        return 4L * Padded(steps) + Math.Max(LossScratchLength(batch), again);
    }

    /// <summary>
    /// The same as <see cref="LossGradient"/>, to the same gradients, with the words outside and the steps inside: the scores are made
    /// twice, the first time for the sums of their exponentials, and no more than a panel of them is ever there. Weights are read a panel
    /// at a time, however they are stored.
    /// </summary>
    /// <param name="batch">samples with a label for each step</param>
    /// <param name="parameters">the network's weights</param>
    /// <param name="x">[batch x input length]</param>
    /// <param name="dWeight">[words x features], written; empty when nobody wants it as a whole</param>
    /// <param name="dBias">[words], written; empty when nobody wants it as a whole</param>
    /// <param name="dx">[batch x input length], written with the weights from before their update; empty when nobody wants it</param>
    /// <param name="sink">takes the gradients of a whole batch, a panel at a time; null = they are wanted as a whole, or not at all</param>
    /// <param name="scratch">[<see cref="ByWordsScratchLength"/>]</param>
    public double LossGradientByWords(in Batch batch, ParameterSet parameters, ReadOnlySpan<float> x, Span<float> dWeight,
        Span<float> dBias, Span<float> dx, GradientSink? sink, Span<float> scratch)
    {
        int padded = Padded(batch.Labels.Length);
        Span<float> maxima = Take(ref scratch, padded), sums = Take(ref scratch, padded), running = Take(ref scratch, padded),
            unused = Take(ref scratch, padded);
        double loss = Normalisers(batch, parameters, x, maxima, sums, scratch);
        if (sink is not null && !double.IsFinite(loss)) return loss;
        var packed = Take(ref scratch, Padded(Math.Min(Block, batch.Labels.Length)) * Width);
        Span<float> tile = Take(ref scratch, PanelWords * Block), weights = Take(ref scratch, PanelLength),
            weightPanel = Take(ref scratch, sink is not null && Weight.Trainable ? PanelLength : 0),
            biasPanel = Take(ref scratch, sink is not null && Bias is { Trainable: true } ? PanelWords : 0);
        running.Fill(float.NegativeInfinity);
        unused.Clear();
        for (int first = 0; first < _spec.Words; first += PanelWords)
        {
            var w = ReadPanel(parameters, Probe.None, first, weights, out int words);
            var dw = dWeight.IsEmpty ? weightPanel[..Math.Min(weightPanel.Length, words * Width)]
                : dWeight.Slice(first * Width, words * Width);
            var db = dBias.IsEmpty ? biasPanel[..Math.Min(biasPanel.Length, words)] : dBias.Slice(first, words);
            for (int b = 0; b < batch.Labels.Length; b += Block)
            {
                int count = Math.Min(Block, batch.Labels.Length - b), columns = Padded(count);
                var input = x.Slice(b * Width, count * Width);
                var z = tile[..(words * columns)];
                Kernels.PackBatch(count, Width, input, packed[..(columns * Width)]);
                Logits(parameters, first, words, count, w, packed[..(columns * Width)], z);
                Kernels.AddExpColumns(words, columns, z, running.Slice(b, columns), unused.Slice(b, columns), stores: true);
                Kernels.ShareColumns(words, columns, z, running.Slice(b, columns), maxima.Slice(b, columns), sums.Slice(b, columns),
                    FactorOf(batch));
                PanelGradients(batch, b, count, first, z, w, input, dw, db, dx, scratch);
            }

            if (!weightPanel.IsEmpty) sink!.Accept(Weight, first * Width, dw);
            if (!biasPanel.IsEmpty) sink!.Accept(Bias!, first, db);
        }

        return loss;
    }

    // The loss; and of each step the largest logit, and the sum of exp(logit - largest).
    double Normalisers(in Batch batch, ParameterSet parameters, ReadOnlySpan<float> x, Span<float> maxima, Span<float> sums,
        Span<float> scratch)
    {
        double loss = 0;
        int correct = 0;
        for (int first = 0; first < batch.Labels.Length; first += GroupSteps)
        {
            int steps = Math.Min(GroupSteps, batch.Labels.Length - first);
            loss += GroupLoss(batch.Labels.Slice(first, steps), parameters, Probe.None, x.Slice(first * Width, steps * Width),
                maxima.Slice(first, Padded(steps)), sums.Slice(first, Padded(steps)), ref correct, scratch);
        }

        return loss / batch.LabelLength;
    }
}
