using System.Runtime.InteropServices;
using EdgeLearn.Commands;

namespace EdgeLearn.Benchmarks;

/// <summary>PyTorch in one of its forms.</summary>
/// <param name="Name">as a report says it</param>
/// <param name="Form">of peers/torch_workloads.py</param>
/// <param name="Target">ratio to reach</param>
sealed record TorchRival(string Name, string Form, double? Target = null) : Rival(Name, Target, null)
{
    public override RivalEntry? Enter(BenchContext context, PreparedWorkload work, int checkedSteps)
    {
        if (context.Torch is not { } torch) return null;
        string id = work.Workload.Id;
        Prepare(torch, context.Folder, work);
        double[] result = work.Workload.Rule is null
            ? Outputs(torch, context.Folder, id)
            : [torch.AskNumber($"loss {id} {Form} {checkedSteps}")];
        return new RivalEntry(new TorchContender(torch, Name, id, Form), result);
    }

    /// <summary>Gives PyTorch our weights and our batch.</summary>
    public static void Prepare(TorchPeer torch, string folder, PreparedWorkload work)
    {
        string path = Path.Combine(folder, "numbers.safetensors");
        File.WriteAllBytes(path, work.ToSafeTensors());
        torch.Ask($"prepare {work.Workload.Id} {path}");
    }

    static double[] Outputs(TorchPeer torch, string folder, string id)
    {
        string path = Path.Combine(folder, "outputs.bin");
        torch.Ask($"output {id} {path}");
        return [.. MemoryMarshal.Cast<byte, float>(File.ReadAllBytes(path)).ToArray()];
    }
}
