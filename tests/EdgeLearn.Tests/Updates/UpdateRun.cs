namespace EdgeLearn.Tests;

/// <summary>
/// One update on tensors of the given shapes, fed with gradients that the test makes up; a matrix decays, a vector does not.
/// </summary>
sealed class UpdateRun : IDisposable
{
    readonly Workspace _workspace;

    public UpdateRun(UpdateRule update, params int[][] shapes)
    {
        Update = update;
        for (int i = 0; i < shapes.Length; i++)
        {
            Parameters.Add(shapes[i].Length > 1
                ? $"matrix{i}" : $"vector{i}", shapes[i], decay: shapes[i].Length > 1);
        }
        Parameters.Allocate();
        update.Plan(Parameters, Plan);
        _workspace = new Workspace(Plan);
    }

    public UpdateRule Update { get; }

    public ParameterSet Parameters { get; } = new();

    public MemoryPlan Plan { get; } = new();

    public Span<float> Weights => Parameters.Values;

    /// <summary>A run with weights drawn from a fixed seed.</summary>
    public UpdateRun Filled()
    {
        Values.Fill(Weights, 77);
        return this;
    }

    /// <summary>One step with a gradient for all weights, tensor after tensor, in panels of at most so many values.</summary>
    public void Step(long step, float rate, ReadOnlySpan<float> gradient, int panel = int.MaxValue)
    {
        Update.BeginStep(new StepClock(step, rate));
        foreach (var slice in Parameters.Slices)
        {
            for (int offset = 0; offset < slice.Length; offset += Math.Min(panel, slice.Length - offset))
            {
                Update.Accept(slice, offset, gradient.Slice(slice.Offset + offset, Math.Min(panel, slice.Length - offset)));
            }
        }
    }

    public void Dispose()
    {
        _workspace.Dispose();
        Parameters.Dispose();
    }
}
