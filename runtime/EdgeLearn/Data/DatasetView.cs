namespace EdgeLearn;

/// <summary>Some samples of another set, in a given order: a split, a subset, a device's share. The other set stays its owner's.</summary>
public sealed class DatasetView : Dataset
{
    readonly Dataset _whole;
    readonly int[] _indices;

    /// <summary>Selects samples.</summary>
    /// <param name="whole">must outlive this view</param>
    /// <param name="indices">samples of <paramref name="whole"/>; not copied</param>
    /// <exception cref="ArgumentException">No index, or one that <paramref name="whole"/> does not have.</exception>
    public DatasetView(Dataset whole, int[] indices)
    {
        if (indices.Length == 0) throw new ArgumentException("a view needs at least one sample", nameof(indices));
        foreach (int index in indices)
        {
            if ((uint)index >= (uint)whole.Count)
                throw new ArgumentException($"no sample {index} in a set of {whole.Count}", nameof(indices));
        }

        _whole = whole;
        _indices = indices;
    }

    /// <summary>The other set.</summary>
    internal Dataset Whole => _whole;

    /// <summary>The samples of the other set.</summary>
    internal IReadOnlyList<int> Indices => _indices;

    /// <inheritdoc/>
    public override string Name => _whole.Name;

    /// <inheritdoc/>
    public override int Count => _indices.Length;

    /// <inheritdoc/>
    public override Shape InputShape => _whole.InputShape;

    /// <inheritdoc/>
    public override int ClassCount => _whole.ClassCount;

    /// <inheritdoc/>
    public override int TargetLength => _whole.TargetLength;

    internal override StoredNumber Number => _whole.Number;

    internal override bool IsWide => _whole.IsWide;

    internal override void ReadWide(int index, Span<double> raw) => _whole.ReadWide(_indices[index], raw);

    internal override void ReadWideTarget(int index, Span<double> target) => _whole.ReadWideTarget(_indices[index], target);

    internal override void ReadPrepared(int index, Preparation preparation, Span<float> prepared)
        => _whole.ReadPrepared(_indices[index], preparation, prepared);

    /// <inheritdoc/>
    public override void ReadInput(int index, Span<float> raw) => _whole.ReadInput(_indices[index], raw);

    /// <inheritdoc/>
    public override int Label(int index) => _whole.Label(_indices[index]);

    /// <inheritdoc/>
    public override int LabelLength => _whole.LabelLength;

    /// <inheritdoc/>
    public override void ReadLabels(int index, Span<int> labels) => _whole.ReadLabels(_indices[index], labels);

    /// <inheritdoc/>
    public override void ReadTarget(int index, Span<float> target) => _whole.ReadTarget(_indices[index], target);

    /// <inheritdoc/>
    public override int SourceRow(int index) => _whole.SourceRow(_indices[index]);
}
