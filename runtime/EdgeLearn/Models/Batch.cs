using System.Runtime.InteropServices;

namespace EdgeLearn;

/// <summary>
/// One mini-batch, as spans over buffers that somebody else owns. The answers of a classification batch are labels, those of a regression
/// batch real targets; the other of the two is empty.
/// </summary>
public readonly ref struct Batch
{
    readonly ReadOnlySpan<float> _answers;

    /// <summary>A batch of a classification task.</summary>
    /// <param name="count">rows</param>
    /// <param name="inputs">[count x input length], prepared</param>
    /// <param name="labels">[count x labelLength], each in 0..classes-1</param>
    /// <param name="labelLength">labels of a row: 1, or one for each step of a sequence</param>
    public Batch(int count, ReadOnlySpan<float> inputs, ReadOnlySpan<int> labels, int labelLength = 1)
        : this(count, inputs, MemoryMarshal.Cast<int, float>(labels), labelLength)
    {
    }

    /// <summary>A batch of a regression task.</summary>
    /// <param name="count">rows</param>
    /// <param name="inputs">[count x input length], prepared</param>
    /// <param name="targets">[count x output length]</param>
    public Batch(int count, ReadOnlySpan<float> inputs, ReadOnlySpan<float> targets)
        : this(count, inputs, targets, 0)
    {
    }

    /// <summary>A batch of either kind.</summary>
    /// <param name="count">rows</param>
    /// <param name="inputs">[count x input length], prepared</param>
    /// <param name="answers">[at least count x answer length] targets, or labels as floats of the same bits</param>
    /// <param name="labelLength">labels of a row; 0 for targets</param>
    internal Batch(int count, ReadOnlySpan<float> inputs, ReadOnlySpan<float> answers, int labelLength)
    {
        Count = count;
        Inputs = inputs;
        LabelLength = labelLength;
        _answers = labelLength > 0 ? answers[..(count * labelLength)] : answers;
    }

    /// <summary>Rows.</summary>
    public int Count { get; }

    /// <summary>Rows of the step's batch, over which means are taken and of which this may be a part; by default all are here.</summary>
    internal int StepCount { get => field == 0 ? Count : field; init; }

    /// <summary>Rows of the step's batch before the first of these.</summary>
    internal int FirstRow { get; init; }

    /// <summary>The layer whose inputs these are: 0, or the first behind a frozen body whose outputs are known already.</summary>
    public int FirstLayer { get; init; }

    /// <summary>[count x input length], prepared.</summary>
    public ReadOnlySpan<float> Inputs { get; }

    /// <summary>Labels of a row; 0 in a regression.</summary>
    public int LabelLength { get; }

    /// <summary>[count x label length] class indices, or empty.</summary>
    public ReadOnlySpan<int> Labels => LabelLength > 0 ? MemoryMarshal.Cast<float, int>(_answers) : default;

    /// <summary>[count x output length] real targets, or empty.</summary>
    public ReadOnlySpan<float> Targets => LabelLength > 0 ? default : _answers;

    /// <summary>The same answers to other inputs: what a network above a unit reads.</summary>
    internal Batch Above(ReadOnlySpan<float> outputs)
        => new(Count, outputs, _answers, LabelLength) { StepCount = StepCount, FirstRow = FirstRow };

    /// <summary>Reads the inputs of rows as they are asked for, so that <see cref="Inputs"/> are empty; null = they are there.</summary>
    internal IInputRows? Source { get; init; }

    /// <summary>Some of the rows, as a part of the step's batch.</summary>
    /// <param name="first">row of this batch</param>
    /// <param name="count">rows</param>
    /// <param name="readsInputs">whether inputs that are not there have to be read</param>
    internal Batch Rows(int first, int count, bool readsInputs = true)
    {
        int values = Inputs.Length / Count, answers = LabelLength > 0 ? LabelLength : _answers.Length / Count;
        var inputs = Source is null ? Inputs.Slice(first * values, count * values) : readsInputs ? Source.Read(first, count) : default;
        return new Batch(count, inputs, _answers.Slice(first * answers, count * answers), LabelLength)
        {
            FirstLayer = FirstLayer,
            StepCount = StepCount,
            FirstRow = FirstRow + first,
        };
    }
}

/// <summary>What a rule and an update know of time.</summary>
/// <param name="Step">steps done before this one, from 0</param>
/// <param name="Rate">learning rate of this step, after the schedule</param>
/// <param name="Seed">of the run's random layers</param>
public readonly record struct StepClock(long Step, float Rate, ulong Seed = 0)
{
    /// <summary>
    /// Whether layers run as in an evaluation, although gradients are taken: random layers off, running statistics used and left alone.
    /// </summary>
    public bool Evaluates { get; init; }
}

/// <summary>Whoever can read the inputs of a batch again, some rows at a time.</summary>
interface IInputRows
{
    /// <summary>The inputs of some rows, prepared, until the next call.</summary>
    ReadOnlySpan<float> Read(int first, int count);
}
