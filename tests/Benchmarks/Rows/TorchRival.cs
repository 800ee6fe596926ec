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
        File.WriteAllBytes(path, ToSafeTensors(work));
        torch.Ask($"prepare {work.Workload.Id} {path}");
    }

    /// <summary>
    /// Everything that PyTorch needs to do the same work: weights, inputs, labels and, for tpsgd, the targets of the hidden layers,
    /// as a safetensors file.
    /// </summary>
    static byte[] ToSafeTensors(PreparedWorkload work)
    {
        var file = new SafeTensorsWriter();
        file.AddMetadata("workload", work.Workload.Id);
        foreach (var slice in work.Network.Parameters.Slices) file.Add(slice.Name, slice.Shape, work.Network.Parameters[slice]);
        file.Add("inputs", [work.Workload.Batch, work.Network.InputLength], work.Inputs);
        file.Add("labels", [work.Labels.Length], work.Labels);
        if (work.Workload.Rule is TargetProjectionSettings rule) AddTargets(file, work, rule);
        return file.ToArray();
    }

    // The rule's own targets: scale * sign of (seed, layer, class * units + unit).
    static void AddTargets(SafeTensorsWriter file, PreparedWorkload work, TargetProjectionSettings rule)
    {
        for (int i = 0; i < work.Network.Layers.Length - 1; i++)
        {
            string name = work.Network.Layers[i].Name + ".target";
            int units = work.Network.Layers[i].OutputLength;
            float[] targets = new float[work.Network.OutputLength * units];
            Noise.Add(rule.Targets, Noise.Key(work.Workload.Settings.Seed, Noise.TensorHash(name)), 0, rule.TargetScale, targets, targets);
            file.Add(name, [work.Network.OutputLength, units], targets);
        }
    }

    static double[] Outputs(TorchPeer torch, string folder, string id)
    {
        string path = Path.Combine(folder, "outputs.bin");
        torch.Ask($"output {id} {path}");
        return [.. MemoryMarshal.Cast<byte, float>(File.ReadAllBytes(path)).ToArray()];
    }
}
