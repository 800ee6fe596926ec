using EdgeLearn.OnnxRuntime;

namespace EdgeLearn.Tests;

/// <summary>A dense tanh network of the core and the same network as an ONNX model, its tensors under the same names.</summary>
static class DenseOnnx
{
    public static Network Network(string text, ulong seed = 7)
        => new Network(NetworkSpec.Parse(text, null, Loss.SoftmaxCrossEntropy)).Initialise(seed);

    /// <summary>Exports the network.</summary>
    /// <param name="network">dense layers, tanh below the last</param>
    /// <param name="rows">fixed rows of the input, or 0 for any number</param>
    /// <param name="irVersion">up to 3 initializers are inputs as well</param>
    /// <param name="gemm">one node per layer with the weights as they are; else MatMul and Add with transposed weights</param>
    /// <param name="encoding">of the weights</param>
    public static OnnxModel Export(Network network, long rows = 0, int irVersion = 8, bool gemm = true,
        Encoding32 encoding = Encoding32.Raw)
    {
        var nodes = new List<Message>();
        var tensors = new List<Message>();
        var inputs = new List<Message> { OnnxWriter.Value("x", rows, network.InputLength) };
        string x = "x";
        for (int i = 0; i < network.Layers.Length; i++)
        {
            var (weight, bias) = (network.Layers[i].Slices[0], network.Layers[i].Slices[1]);
            long outputs = weight.Shape[0], width = weight.Shape[1];
            long[] shape = gemm ? [outputs, width] : [width, outputs];
            float[] w = network.Parameters[weight].ToArray();
            tensors.Add(OnnxWriter.Tensor(weight.Name, shape, gemm ? w : Transpose(w, (int)outputs), encoding));
            tensors.Add(OnnxWriter.Tensor(bias.Name, [outputs], network.Parameters[bias].ToArray(), encoding));
            inputs.Add(OnnxWriter.Value(weight.Name, shape));
            inputs.Add(OnnxWriter.Value(bias.Name, outputs));
            bool isLast = i == network.Layers.Length - 1;
            string z = isLast ? "y" : $"z{i}";
            if (gemm)
            {
                nodes.Add(OnnxWriter.Node("Gemm", [x, weight.Name, bias.Name], z, ("transB", 1)));
            }
            else
            {
                nodes.Add(OnnxWriter.Node("MatMul", [x, weight.Name], $"p{i}"));
                nodes.Add(OnnxWriter.Node("Add", [$"p{i}", bias.Name], z));
            }

            if (!isLast) nodes.Add(OnnxWriter.Node("Tanh", [z], $"y{i}"));
            x = $"y{i}";
        }

        byte[] file =
            OnnxWriter.Model(irVersion, nodes, tensors, irVersion <= 3 ? inputs : inputs[..1],
            [OnnxWriter.Value("y", rows, network.OutputLength)]);
        return new OnnxModel(file, "net.onnx");
    }

    static float[] Transpose(float[] matrix, int rows)
    {
        int columns = matrix.Length / rows;
        float[] transposed = new float[matrix.Length];
        for (int i = 0; i < matrix.Length; i++) transposed[i % columns * rows + i / columns] = matrix[i];
        return transposed;
    }
}
