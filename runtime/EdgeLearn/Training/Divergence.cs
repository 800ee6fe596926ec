using System.Globalization;
using System.Numerics.Tensors;

namespace EdgeLearn;

/// <summary>Where a run went wrong, found after the step that showed it.</summary>
/// <param name="Cause">what first went wrong</param>
/// <param name="Place">the tensor or layer; null where it is none</param>
/// <param name="LargestInput">largest magnitude among the prepared inputs of the batch that is finite</param>
public sealed record Divergence(DivergenceCause Cause, string? Place, float LargestInput)
{
    // Inputs that are standardised or scaled lie far below.
    const float LargeInput = 1000;

    /// <summary>Whether the inputs are so large that their preparation, not the rate, is the first thing to look at.</summary>
    public bool HasLargeInputs => Cause == DivergenceCause.Input || LargestInput >= LargeInput;

    /// <summary>One clause that says where.</summary>
    public override string ToString()
    {
        string what = Cause switch
        {
            DivergenceCause.Input => "an input is not finite once it is prepared",
            DivergenceCause.Weight => $"{Place} is the first tensor with a value that is not finite",
            DivergenceCause.Output => $"{Place} is the first layer whose outputs are not finite",
            _ => "no value is infinite yet",
        };
        return LargestInput >= LargeInput
            ? string.Create(CultureInfo.InvariantCulture, $"{what}, and inputs reach {LargestInput:G3}")
            : what;
    }

    /// <summary>
    /// Looks through the batch, the weights and the outputs of each layer, in the order in which one makes the next. Takes memory of its
    /// own, for one row.
    /// </summary>
    /// <param name="network">as the step left it</param>
    /// <param name="batch">of the step</param>
    internal static Divergence Find(Network network, in Batch batch)
    {
        float largest = 0;
        bool isFinite = true;
        for (int row = 0; row < batch.Count; row++)
        {
            foreach (float value in batch.Rows(row, 1).Inputs)
            {
                isFinite &= float.IsFinite(value);
                if (float.IsFinite(value)) largest = Math.Max(largest, Math.Abs(value));
            }
        }

        if (!isFinite) return new Divergence(DivergenceCause.Input, null, largest);
        if (network.Parameters.FindNotFinite() is { } slice) return new Divergence(DivergenceCause.Weight, slice.Name, largest);
        int layer = FindLayer(network, batch);
        return layer < 0
            ? new Divergence(DivergenceCause.Loss, null, largest)
            : new Divergence(DivergenceCause.Output, network.Layers[layer].Name, largest);
    }

    static int FindLayer(Network network, in Batch batch)
    {
        var plan = new MemoryPlan();
        var layers = new LayerBuffers(network, plan, 1, probed: false, LayerBuffers.Inference(0));
        using var workspace = new Workspace(plan);
        int found = -1;
        for (int row = 0; row < batch.Count; row++)
        {
            var one = batch.Rows(row, 1);
            for (int i = batch.FirstLayer; i < (found < 0 ? layers.Count : found); i++)
            {
                layers.Forward(i, one, ForwardMode.Evaluation);
                if (!TensorPrimitives.IsFiniteAll<float>(layers.Output(i, 1))) found = i;
            }
        }

        return found;
    }
}

/// <summary>What first went wrong where a loss ran away.</summary>
public enum DivergenceCause
{
    /// <summary>An input of the batch is not finite once it is prepared.</summary>
    Input,

    /// <summary>
    /// A weight is not finite: in a forward-only rule the first such tensor is that of the unit that ran away, since nothing crosses units.
    /// </summary>
    Weight,

    /// <summary>A layer makes values that are not finite from weights that are: they are too large.</summary>
    Output,

    /// <summary>All values are finite; the loss grew.</summary>
    Loss,
}
