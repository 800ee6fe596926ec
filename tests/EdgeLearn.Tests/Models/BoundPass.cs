namespace EdgeLearn.Tests;

/// <summary>The forward pass of a network with a workspace of exactly what it plans.</summary>
sealed class BoundPass : IDisposable
{
    readonly Workspace _workspace;
    readonly Network _network;

    public BoundPass(Network network, int batch, bool isProbed = false)
    {
        _network = network;
        Pass = new NetworkForwardPass(network, sharesRead: isProbed);
        var plan = new MemoryPlan();
        Pass.Plan(plan, batch, isProbed, PlanTime.Step);
        _workspace = new Workspace(plan);
    }

    public NetworkForwardPass Pass { get; }

    public float[] Outputs(in Batch batch)
    {
        float[] outputs = new float[batch.Count * _network.OutputLength];
        Pass.Outputs(batch, outputs);
        return outputs;
    }

    public void Dispose() => _workspace.Dispose();
}
