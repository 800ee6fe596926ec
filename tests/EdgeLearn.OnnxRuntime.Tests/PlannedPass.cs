namespace EdgeLearn.Tests;

/// <summary>A forward pass with its planned memory.</summary>
sealed class PlannedPass : IDisposable
{
    readonly Workspace _workspace;

    public PlannedPass(IForwardPass pass, int batch)
    {
        Pass = pass;
        var plan = new MemoryPlan();
        pass.Plan(plan, batch, probed: true, PlanTime.Step);
        _workspace = new Workspace(plan);
    }

    public IForwardPass Pass { get; }

    public float[] Outputs(float[] inputs)
    {
        int rows = inputs.Length / Pass.InputLength;
        float[] outputs = new float[rows * Pass.OutputLength];
        Pass.Outputs(new Batch(rows, inputs, new int[rows]), outputs);
        return outputs;
    }

    public double[] Losses(float[] inputs, int[] labels, params Probe[] probes)
    {
        double[] losses = new double[probes.Length];
        Pass.Losses(probes, new Batch(labels.Length, inputs, labels), Loss.SoftmaxCrossEntropy, losses);
        return losses;
    }

    public void Dispose()
    {
        (Pass as IDisposable)?.Dispose();
        _workspace.Dispose();
    }
}

/// <summary>Rows without meaning, the same at every run.</summary>
static class Rows
{
    public static float[] Inputs(int rows, int length, ulong seed = 1)
    {
        float[] inputs = new float[rows * length];
        for (int i = 0; i < inputs.Length; i++) inputs[i] = Noise.GaussianAt(seed, i);
        return inputs;
    }

    public static int[] Labels(int rows, int classes)
    {
        int[] labels = new int[rows];
        for (int i = 0; i < rows; i++) labels[i] = i * 7 % classes;
        return labels;
    }
}
