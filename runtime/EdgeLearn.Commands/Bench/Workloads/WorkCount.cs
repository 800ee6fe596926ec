namespace EdgeLearn.Commands;

/// <summary>
/// What a step must compute and move at least: multiplications and additions of the matrix products (a forward pass 2 B nm a layer, a
/// weight gradient the same, an input gradient the same for all layers but the first, and for signals inside a layer), and weights read and
/// written. Activations, biases and the loss are not counted.
/// </summary>
/// <param name="Flop">floating-point operations, a multiply-add is two</param>
/// <param name="ReadBytes">bytes of weights that the forward pass reads, each once</param>
/// <param name="UpdateBytes">bytes of weights and update state that are read and written in place, each once</param>
public readonly record struct WorkCount(double Flop, double ReadBytes, double UpdateBytes)
{
    /// <summary>Counts a step.</summary>
    public static WorkCount Of(Workload workload)
    {
        using var network = new Network(workload.Spec, workload.Weights);
        double forward = 0, inner = 0, inputGradient = 0;
        for (int i = 0; i < network.Layers.Length; i++)
        {
            double flop = 2.0 * workload.Batch * network.Layers[i].MultiplyAdds,
                local = 2.0 * workload.Batch * network.Layers[i].InnerGradientMultiplyAdds;
            forward += flop;
            inner += local;
            if (i > 0) inputGradient += flop - local;
        }

        double weights = network.Parameters.Bytes, update = weights * (workload.Update is AdamSettings ? 6 : 2);
        return workload.Rule switch
        {
            null => new(workload.IsProbed ? 2 * forward : forward, weights, 0),
            ZerothOrderSettings => new(2 * forward, weights, update),
            TargetProjectionSettings => new(2 * forward + inner, weights, update),
            _ => new(2 * forward + inner + inputGradient, weights, update),
        };
    }
}
