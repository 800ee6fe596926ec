using EdgeLearn.Datasets;

namespace EdgeLearn.Commands;

/// <summary>What a model's last layer with weights reads of every sample, kept in memory: each runs through the model once.</summary>
/// <param name="Values">[Count x Length]</param>
/// <param name="Count">samples</param>
/// <param name="Length">features of a sample</param>
sealed record FewShotFeatures(float[] Values, int Count, int Length)
{
    const int Batch = 64;

    /// <summary>Bytes of all features.</summary>
    public long Bytes => (long)Values.Length * sizeof(float);

    /// <summary>The features of a sample.</summary>
    public ReadOnlySpan<float> this[int sample] => Values.AsSpan(sample * Length, Length);

    /// <summary>Refuses models without features to go by.</summary>
    /// <exception cref="EdgeLearnException">It has none; the message says why.</exception>
    public static void CheckModel(Model model, string path)
    {
        var network = model.Network;
        string? refusal = !network.Loss.IsClassification ? $"it has the loss {network.Loss.Name} and no classes"
            : network.Spec.LabelLength > 1 ? "it has a label for each step of a sequence"
            : !network.Layers[..network.Units[^1].Learner].Any(layer => layer.Slices.Count > 0)
                ? "it has one layer with weights, which reads the inputs themselves" : null;
        if (refusal is not null)
            throw new EdgeLearnException($"{path}: {refusal}: expected a model that classifies, with layers below its last one");
    }

    /// <summary>The class of every sample, those of a test file last.</summary>
    public static int[] LabelsOf(DataSplit data) => [.. Parts(data).SelectMany(part => part.Labels().ToArray())];

    /// <summary>Runs all samples through the model.</summary>
    /// <exception cref="EdgeLearnException">Inputs do not fit the model, or the features are too many.</exception>
    public static FewShotFeatures Of(Model model, DataSplit data)
    {
        var network = model.Network;
        int layers = network.Units[^1].Learner, length = network.Layers[layers - 1].OutputLength;
        long count = Parts(data).Sum(part => (long)part.Count);
        if (data.Train.InputLength != network.InputLength)
        {
            throw new EdgeLearnException($"{data.Name} has samples of {data.Train.InputLength} values ({data.InputShape}), the model takes "
                + $"{network.InputLength} ({network.Spec.Input})");
        }
        if (count * length > Array.MaxLength)
        {
            throw new EdgeLearnException($"{data.Name}: {count:N0} samples of {length:N0} features are {count * length * sizeof(float):N0} "
                + $"bytes, and all are kept in memory: give fewer samples");
        }
        float[] values = new float[count * length];
        var evaluator = new Evaluator(new NetworkForwardPass(network), network.Loss);
        var plan = new MemoryPlan();
        evaluator.Plan(plan, (int)Math.Min(Batch, count));
        using var workspace = new Workspace(plan);
        int begin = 0;
        foreach (var part in Parts(data))
        {
            for (int first = 0; first < part.Count; first += Batch)
            {
                int place = begin + first;
                evaluator.FeaturesOf(part, model.Preparation, first, Math.Min(Batch, part.Count - first), layers,
                    (row, features) => features.CopyTo(values.AsSpan((place + row) * length)));
            }

            begin += part.Count;
        }

        return new FewShotFeatures(values, (int)count, length);
    }

    static IEnumerable<Dataset> Parts(DataSplit data) => data.HasTest ? [data.Train, data.Test] : [data.Train];
}
