namespace EdgeLearn;

/// <summary>Inputs in one array file, classes in memory or real targets in another file. Owns the files.</summary>
sealed class ArrayDataset : Dataset
{
    readonly ArrayFile _inputs;
    readonly LabelList? _labels;
    readonly ArrayFile? _targets;

    /// <summary>A classification set.</summary>
    /// <param name="inputs">one item a sample</param>
    /// <param name="labels">one a sample</param>
    /// <param name="classCount">0 for the largest label plus one; more where other parts of the set have more classes</param>
    /// <param name="shape">another shape of the same length for the inputs; null takes the file's</param>
    /// <exception cref="EdgeLearnException">The counts differ, a label is out of range, or the shape does not fit.</exception>
    public ArrayDataset(ArrayFile inputs, LabelList labels, int classCount = 0, Shape? shape = null)
    {
        CheckCount(inputs, labels.Count, "labels");
        if (classCount != 0 && labels.ClassCount > classCount)
        {
            throw new EdgeLearnException($"{inputs.Name} has a label {labels.ClassCount - 1}; with {classCount} classes the largest "
                + $"is {classCount - 1}");
        }
        _inputs = inputs;
        _labels = labels;
        ClassCount = classCount == 0 ? labels.ClassCount : classCount;
        InputShape = ShapeOf(inputs, shape);
    }

    /// <summary>A regression set.</summary>
    /// <param name="inputs">one item a sample</param>
    /// <param name="targets">one item a sample</param>
    /// <param name="shape">another shape of the same length for the inputs; null takes the file's</param>
    /// <exception cref="EdgeLearnException">The counts differ, or the shape does not fit.</exception>
    public ArrayDataset(ArrayFile inputs, ArrayFile targets, Shape? shape = null)
    {
        CheckCount(inputs, targets.Count, "targets");
        _inputs = inputs;
        _targets = targets;
        InputShape = ShapeOf(inputs, shape);
    }

    /// <summary>Inputs alone, to be answered.</summary>
    /// <param name="inputs">one item a sample</param>
    /// <param name="shape">another shape of the same length for the inputs; null takes the file's</param>
    /// <exception cref="EdgeLearnException">The shape does not fit.</exception>
    public ArrayDataset(ArrayFile inputs, Shape? shape)
    {
        _inputs = inputs;
        InputShape = ShapeOf(inputs, shape);
    }

    public override string Name => _inputs.Name;

    public override int Count => _inputs.Count;

    public override Shape InputShape { get; }

    public override int ClassCount { get; }

    public override int TargetLength => _targets?.Header.Item.Length ?? 0;

    // Numbers that hold the values exactly, of the kinds that replay knows.
    internal override StoredNumber Number => _inputs.Header.Number switch
    {
        StoredNumber.Boolean => StoredNumber.UInt8,
        StoredNumber.UInt16 or StoredNumber.Float16 => StoredNumber.Float32,
        var number => number,
    };

    public override void ReadInput(int index, Span<float> raw) => _inputs.Read(index, raw);

    public override int Label(int index) => _labels is not null ? _labels[index] : base.Label(index);

    public override void ReadTarget(int index, Span<float> target)
    {
        if (_targets is null) base.ReadTarget(index, target);
        else _targets.Read(index, target);
    }

    protected override void Dispose(bool disposing)
    {
        _inputs.Dispose();
        _targets?.Dispose();
        base.Dispose(disposing);
    }

    static void CheckCount(ArrayFile inputs, int count, string what)
    {
        if (count != inputs.Count)
        {
            throw new EdgeLearnException($"{inputs.Name} has {inputs.Count} inputs, but there are {count} {what}; both files must list "
                + $"the same samples");
        }
    }

    static Shape ShapeOf(ArrayFile inputs, Shape? shape)
    {
        var stored = inputs.Header.Item;
        if (shape is not { } given) return stored;
        if (given.Length != stored.Length)
            throw new EdgeLearnException($"{inputs.Name} has inputs of {stored.Length} values; the input shape {given} has {given.Length}");
        return given;
    }
}
