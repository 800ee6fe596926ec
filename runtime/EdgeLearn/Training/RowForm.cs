namespace EdgeLearn;

/// <summary>
/// The form of rows that come one by one, for a plan that wants a set: there is nothing to be read.
/// </summary>
sealed class RowForm(NetworkSpec network) : Dataset
{
    public override string Name => "a stream";

    public override int Count => 1;

    public override Shape InputShape => network.Input;

    public override int ClassCount => network.Loss.IsClassification ? network.Loss.ClassesOf(network.ClassCount) : 0;

    public override int TargetLength => network.Loss.IsClassification ? 0 : network.OutputLength;

    public override int LabelLength => network.Loss.IsClassification ? network.LabelLength : 0;

    public override void ReadInput(int index, Span<float> raw) => throw new InvalidOperationException("rows of a stream come one by one");
}
