using EdgeLearn.Commands;

namespace EdgeLearn.Benchmarks;

/// <summary>ONNX Runtime on the model that PyTorch exports from our weights.</summary>
/// <param name="Target">ratio to reach</param>
sealed record OnnxRival(double? Target = null) : Rival("ONNX Runtime", Target, null)
{
    public override RivalEntry? Enter(BenchContext context, PreparedWorkload work, int checkedSteps)
    {
        if (context.Torch is not { } torch) return null;
        string path = Path.Combine(context.Folder, $"{work.Workload.Id}.onnx");
        TorchRival.Prepare(torch, context.Folder, work);
        torch.Ask($"export {work.Workload.Id} {path}");
        var contender = new OnnxContender(path, work.Workload.Batch, work.Inputs.ToArray(), work.Network.OutputLength);
        contender.Run(1);
        return new RivalEntry(contender, [.. contender.Outputs.ToArray()], end: contender.Dispose);
    }
}
