using System.Numerics.Tensors;
using System.Runtime.InteropServices;

namespace EdgeLearn;

/// <summary>
/// Samples that can be read by index: inputs as raw floats, and a class or real targets for each. Reading allocates nothing and may come
/// from several threads.
/// </summary>
public abstract class Dataset : IDisposable
{
    /// <summary>What the user calls it, for messages.</summary>
    public abstract string Name { get; }

    /// <summary>Samples, at least 1.</summary>
    public abstract int Count { get; }

    /// <summary>Shape of one input.</summary>
    public abstract Shape InputShape { get; }

    /// <summary>Values in one input.</summary>
    public int InputLength => InputShape.Length;

    /// <summary>Classes; 0 where samples have real targets instead.</summary>
    public abstract int ClassCount { get; }

    /// <summary>Real targets of a sample; 0 where samples have a class instead.</summary>
    public abstract int TargetLength { get; }

    /// <summary>Labels of a sample: 1, or one for each step of a sequence; 0 where samples have real targets instead.</summary>
    public virtual int LabelLength => ClassCount > 0 ? 1 : 0;

    /// <summary>Whether inputs have numbers that a float does not hold, so that they are prepared in double.</summary>
    internal virtual bool IsWide => false;

    /// <summary>How values of inputs are stored; any float where nothing else is known.</summary>
    internal virtual StoredNumber Number => StoredNumber.Float32;

    /// <summary>Reads one input as it is stored, without any preparation.</summary>
    /// <param name="index">0..Count-1</param>
    /// <param name="raw">[InputLength], written</param>
    /// <exception cref="EdgeLearnException">The file cannot be read any more.</exception>
    public abstract void ReadInput(int index, Span<float> raw);

    /// <summary>The class of a sample, 0..ClassCount-1; of a sequence that has a label for each step, the last.</summary>
    /// <exception cref="InvalidOperationException">Samples have real targets.</exception>
    public virtual int Label(int index) => throw new InvalidOperationException($"{Name} has no classes");

    /// <summary>Reads the labels of a sample.</summary>
    /// <param name="index">0..Count-1</param>
    /// <param name="labels">[LabelLength], written</param>
    public virtual void ReadLabels(int index, Span<int> labels) => labels.Fill(Label(index));

    /// <summary>Reads the real targets of a sample.</summary>
    /// <param name="index">0..Count-1</param>
    /// <param name="target">[TargetLength], written</param>
    /// <exception cref="InvalidOperationException">Samples have classes.</exception>
    public virtual void ReadTarget(int index, Span<float> target) => throw new InvalidOperationException($"{Name} has no real targets");

    /// <summary>Reads one input in the precision in which it is stored, finite; where <see cref="IsWide"/> says that it matters.</summary>
    /// <param name="index">0..Count-1</param>
    /// <param name="raw">[InputLength], written</param>
    /// <exception cref="EdgeLearnException">A value is not finite, or the file cannot be read any more.</exception>
    internal virtual void ReadWide(int index, Span<double> raw) => throw new InvalidOperationException($"{Name} has floats");

    /// <summary>Reads the real targets of a sample in the precision in which they are stored, finite.</summary>
    /// <param name="index">0..Count-1</param>
    /// <param name="target">[TargetLength], written</param>
    /// <exception cref="EdgeLearnException">A value is not finite, or the file cannot be read any more.</exception>
    internal virtual void ReadWideTarget(int index, Span<double> target)
    {
        var values = target.Length <= 64 ? stackalloc float[target.Length] : new float[target.Length];
        ReadFiniteTarget(index, values);
        for (int i = 0; i < values.Length; i++) target[i] = values[i];
    }

    /// <summary>Reads one input as the network takes it. Allocates nothing.</summary>
    /// <param name="index">0..Count-1</param>
    /// <param name="preparation">of the inputs</param>
    /// <param name="prepared">[InputLength], written</param>
    /// <exception cref="EdgeLearnException">A value is not finite, or the file cannot be read any more.</exception>
    internal virtual void ReadPrepared(int index, Preparation preparation, Span<float> prepared)
    {
        ReadFinite(index, prepared);
        preparation.Apply(prepared, prepared.Length);
    }

    /// <summary>The row of the file that a sample came from, counted from 0, for messages.</summary>
    public virtual int SourceRow(int index) => index;

    /// <summary>The class of every sample, in a new array.</summary>
    public int[] Labels() => [.. Enumerable.Range(0, Count).Select(Label)];

    /// <summary>Floats that answer one sample: its labels, as floats of the same bits, or its real targets.</summary>
    public int AnswerLength => LabelLength > 0 ? LabelLength : TargetLength;

    /// <summary>Reads the labels of a sample, as floats of the same bits, or its real targets.</summary>
    /// <param name="index">0..Count-1</param>
    /// <param name="answers">[AnswerLength], written</param>
    /// <exception cref="EdgeLearnException">A target is NaN or infinite; the message names the row.</exception>
    public void ReadAnswers(int index, Span<float> answers)
    {
        if (LabelLength > 0) ReadLabels(index, MemoryMarshal.Cast<float, int>(answers));
        else ReadFiniteTarget(index, answers);
    }

    /// <summary>Reads rows that follow each other, prepared, with their answers: for evaluation.</summary>
    /// <param name="first">the first sample</param>
    /// <param name="rows">how many</param>
    /// <param name="preparation">applied to every input</param>
    /// <param name="inputs">[rows x InputLength], written</param>
    /// <param name="answers">[rows x AnswerLength], written</param>
    /// <exception cref="EdgeLearnException">A value is not finite.</exception>
    public void ReadRows(int first, int rows, Preparation preparation, Span<float> inputs, Span<float> answers)
    {
        for (int i = 0; i < rows; i++)
        {
            ReadPrepared(first + i, preparation, inputs.Slice(i * InputLength, InputLength));
            ReadAnswers(first + i, answers.Slice(i * AnswerLength, AnswerLength));
        }
    }

    /// <summary>Reads one input and refuses it when a value is not a finite number.</summary>
    /// <exception cref="EdgeLearnException">A value is NaN or infinite; the message names row and column.</exception>
    public void ReadFinite(int index, Span<float> raw)
    {
        ReadInput(index, raw);
        if (!TensorPrimitives.IsFiniteAll<float>(raw)) throw NotFinite(index, raw);
    }

    /// <summary>Reads real targets and refuses them when a value is not a finite number.</summary>
    /// <exception cref="EdgeLearnException">A value is NaN or infinite; the message names the row.</exception>
    public void ReadFiniteTarget(int index, Span<float> target)
    {
        ReadTarget(index, target);
        if (!TensorPrimitives.IsFiniteAll<float>(target))
            throw new EdgeLearnException($"{Name}: a target of row {SourceRow(index)} is not a finite number; remove the row or mend it");
    }

    /// <summary>Frees what the set holds open.</summary>
    public void Dispose()
    {
        Dispose(disposing: true);
        GC.SuppressFinalize(this);
    }

    /// <summary>Frees what the set holds open.</summary>
    protected virtual void Dispose(bool disposing)
    {
    }

    EdgeLearnException NotFinite(int index, ReadOnlySpan<float> raw)
    {
        int column = 0;
        while (float.IsFinite(raw[column])) column++;
        string value = float.IsNaN(raw[column]) ? "NaN" : "infinite";
        return new($"{Name}: row {SourceRow(index)}, column {column} is {value} (counted from 0); remove the row or fill the value in");
    }
}
