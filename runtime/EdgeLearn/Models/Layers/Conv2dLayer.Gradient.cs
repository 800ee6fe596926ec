namespace EdgeLearn;

/// <summary>The gradients by weights and inputs.</summary>
sealed partial class Conv2dLayer
{
    // A block at a time, so that the gradient of all weights is never there; with parts of a batch it has to be.
    internal override void ParameterGradient(in ForwardTrace trace, ReadOnlySpan<float> dz, Span<float> scratch, GradientSink sink)
    {
        var biases = scratch[..OutputShape.Channels];
        scratch = scratch[biases.Length..];
        for (int first = 0, count; first < OutputShape.Channels && _weight.Trainable; first += count)
        {
            count = BlockFrom(first);
            var sums = scratch[..(Fan * SumsMaps(count))];
            sums.Clear();
            AddBlock(trace, dz, first, count, sums, scratch[sums.Length..]);
            HandOverBlock(first, count, sums, scratch[sums.Length..], sink);
        }

        if (_bias is null) return;
        biases.Clear();
        AddBiases(trace.Batch, dz, biases);
        sink.Accept(_bias, 0, biases);
    }

    public override bool TakesParts(int rows) => true;

    // Sums of the weights, block by block of a group's maps [fan x maps], so that neighbouring maps fill the registers; then those of the
    // biases.
    int SumsLength => _weight.Trainable
        ? _groups * Fan * (GroupOutputs / BlockMaps * SumsMaps(BlockMaps) + SumsMaps(GroupOutputs % BlockMaps)) : 0;

    int BlockMaps => Math.Min(GroupOutputs, MostBlockMaps);

    // From one map to the end of its block.
    int BlockFrom(int map) => Math.Min(BlockMaps, GroupOutputs - map % GroupOutputs);

    // Maps of a block as the gradient of the weights reads them, position by position.
    int SumsMaps(int maps) => maps == 0 ? 0 : IsDense ? DirectConvolution.PaddedMaps(maps) : maps;

    void AddBiases(int batch, ReadOnlySpan<float> dz, Span<float> biases)
    {
        for (int b = 0; b < batch; b++) Kernels.AddRowSums(dz.Slice(b * OutputLength, OutputLength), biases);
    }

    internal override void AddGradient(in ForwardTrace trace, ReadOnlySpan<float> dz, Span<float> scratch)
    {
        if (_bias is not null) AddBiases(trace.Batch, dz, trace.Sums.Slice(SumsLength, OutputShape.Channels));
        var rest = trace.Sums;
        for (int first = 0, count; first < OutputShape.Channels && _weight.Trainable; first += count)
        {
            count = BlockFrom(first);
            AddBlock(trace, dz, first, count, Take(ref rest, Fan * SumsMaps(count)), scratch);
        }
    }

    void AddBlock(in ForwardTrace trace, ReadOnlySpan<float> dz, int first, int count, Span<float> sums, Span<float> scratch)
    {
        for (int b = 0; b < trace.Batch; b++)
        {
            var image = trace.Input.Slice(b * InputLength, InputLength);
            var maps = dz.Slice(b * OutputLength + first * Positions, count * Positions);
            if (IsDense) AddDirectly(image, first / GroupOutputs, count, maps, sums, scratch);
            else AddProduct(image, first / GroupOutputs, count, maps, sums, scratch);
        }
    }

    void AddDirectly(ReadOnlySpan<float> image, int group, int count, ReadOnlySpan<float> maps, Span<float> sums, Span<float> scratch)
    {
        int padded = SumsMaps(count);
        var transposed = scratch[..(Positions * padded)];
        if (padded > count) transposed.Clear();
        Kernels.Transpose(count, Positions, maps, Positions, transposed, padded);
        var planes = Planes(image, scratch[transposed.Length..]);
        Direct.AddWeightGradient(planes[(group * GroupInputs * _geometry.PaddedLength)..], padded, transposed, sums);
    }

    // Windows are laid out as in the forward pass.
    void AddProduct(ReadOnlySpan<float> image, int group, int count, ReadOnlySpan<float> maps, Span<float> sums, Span<float> scratch)
    {
        var columns = new MatrixView(Columns(image, group, scratch[..PatchLength]), Fan, Positions);
        Kernels.Product(columns, new MatrixView(maps, count, Positions).Transpose(), sums, count, scratch[PatchLength..],
            accumulate: true);
    }

    // Maps of a group whose weights are put in order at a time.
    int PanelOutputs => Math.Clamp(PanelLength / Fan, 1, BlockMaps);

    internal override void HandOver(ReadOnlySpan<float> sums, Span<float> scratch, GradientSink sink)
    {
        var rest = sums;
        for (int first = 0, count; first < OutputShape.Channels && _weight.Trainable; first += count)
        {
            count = BlockFrom(first);
            int length = Fan * SumsMaps(count);
            HandOverBlock(first, count, rest[..length], scratch, sink);
            rest = rest[length..];
        }

        if (_bias is not null) sink.Accept(_bias, 0, sums.Slice(SumsLength, OutputShape.Channels));
    }

    void HandOverBlock(int first, int count, ReadOnlySpan<float> sums, Span<float> scratch, GradientSink sink)
    {
        for (int map = 0; map < count; map += PanelOutputs)
        {
            int maps = Math.Min(PanelOutputs, count - map);
            var panel = scratch[..(maps * Fan)];
            Kernels.Transpose(Fan, maps, sums[map..], SumsMaps(count), panel, Fan);
            sink.Accept(_weight, (first + map) * Fan, panel);
        }
    }

    internal override void InputGradient(in ForwardTrace trace, ReadOnlySpan<float> dz, Span<float> dx, Span<float> scratch)
    {
        var weights = trace.Parameters[_weight];
        if (ReturnsDirectly)
        {
            DirectInputGradient(trace.Batch, weights, dz, dx, scratch);
            return;
        }

        if (!_geometry.IsIdentity) dx.Clear();
        for (int b = 0; b < trace.Batch; b++)
        {
            var maps = dz.Slice(b * OutputLength, OutputLength);
            var image = dx.Slice(b * InputLength, InputLength);
            for (int g = 0; g < _groups; g++)
            {
                var columns = _geometry.IsIdentity ? image.Slice(g * Fan * Positions, Fan * Positions) : scratch[..PatchLength];
                var w = new MatrixView(weights.Slice(g * GroupOutputs * Fan, GroupOutputs * Fan), GroupOutputs, Fan);
                Kernels.Product(w.Transpose(),
                    new MatrixView(maps.Slice(g * GroupOutputs * Positions, GroupOutputs * Positions), GroupOutputs, Positions), columns,
                    Positions, scratch[PatchLength..]);
                if (!_geometry.IsIdentity) Kernels.AddPatchColumns(_geometry, g * GroupInputs, GroupInputs, columns, image);
            }
        }
    }

    // Two samples at a time share the weights.
    void DirectInputGradient(int batch, ReadOnlySpan<float> weights, ReadOnlySpan<float> dz, Span<float> dx, Span<float> scratch)
    {
        int length = PaddedLength > 0 ? PaddedLength : InputLength;
        for (int b = 0; b < batch; b += 2)
        {
            int samples = Math.Min(2, batch - b);
            var images = dx.Slice(b * InputLength, samples * InputLength);
            var planes = PaddedLength > 0 ? scratch[..(samples * length)] : images;
            planes.Clear();
            for (int g = 0; g < _groups; g++)
            {
                int first = g * GroupOutputs;
                var maps = dz.Slice(b * OutputLength + first * Positions, (samples - 1) * OutputLength + GroupOutputs * Positions);
                Direct.AddInputGradient(weights.Slice(first * Fan, GroupOutputs * Fan), maps, (samples - 1) * OutputLength,
                    planes[(g * GroupInputs * _geometry.PaddedLength)..], (samples - 1) * length);
            }

            for (int i = 0; i < samples && PaddedLength > 0; i++)
                Kernels.TakePlanes(_geometry, planes.Slice(i * length, length), images.Slice(i * InputLength, InputLength));
        }
    }
}
