using System.Globalization;

namespace EdgeLearn.Commands;

/// <summary>
/// What <c>plan --json</c> prints. Buffers that never live at the same time share bytes, so categories add up to more than the total.
/// </summary>
public sealed record PlanResult
{
    /// <summary>The network in shorthand.</summary>
    public required string Network { get; init; }

    /// <summary>The learning rule of the categories.</summary>
    public required string Rule { get; init; }

    /// <summary>The update rule.</summary>
    public required string Update { get; init; }

    /// <summary>Samples of a step.</summary>
    public required int Batch { get; init; }

    /// <summary>Weights and integer tensors.</summary>
    public required long ParameterBytes { get; init; }

    /// <summary>Outputs of layers and what they keep for their gradient.</summary>
    public required long ActivationBytes { get; init; }

    /// <summary>Scratch of kernels.</summary>
    public required long PanelBytes { get; init; }

    /// <summary>What the update remembers between steps.</summary>
    public required long UpdateStateBytes { get; init; }

    /// <summary>The mini-batch.</summary>
    public required long BatchBytes { get; init; }

    /// <summary>Earlier samples, earlier weights and averages of weights.</summary>
    public required long PastBytes { get; init; }

    /// <summary>The one block that holds all of it but the weights.</summary>
    public required long WorkspaceBytes { get; init; }

    /// <summary>Weights and workspace.</summary>
    public required long TotalBytes { get; init; }

    /// <summary>What inference alone takes with the same batch.</summary>
    public required long InferenceBytes { get; init; }

    /// <summary>First to last.</summary>
    public required IReadOnlyList<LayerDescription> Layers { get; init; }

    /// <summary>Every rule with this update, those beside the chosen one with their default settings.</summary>
    public required IReadOnlyList<RulePlan> Rules { get; init; }

    /// <summary>Plans a network under all rules.</summary>
    public static PlanResult Of(NetworkSpec spec, TrainingSettings settings)
    {
        var plan = TrainingPlan.MemoryOf(spec, settings);
        using var network = new Network(spec, settings.Weights);
        settings.Train?.Freeze(network);
        long inference = TrainingPlan.MemoryOfInference(spec, settings.Batch, settings.Weights).TotalBytes;
        return new PlanResult
        {
            Network = spec.ToString(),
            Rule = settings.Rule.Word,
            Update = settings.Update.Word,
            Batch = settings.Batch,
            ParameterBytes = plan.BytesOf(MemoryCategory.Parameters),
            ActivationBytes = plan.BytesOf(MemoryCategory.Activations),
            PanelBytes = plan.BytesOf(MemoryCategory.Panels),
            UpdateStateBytes = plan.BytesOf(MemoryCategory.UpdateState),
            BatchBytes = plan.BytesOf(MemoryCategory.Batch),
            PastBytes = plan.BytesOf(MemoryCategory.Past),
            WorkspaceBytes = plan.WorkspaceBytes,
            TotalBytes = plan.TotalBytes,
            InferenceBytes = inference,
            Layers = LayerDescription.Of(network),
            Rules = [.. LearningRules.All.Select(rule =>
                RulePlan.Of(spec, rule.Word == settings.Rule.Word ? settings : settings with { Rule = rule }, inference))],
        };
    }

    /// <summary>Prints it for people.</summary>
    public void Write(TextWriter output)
    {
        output.WriteLine($"{Network}: {Rule} with {Update}, batch {Batch}");
        output.WriteLine();
        LayerDescription.Write(Layers, output);
        output.WriteLine();
        var categories = new TextTable("memory", "bytes");
        foreach (var (name, bytes) in ((string, long)[])[("parameters", ParameterBytes), ("activations", ActivationBytes),
            ("panels", PanelBytes), ("update state", UpdateStateBytes), ("batch", BatchBytes), ("past", PastBytes), ("total", TotalBytes)])
        {
            categories.Add(name, Bytes(bytes));
        }
        categories.Write(output);
        output.WriteLine("buffers that never live at the same time share bytes: the total can be less than the sum");
        output.WriteLine();
        var rules = new TextTable($"with {Update}", "bytes", "beside inference");
        rules.Add("inference", Bytes(InferenceBytes), "1.00 x");
        foreach (var rule in Rules)
        {
            rules.Add(rule.Rule, rule.TotalBytes is { } total ? Bytes(total) : "-",
                rule.BesideInference is { } ratio ? string.Create(CultureInfo.InvariantCulture, $"{ratio:F2} x") : "-");
        }
        rules.Write(output);
    }

    static string Bytes(long bytes) => bytes.ToString("N0", CultureInfo.InvariantCulture);
}

/// <summary>What one rule would take.</summary>
/// <param name="Rule">its word</param>
/// <param name="TotalBytes">weights and workspace; null where the rule does not fit the network</param>
/// <param name="BesideInference">as a multiple of inference</param>
/// <param name="Reason">why it does not fit</param>
public sealed record RulePlan(string Rule, long? TotalBytes, double? BesideInference, string? Reason)
{
    /// <summary>Plans one rule.</summary>
    public static RulePlan Of(NetworkSpec spec, TrainingSettings settings, long inferenceBytes)
    {
        try
        {
            long total = TrainingPlan.MemoryOf(spec, settings).TotalBytes;
            return new RulePlan(settings.Rule.Word, total, (double)total / inferenceBytes, null);
        }
        catch (EdgeLearnException e)
        {
            return new RulePlan(settings.Rule.Word, null, null, e.Message);
        }
    }
}
